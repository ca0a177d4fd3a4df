// @ts-check
import { sentenceOf } from "../log/refusals.js";

/** @import { Chat } from "../chat.js" */

/** Opens dialogs. Loads a dialog's module when first opened; its element then stays in the page. */
export class Dialogs {
  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    /** The parent of the elements; chat-app sets it. @type {HTMLElement} */
    this.host = document.body;
  }

  /**
   * Calls `show(options)` of the element `name`, which `load` defines. Resolves with its result, or with
   * null if the module could not be loaded.
   * @param {string} name
   * @param {() => Promise<unknown>} load
   * @param {unknown} [options]
   * @returns {Promise<any>}
   */
  async open(name, load, options) {
    try {
      await load();
    } catch {
      this.chat.toasts.show({ text: sentenceOf({ code: "offline" }), tone: "danger" });
      return null;
    }
    /** @type {any} */
    let element = this.host.querySelector(name);
    if (!element) {
      element = document.createElement(name);
      element.chat = this.chat;
      this.host.append(element);
      await element.updateComplete;
    }
    return element.show(options);
  }

  /** Closes all dialogs after navigation. */
  close() {
    for (const dialog of this.host.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (dialog).close();
  }
}
