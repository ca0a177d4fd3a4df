// @ts-check
// What the dialogs have in common: a native <dialog>, a heading, a close button, one request at a time.
import { html, nothing } from "../../vendor/lit.js";
import { ChatElement } from "./element.js";
import { ApiError } from "../api.js";
import { gettext } from "./i18n.js";
import { icons } from "./icons.js";
import { sentenceOf } from "../log/refusals.js";
import { Refusal } from "../log/store.js";

export class ChatDialog extends ChatElement {
  static properties = {
    isOpen: { state: true },
    busy: { state: true },
    detail: { state: true }, // what went wrong, for the whole form
    errors: { state: true }, // what went wrong, by field
  };

  constructor() {
    super();
    this.isOpen = false;
    this.busy = false;
    this.detail = "";
    /** @type {Record<string, string[]>} */
    this.errors = {};
  }

  get dialog() {
    return this.find("dialog");
  }

  async show() {
    this.isOpen = true;
    this.detail = "";
    this.errors = {};
    await this.updateComplete;
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.querySelector("[autofocus]")?.focus();
  }

  close() {
    this.dialog?.close();
  }

  closed() {
    this.isOpen = false;
    // Chromium gives the focus back to a text field while it is still inert: it then takes no text until it is focused again.
    const field = /** @type {HTMLElement} */ (document.activeElement);
    field.blur();
    field.focus({ preventScroll: true });
    this.dispatchEvent(new CustomEvent("dialog-closed", { bubbles: true }));
  }

  /** Runs a request; while it runs the dialog's controls are locked, and what went wrong is shown in it. */
  async run(request) {
    if (this.busy) return null;
    this.busy = true;
    this.detail = "";
    this.errors = {};
    try {
      return (await request()) ?? true;
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof Refusal)) throw error;
      this.errors = error instanceof ApiError ? error.errors : {};
      this.detail = Object.keys(this.errors).length && !this.errors.__all__ ? "" : this.errors.__all__?.[0] ?? sentenceOf(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  fieldErrors(name) {
    const sentences = this.errors[name];
    return sentences ? html`<ul class="errors" id="error-${name}">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>` : nothing;
  }

  frame(title, content, className = "") {
    if (!this.isOpen) return nothing;
    return html`
      <dialog class="dialog ${className}" aria-labelledby="${this.localName}-title" @close=${this.closed}
        @pointerdown=${(event) => (this.pressedOutside = event.target === this.dialog)}
        @click=${(event) => event.target === this.dialog && this.pressedOutside && this.close()}>
        <div class="dialog__inner">
          <header class="dialog__header">
            <h2 id="${this.localName}-title">${title}</h2>
            <button type="button" class="icon-button" aria-label=${gettext("Close")} @click=${this.close}>${icons.close}</button>
          </header>
          <div class="dialog__body">
            ${this.detail ? html`<p class="notice notice--danger" role="alert">${this.detail}</p>` : nothing}
            ${content}
          </div>
        </div>
      </dialog>
    `;
  }
}
