// @ts-check
// Renders an element again when one of the named topics of the store changes.
/** @import { Topic } from "../log/store.js" */
/** @import { ChatElement } from "./element.js" */

export class Watch {
  /**
   * @param {ChatElement} host
   * @param {...Topic} names
   */
  constructor(host, ...names) {
    this.host = host;
    this.names = new Set(names);
    host.addController(this);
  }

  hostConnected() {
    this.stop = this.host.chat.store.subscribe((what) => this.names.has(what) && this.host.requestUpdate());
  }

  hostDisconnected() {
    this.stop?.();
  }
}
