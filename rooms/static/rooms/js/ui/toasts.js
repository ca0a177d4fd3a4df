import { LitElement, html, nothing, repeat } from "../../vendor/lit.js";
import { gettext } from "./i18n.js";
import { icons } from "./icons.js";

class ChatToasts extends LitElement {
  static properties = { toasts: { state: true } };

  constructor() {
    super();
    this.toasts = [];
    this.last = 0;
  }

  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "status");
  }

  show({ text, action = null, onAction = null, seconds = 5, tone = "" }) {
    const id = ++this.last;
    this.toasts = [...this.toasts, { id, text, action, onAction, tone }];
    setTimeout(() => this.close(id), seconds * 1000);
  }

  close(id) {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  render() {
    return repeat(
      this.toasts,
      (toast) => toast.id,
      (toast) => html`
        <div class="toast ${toast.tone ? `toast--${toast.tone}` : ""}">
          <span class="toast__text">${toast.text}</span>
          ${toast.action
            ? html`<button type="button" class="toast__action" @click=${() => { toast.onAction(); this.close(toast.id); }}>${toast.action}</button>`
            : nothing}
          <button type="button" class="icon-button icon-button--small toast__close" aria-label=${gettext("Close")} @click=${() => this.close(toast.id)}>${icons.close}</button>
        </div>
      `,
    );
  }
}

customElements.define("chat-toasts", ChatToasts);
