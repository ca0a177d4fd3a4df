// @ts-check
import { html, nothing } from "../../vendor/lit.js";
import { ChatElement, later } from "../ui/element.js";
import { loadDraft, saveDraft } from "../log/drafts.js";
import { commandIn } from "./commands.js";
import { Enter, fit } from "./enter.js";
import { excerpt } from "./excerpt.js";
import { gettext, interpolate } from "../ui/i18n.js";
import { icons } from "../ui/icons.js";
import { nameOf, roomName, typingSentence } from "../ui/people.js";
import { completers, composerActions } from "../parts.js";
import { Watch } from "../ui/watch.js";

/** @import { Room } from "../log/store.js" */
/** @import { Completer, Completion } from "../parts.js" */

// The server takes no more (protocol: 1 to 16,384 bytes of UTF-8).
const BODY_BYTES = 16_384;
// A typing mark lasts 5 s: one every 3 s keeps it alive.
const TYPING_EVERY_MS = 3000;
const QUOTE_LENGTH = 140;
// A placeholder is cut off without an ellipsis.
const PLACEHOLDER_NAME = 40;

class ChatComposer extends ChatElement {
  static properties = {
    room: { attribute: false },
    replyTo: { state: true },
    error: { state: true },
    empty: { state: true },
    suggestions: { state: true },
    chosen: { state: true },
  };

  constructor() {
    super();
    /** @type {Room} */
    this.room = later;
    this.enter = new Enter(() => (this.completable ? this.complete(this.suggestions[this.chosen]) : this.send()));
    this.replyTo = null;
    this.error = "";
    this.empty = true;
    /** @type {Completion[]} */
    this.suggestions = [];
    this.chosen = 0;
    /** Whose suggestions these are. @type {Completer | null} */
    this.completer = null;
    this.typedAt = 0;
    new Watch(this, "typing", "rooms");
  }

  get field() {
    return this.find(".composer__field");
  }

  updated(changed) {
    if (changed.has("room") && changed.get("room")?.id !== this.room.id) this.open();
  }

  open() {
    const { body, replyTo } = loadDraft(this.chat.me.id, this.room.id);
    this.replyTo = replyTo;
    this.error = "";
    this.suggestions = [];
    this.typedAt = 0;
    if (!this.field) return;
    this.field.value = body;
    this.empty = !body.trim();
    fit(this.field);
    // On a touch screen a focus would open the keyboard over what one came to read.
    if (matchMedia("(hover: hover)").matches && !document.querySelector("dialog[open]")) this.field.focus({ preventScroll: true });
  }

  reply(message) {
    const { id, seq, author, body, deleted } = message;
    this.replyTo = { id, seq, author, body: body.slice(0, 200), deleted };
    this.save();
    this.field?.focus();
  }

  stopReplying() {
    this.replyTo = null;
    this.save();
    this.field?.focus();
  }

  save() {
    saveDraft(this.chat.me.id, this.room.id, { body: this.field.value, replyTo: this.replyTo });
  }

  input() {
    this.error = "";
    this.empty = !this.field.value.trim();
    fit(this.field);
    this.save();
    this.suggest();
    if (!this.empty && Date.now() - this.typedAt > TYPING_EVERY_MS) {
      this.typedAt = Date.now();
      this.chat.socket.send({ type: "typing", room: this.room.id });
    }
  }

  send() {
    const body = this.field.value.trim();
    if (!body) return;
    const bytes = new TextEncoder().encode(body).length;
    if (bytes > BODY_BYTES) {
      this.error = gettext("This message is too long. Send it in several parts.");
      return;
    }
    const command = commandIn(body);
    if (command) return void this.run(...command);
    this.chat.outbox.add({ room: this.room.id, body: body.toWellFormed?.() ?? body, replyTo: this.replyTo?.id ?? null });
    this.replyTo = null;
    this.clear();
    this.field.focus();
    this.dispatchEvent(new CustomEvent("sent", { bubbles: true }));
  }

  clear() {
    this.field.value = "";
    this.input();
    this.typedAt = 0;
  }

  async run(command, rest) {
    const { chat, room } = this;
    const { value } = this.field;
    this.suggestions = [];
    const done = await command.run(rest, { chat, room });
    if (done !== null && this.room === room && this.field.value === value) this.clear();
  }

  keydown(event) {
    if (this.suggestions.length && !event.isComposing) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        this.chosen = (this.chosen + step + this.suggestions.length) % this.suggestions.length;
        return;
      }
      if (event.key === "Tab") {
        event.preventDefault();
        this.complete(this.suggestions[this.chosen]);
        return;
      }
      if (event.key === "Escape") {
        this.suggestions = [];
        return;
      }
    }
    if (event.key === "Escape" && this.replyTo && !event.isComposing) this.stopReplying();
    else if (event.key === "ArrowUp" && !this.field.value && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.dispatchEvent(new CustomEvent("edit-last", { bubbles: true }));
    } else this.enter.keydown(event);
  }

  // ── Completing ──

  /**
   * The word before the cursor that a completer may complete.
   * @returns {[Completer, string] | null}
   */
  get completing() {
    const { value, selectionStart, selectionEnd } = this.field;
    if (selectionStart !== selectionEnd) return null;
    for (const completer of completers) {
      const found = completer.pattern.exec(value.slice(0, selectionStart));
      if (found) return [completer, found[1]];
    }
    return null;
  }

  /** Whether Enter completes the word; one that is typed out already is sent as it is. */
  get completable() {
    const suggestion = this.suggestions[this.chosen];
    return suggestion && this.completing?.[1].toLocaleLowerCase() !== suggestion.text.toLocaleLowerCase();
  }

  async suggest() {
    const { completing } = this;
    if (!completing) {
      this.suggestions = [];
      return;
    }
    const [completer, word] = completing;
    const suggestions = await completer.find(word, { chat: this.chat, room: this.room });
    if (this.completing?.[0] !== completer || this.completing[1] !== word) return; // somebody typed on
    this.completer = completer;
    this.suggestions = suggestions;
    this.chosen = 0;
  }

  complete({ text }) {
    const { completing, field } = this;
    this.suggestions = [];
    if (!completing) return;
    const from = field.selectionStart - completing[1].length;
    field.setRangeText(`${text} `, from, field.selectionStart, "end");
    this.input();
    field.focus();
  }

  // ── Rendering ──

  render() {
    if (this.room.archived) {
      return html`<p class="composer__closed">${icons.archive}<span>${gettext("This room is archived. It can be read, but nothing can be written or changed in it.")}</span></p>`;
    }
    const { enter, suggestions } = this;
    const name = roomName(this.room);
    const short = name.length > PLACEHOLDER_NAME ? `${name.slice(0, PLACEHOLDER_NAME)}…` : name;
    const label = interpolate(gettext("Message %(room)s"), { room: short });
    return html`
      ${this.suggestionList()}
      <form class="composer__box" @submit=${(event) => { event.preventDefault(); this.send(); }} data-lock="no">
        ${this.replyTo ? this.replying() : nothing}
        <div class="composer__row">
          <textarea class="composer__field" rows="1" placeholder=${label} aria-label=${label} enterkeyhint="send" autocomplete="off" dir="auto"
            aria-autocomplete="list" aria-controls=${suggestions.length ? "suggestions" : nothing} aria-activedescendant=${suggestions.length ? `suggestion-${this.chosen}` : nothing}
            @input=${this.input} @keydown=${this.keydown} @beforeinput=${(event) => enter.beforeinput(event)}
            @compositionupdate=${(event) => enter.compositionupdate(event)} @compositionend=${() => enter.compositionend()}
            @blur=${() => enter.blur()}></textarea>
          ${this.actions()}
          <button class="icon-button composer__send" aria-label=${gettext("Send")} title=${gettext("Send")} aria-disabled=${this.empty}>${icons.send}</button>
        </div>
      </form>
      ${this.error ? html`<p class="errors composer__error" role="alert">${this.error}</p>` : nothing}
      <p class="composer__typing" aria-live="polite">${this.typing()}</p>
    `;
  }

  replying() {
    return html`
      <div class="composer__reply">
        ${icons.reply}
        <span class="composer__quote">
          <strong>${interpolate(gettext("Replying to %(name)s"), { name: nameOf(this.replyTo.author) })}</strong>
          <span>${excerpt(this.replyTo.body, QUOTE_LENGTH)}</span>
        </span>
        <button type="button" class="icon-button icon-button--small" aria-label=${gettext("Cancel reply")} @click=${this.stopReplying}>${icons.close}</button>
      </div>
    `;
  }

  suggestionList() {
    if (!this.suggestions.length) return nothing;
    return html`
      <ul class="suggestions" id="suggestions" role="listbox" aria-label=${this.completer?.label}>
        ${this.suggestions.map((suggestion, index) => html`
          <li class="suggestion ${index === this.chosen ? "suggestion--chosen" : ""}" id="suggestion-${index}" role="option" aria-selected=${index === this.chosen}
            @pointerdown=${(event) => { event.preventDefault(); this.complete(suggestion); }}>
            <span class="suggestion__name">${suggestion.name}</span>${suggestion.note ? html` <span class="suggestion__handle">${suggestion.note}</span>` : nothing}
          </li>
        `)}
      </ul>
    `;
  }

  actions() {
    const context = { chat: this.chat, room: this.room };
    return composerActions
      .filter(({ offered }) => offered?.(context) ?? true)
      .map(({ icon, label, run }) => html`<button type="button" class="icon-button" aria-label=${label} title=${label} @click=${() => run(context)}>${icon}</button>`);
  }

  typing() {
    const people = [...(this.chat.store.typists.get(this.room.id)?.values() ?? [])].map(({ person }) => person);
    return people.length ? html`<span class="typing-dots" aria-hidden="true"><i></i><i></i><i></i></span>${typingSentence(people)}` : nothing;
  }
}

customElements.define("chat-composer", ChatComposer);
