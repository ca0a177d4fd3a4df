// @ts-check
import { html, nothing, unsafeHTML } from "../../vendor/lit.js";
import { ChatElement, later } from "../ui/element.js";
import { messageUrl } from "../api.js";
import { Enter, fit } from "./enter.js";
import { excerpt } from "./excerpt.js";
import { formatMoment, formatTime, gettext, interpolate } from "../ui/i18n.js";
import { icons } from "../ui/icons.js";
import { avatar, nameOf } from "../ui/people.js";
import { sentenceOf } from "../log/refusals.js";
import { messageActions, parts } from "../parts.js";
import { pickReaction } from "./reactions.js";

/** @import { Person } from "../log/frames.js" */
/** @import { Entry } from "../log/outbox.js" */
/** @import { Message, Refusal, Room } from "../log/store.js" */
/** @import { MessageAction, MessageContext } from "../parts.js" */

const QUOTE_LENGTH = 140;

// In display order; actions of capabilities come before the last one.
/** @type {(MessageAction & {run: (context: any, event: Event) => void, offered: (context: any) => boolean})[]} */
const ACTIONS = [
  { icon: icons.react, label: gettext("Add reaction"), key: "+", offered: ({ archived }) => !archived, run: pickReaction },
  { icon: icons.reply, label: gettext("Reply"), key: "r", offered: ({ archived }) => !archived, run: ({ row }) => row.reply() },
  { icon: icons.edit, label: gettext("Edit"), key: "e", offered: ({ row }) => row.mayEdit, run: ({ row }) => row.edit() },
  { icon: icons.link, label: gettext("Copy link"), offered: () => true, run: ({ row }) => row.copyLink() },
];
/** @type {(typeof ACTIONS)[0]} */
const DELETE = { icon: icons.trash, label: gettext("Delete"), key: "Delete", className: "icon-button--danger", offered: ({ row }) => row.mayDelete, run: ({ row }) => row.delete() };

/** One message, or a pending one (an entry of the outbox, in `pending`). */
class ChatMessage extends ChatElement {
  static properties = {
    room: { attribute: false },
    message: { attribute: false },
    pending: { attribute: false },
    state: { attribute: false }, // of the pending message, which is changed in place
    quoted: { attribute: false }, // the message this one replies to, if known
    continued: { type: Boolean }, // by the same author as the one above, shortly after
    highlighted: { type: Boolean },
    withdrawn: { attribute: false }, // deleted by me a moment ago; can be undone
    slug: { attribute: false }, // of the room; this and the next, because the room is changed in place
    archived: { type: Boolean },
    active: { state: true },
    editing: { state: true },
    editError: { state: true },
    saving: { state: true },
  };

  constructor() {
    super();
    /** @type {Message | null} */
    this.message = null;
    /** @type {Entry | null} */
    this.pending = null;
    /** @type {Room} */
    this.room = later;
    /** @type {Message | null} */
    this.quoted = null;
    /** @type {Person} */
    this.author = later;
    this.when = new Date();
    this.slug = "";
    this.continued = this.highlighted = this.withdrawn = this.archived = false;
    this.active = false;
    this.editing = false;
    this.enter = new Enter(() => this.save());
    this.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && (this.active = true));
    this.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && (this.active = this.matches(":focus-within")));
    // Actions replace the button with the dots. If focus did that, its click would hit nothing.
    this.addEventListener("focusin", (event) => (this.active ||= !(/** @type {Element} */ (event.target).matches(".message__more"))));
    this.addEventListener("focusout", (event) => !this.contains(/** @type {Node | null} */ (event.relatedTarget)) && (this.active = this.matches(":hover")));
    this.addEventListener("keydown", (event) => this.keydown(event));
  }

  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "article");
    this.classList.add("message");
  }

  get mine() {
    return this.message?.author.id === this.chat.me.id;
  }

  get deleted() {
    return Boolean(this.message?.deleted) || this.withdrawn;
  }

  /** The message, unless it is pending. */
  get sent() {
    return /** @type {Message} */ (this.message);
  }

  get mayEdit() {
    return this.mine && !this.deleted && !this.archived;
  }

  get mayDelete() {
    return !this.archived && (this.mine || this.room.role === "owner" || this.room.role === "moderator");
  }

  willUpdate() {
    const author = this.pending ? this.chat.me : this.sent.author;
    const when = new Date(this.pending ? this.pending.created : this.sent.created_at);
    this.author = author;
    this.when = when;
    this.setAttribute("aria-label", interpolate(gettext("%(name)s, %(time)s"), { name: nameOf(author), time: formatTime(when) }));
    const classes = {
      "message--continued": this.continued,
      "message--highlighted": this.highlighted,
      "message--deleted": this.deleted,
      "message--pending": this.pending && !this.pending.error,
      "message--failed": this.pending?.error,
      "message--mention": !this.deleted && this.message?.mentions.includes(this.chat.me.id),
      "message--active": this.active,
      "message--editing": this.editing,
    };
    for (const [name, on] of Object.entries(classes)) this.classList.toggle(name, Boolean(on));
  }

  updated(changed) {
    if (changed.has("message") && this.message) {
      for (const mention of this.querySelectorAll(`.mention[data-user="${this.chat.me.id}"]`)) mention.classList.add("mention--me");
    }
    if (changed.has("editing") && this.editing) {
      const field = this.find(".editor__field");
      fit(field);
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
    }
  }

  // ── Actions ──

  /** For touch: moves focus into the actions. When focus leaves them, they close. */
  async showActions() {
    this.active = true;
    await this.updateComplete;
    this.find(".message__actions button")?.focus();
  }

  keydown(event) {
    if (event.target !== this || event.ctrlKey || event.metaKey || event.altKey || this.pending || this.deleted) return;
    const { context } = this;
    const action = this.offered(context).find(({ key }) => key === event.key);
    if (!action || this.archived) return;
    event.preventDefault();
    action.run(context, event);
  }

  edit() {
    if (!this.mayEdit) return;
    this.editError = "";
    this.editing = true;
  }

  stopEditing() {
    this.editing = false;
    this.dispatchEvent(new CustomEvent("edited", { bubbles: true }));
  }

  async save() {
    const body = this.find(".editor__field").value.trim();
    if (this.saving) return;
    if (body === this.sent.body) return this.stopEditing();
    if (!body) return void (this.editError = gettext("A message cannot be empty. You can delete it instead."));
    this.saving = true;
    this.editError = "";
    try {
      await this.chat.store.change({ type: "edit", message: this.sent.id, body });
      this.stopEditing();
    } catch (refusal) {
      this.editError = refusal.code === "offline" ? gettext("Not saved: there is no connection. Try again when it is back.") : sentenceOf(refusal);
    } finally {
      this.saving = false;
    }
  }

  delete() {
    if (!this.mayDelete) return;
    this.active = false;
    this.chat.deletions.add(this.sent, this.room.id);
  }

  reply() {
    this.dispatchEvent(new CustomEvent("reply", { bubbles: true, detail: this.message }));
  }

  async copyLink() {
    const url = new URL(messageUrl(this.slug, this.sent.seq), location.href).href;
    try {
      await navigator.clipboard.writeText(url);
      this.chat.toasts.show({ text: gettext("Link copied") });
    } catch {
      this.chat.toasts.show({ text: url, seconds: 10 }); // plain http has no clipboard: show the link to be selected
    }
  }

  /**
   * The context for parts and actions.
   * @returns {MessageContext}
   */
  get context() {
    const { chat, mine, archived } = this;
    return {
      chat,
      message: this.sent,
      mine,
      archived,
      room: this.room,
      row: this,
      // The Tab key moves through the controls of the focused message, not of three hundred.
      tabindex: this.active ? /** @type {symbol} */ (nothing) : -1,
      change: (frame, offline) => this.change(frame, offline),
    };
  }

  async change(frame, offline = sentenceOf({ code: "offline" })) {
    try {
      await this.chat.store.change(frame);
      return true;
    } catch (refusal) {
      this.chat.toasts.show({ text: refusal.code === "offline" ? offline : sentenceOf(refusal), tone: "danger" });
      return false;
    }
  }

  offered(context) {
    return [...ACTIONS, ...messageActions, DELETE].filter((action) => action.offered(context));
  }

  // ── Rendering ──

  render() {
    return html`
      <div class="message__gutter">
        ${this.continued
          ? html`<time class="message__hover-time" datetime=${this.when.toISOString()} aria-hidden="true">${formatTime(this.when)}</time>`
          : avatar(this.author)}
      </div>
      <div class="message__main">
        ${this.continued ? nothing : this.header()} ${this.quote()}
        ${this.editing ? this.editor() : this.body()}
        ${this.pending ? this.pendingState() : nothing} ${this.parts()}
      </div>
      ${this.deleted || this.pending || this.editing ? nothing : this.actions()}
    `;
  }

  header() {
    return html`
      <div class="message__header">
        <span class="message__author">${nameOf(this.author)}</span>
        ${this.pending
          ? html`<span class="message__time">${formatTime(this.when)}</span>`
          : html`<a class="message__time" href=${messageUrl(this.slug, this.sent.seq)} title=${formatMoment(this.when)} tabindex="-1">
              <time datetime=${this.sent.created_at}>${formatTime(this.when)}</time>
            </a>`}
      </div>
    `;
  }

  quote() {
    const replyTo = (this.message ?? /** @type {Entry} */ (this.pending)).reply_to;
    if (!replyTo || this.deleted) return nothing;
    const { quoted } = this;
    if (!quoted) return html`<p class="quote"><span class="quote__text">${gettext("Reply to an earlier message")}</span></p>`;
    const text = quoted.deleted ? gettext("This message was deleted.") : excerpt(quoted.body, QUOTE_LENGTH);
    return html`
      <a class="quote" href=${messageUrl(this.slug, quoted.seq)}>
        <span class="quote__author">${nameOf(quoted.author)}</span> <span class="quote__text">${text}</span>
      </a>
    `;
  }

  body() {
    if (this.pending) return html`<div class="message__body message__body--plain">${this.pending.body}</div>`;
    if (this.deleted) return html`<p class="message__gone">${gettext("This message was deleted.")}</p>`;
    return html`
      <div class="message__body ${this.sent.edited_at ? "message__body--edited" : ""}">${unsafeHTML(this.sent.html)}</div>
      ${this.sent.edited_at
        ? html`<span class="message__edited" title=${formatMoment(new Date(this.sent.edited_at))}>${gettext("edited")}</span>`
        : nothing}
    `;
  }

  editor() {
    const { enter } = this;
    return html`
      <form class="editor" @submit=${(event) => { event.preventDefault(); this.save(); }}>
        <textarea class="editor__field" rows="1" aria-label=${gettext("Edit message")} .value=${this.sent.body} ?readonly=${this.saving}
          @input=${(event) => fit(event.target)}
          @keydown=${(event) => { if (event.key === "Escape" && !event.isComposing) this.stopEditing(); else enter.keydown(event); }}
          @compositionupdate=${(event) => enter.compositionupdate(event)} @compositionend=${() => enter.compositionend()}
          @beforeinput=${(event) => enter.beforeinput(event)} @blur=${() => enter.blur()}></textarea>
        ${this.editError ? html`<p class="errors" role="alert">${this.editError}</p>` : nothing}
        <div class="editor__actions">
          <button type="button" class="button button--small" @click=${this.stopEditing}>${gettext("Cancel")}</button>
          <button class="button button--small button--primary" ?disabled=${this.saving}>${gettext("Save")}</button>
        </div>
      </form>
    `;
  }

  pendingState() {
    const { error, cid } = /** @type {Entry} */ (this.pending);
    const { outbox } = this.chat;
    const cancel = html`<button type="button" class="link" @click=${() => outbox.cancel(cid)}>${gettext("Cancel")}</button>`;
    if (error === null) {
      const { open } = this.chat.store;
      return html`<p class="message__state">
        ${icons.clock}<span>${open ? gettext("Sending…") : gettext("Will be sent when the connection is back.")}</span>${open ? nothing : cancel}
      </p>`;
    }
    return html`
      <p class="message__state message__state--failed" role="alert">
        <span>${interpolate(gettext("Not sent. %(reason)s"), { reason: error })}</span>
        <button type="button" class="link" @click=${() => outbox.retry(cid)}>${gettext("Try again")}</button>
        ${cancel}
      </p>
    `;
  }

  parts() {
    if (this.pending || this.deleted) return nothing;
    const { context } = this;
    const message = /** @type {Record<string, any>} */ (this.sent);
    return [...parts].map(([name, render]) => (message[name] === undefined ? nothing : render(message[name], context)));
  }

  actions() {
    // Create buttons only for the active message, instead of fifteen hundred for three hundred rows.
    if (!this.active) {
      return html`<button type="button" class="message__more icon-button icon-button--small" tabindex="-1" aria-label=${gettext("Message actions")}
        @click=${this.showActions}>${icons.more}</button>`;
    }
    const { context } = this;
    return html`
      <div class="message__actions" role="group" aria-label=${gettext("Message actions")}>
        ${this.offered(context).map(({ icon, label, className = "", run }) => html`
          <button type="button" class="icon-button icon-button--small ${className}" aria-label=${label} title=${label} @click=${(event) => run(context, event)}>${icon}</button>
        `)}
      </div>
    `;
  }
}

customElements.define("chat-message", ChatMessage);
