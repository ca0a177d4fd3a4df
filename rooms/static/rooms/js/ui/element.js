// @ts-check
import { LitElement } from "../../vendor/lit.js";

/** @import { Chat } from "../chat.js" */

/** For a property that is set before the element is first drawn. @type {any} */
export const later = undefined;

/** An element of the chat. It is drawn into the page itself, whose styles are its own. */
export class ChatElement extends LitElement {
  /** Whoever makes the element sets it. @type {Chat} */
  chat = later;

  createRenderRoot() {
    return this;
  }

  /**
   * The element in here that the selector names, where it is known to be there.
   * @param {string} selector
   * @returns {any}
   */
  find(selector) {
    return this.querySelector(selector);
  }
}
