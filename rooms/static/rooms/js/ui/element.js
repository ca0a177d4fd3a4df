// @ts-check
import { LitElement } from "../../vendor/lit.js";

/** @import { Chat } from "../chat.js" */

/** For a property that is set before the first render. @type {any} */
export const later = undefined;

/** An element of the chat. Renders into the page itself, without shadow DOM. */
export class ChatElement extends LitElement {
  /** Set by the creator of the element. @type {Chat} */
  chat = later;

  createRenderRoot() {
    return this;
  }

  /**
   * The element inside this one that matches the selector, which must exist.
   * @param {string} selector
   * @returns {any}
   */
  find(selector) {
    return this.querySelector(selector);
  }
}
