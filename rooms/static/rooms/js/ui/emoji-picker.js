// @ts-check
import { html } from "../../vendor/lit.js";
import { ChatElement } from "./element.js";
import { gettext } from "./i18n.js";

const EMOJI = [
  "👍", "👎", "❤️", "😂", "🎉", "🙏", "👀", "✅",
  "😊", "😍", "🤔", "😮", "😢", "😅", "🔥", "🚀",
  "💯", "👏", "🙌", "💪", "☕", "⭐", "❓", "❌",
];
const COLUMNS = 8;
const MARGIN = 8;
const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

class ChatEmojiPicker extends ChatElement {
  get dialog() {
    return this.find("dialog");
  }

  /** Opens next to the button. Resolves with an emoji, or null if it was closed without one. */
  show(button) {
    const place = button.getBoundingClientRect();
    this.dialog.showModal();
    const { width, height } = this.dialog.getBoundingClientRect();
    const above = place.top - height - MARGIN;
    this.dialog.style.left = `${Math.max(MARGIN, Math.min(place.right - width, innerWidth - width - MARGIN))}px`;
    this.dialog.style.top = `${above > MARGIN ? above : Math.min(place.bottom + MARGIN, innerHeight - height - MARGIN)}px`;
    this.find(".picker__emoji").focus();
    return new Promise((resolve) => {
      this.dialog.addEventListener("close", () => resolve(this.dialog.returnValue || null), { once: true });
    });
  }

  move(event) {
    const buttons = /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".picker__emoji")]);
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    buttons[buttons.indexOf(event.target) + step]?.focus();
  }

  render() {
    return html`
      <dialog class="picker" aria-label=${gettext("Choose a reaction")} @keydown=${this.move} @cancel=${() => (this.dialog.returnValue = "")}
        @click=${(event) => event.target === this.dialog && this.dialog.close("")}>
        <div class="picker__grid">
          ${EMOJI.map((emoji) => html`<button type="button" class="picker__emoji" @click=${() => this.dialog.close(emoji)}>${emoji}</button>`)}
        </div>
      </dialog>
    `;
  }
}

customElements.define("chat-emoji-picker", ChatEmojiPicker);
