// @ts-check
import { html, nothing, repeat } from "../../vendor/lit.js";
import { ChatElement } from "./element.js";
import { gettext } from "./i18n.js";
import { icons } from "./icons.js";

/**
 * @typedef {object} Toast
 * @property {string} text
 * @property {string | null} [action] The label of a button.
 * @property {(() => void) | null} [onAction]
 * @property {number} [seconds]
 * @property {"" | "danger"} [tone]
 */

/** The visible notices. */
export class Toasts extends EventTarget {
  constructor() {
    super();
    /** @type {(Toast & {id: number})[]} */
    this.shown = [];
    this.last = 0;
  }

  /** @param {Toast} toast */
  show(toast) {
    const id = ++this.last;
    this.shown = [...this.shown, { ...toast, id }];
    setTimeout(() => this.close(id), (toast.seconds ?? 5) * 1000);
    this.dispatchEvent(new Event("change"));
  }

  /** @param {number} id */
  close(id) {
    this.shown = this.shown.filter((toast) => toast.id !== id);
    this.dispatchEvent(new Event("change"));
  }
}

class ChatToasts extends ChatElement {
  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "status");
    this.chat.toasts.addEventListener("change", () => this.requestUpdate());
  }

  render() {
    const { toasts } = this.chat;
    return repeat(
      toasts.shown,
      (toast) => toast.id,
      (toast) => html`
        <div class="toast ${toast.tone ? `toast--${toast.tone}` : ""}">
          <span class="toast__text">${toast.text}</span>
          ${toast.action
            ? html`<button type="button" class="toast__action" @click=${() => { toast.onAction?.(); toasts.close(toast.id); }}>${toast.action}</button>`
            : nothing}
          <button type="button" class="icon-button icon-button--small toast__close" aria-label=${gettext("Close")} @click=${() => toasts.close(toast.id)}>${icons.close}</button>
        </div>
      `,
    );
  }
}

customElements.define("chat-toasts", ChatToasts);
