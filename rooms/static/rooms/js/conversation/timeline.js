// @ts-check
import { html, keyed, nothing, repeat } from "../../vendor/lit.js";
import { beginningLinks } from "../parts.js";
import { attentive } from "../ui/attention.js";
import { ChatElement, later } from "../ui/element.js";
import { formatDay, formatNumber, gettext, interpolate, ngettext } from "../ui/i18n.js";
import { icons } from "../ui/icons.js";
import { nameOf, roomName } from "../ui/people.js";
import { Pages } from "./pages.js";
import { ReadMarks } from "./read-marks.js";
import { rowsOf } from "./rows.js";
import { Scrolling } from "./scrolling.js";
import { Visit } from "./visit.js";
import { PAGE, Window } from "./window.js";
import "./message.js";

/** @import { Entry } from "../log/outbox.js" */
/** @import { Message, Room, Topic } from "../log/store.js" */
/** @import { Row } from "./rows.js" */
/** @import { Direction } from "./window.js" */

/** The conversation of one room: a window on its log. */
export class ChatTimeline extends ChatElement {
  static properties = {
    room: { attribute: false },
    target: { attribute: false }, // a seq to open at, from a permalink
    visit: { attribute: false }, // changes with every navigation, so that the same link works twice
  };

  constructor() {
    super();
    /** @type {Room} */
    this.room = later;
    /** @type {number | null} */
    this.target = null;
    this.marks = new ReadMarks(this);
    this.pages = new Pages(this);
    /** What is open now; answers to questions of an earlier visit are ignored. @type {Visit} */
    this.opened = later;
    /** @type {Window} */
    this.window = later;
    /** @type {Scrolling} */
    this.scrolling = later;
    this.leaping = false; // to the end, as soon as there is a connection
    this.shownSign = "";
    this.onWindow = () => {
      if (attentive()) this.marks.soon();
    };
  }

  connectedCallback() {
    super.connectedCallback();
    this.stop = this.chat.store.subscribe((what, id) => this.hear(what, id));
    addEventListener("focus", this.onWindow);
    document.addEventListener("visibilitychange", this.onWindow);
    this.sizes = new ResizeObserver(() => this.scrolling.resized());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.stop?.();
    removeEventListener("focus", this.onWindow);
    document.removeEventListener("visibilitychange", this.onWindow);
    this.sizes?.disconnect();
  }

  firstUpdated() {
    this.sizes?.observe(this.scrolling.scroller);
    this.sizes?.observe(this.find(".timeline__rows"));
  }

  /** @returns {any[]} */
  get rows() {
    return [...this.querySelectorAll("chat-message")];
  }

  // ── Opening ──

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has("visit") || changed.has("room")) this.enter();
  }

  enter() {
    const { room } = this;
    this.opened = new Visit(room, this.target);
    this.window = new Window(room);
    this.scrolling = new Scrolling(this);
    this.leaping = false;
    if (room.seq > 0) {
      this.pages.open();
      return;
    }
    this.pages.become(null);
    this.window.following = this.scrolling.stick = true;
  }

  sayLost() {
    this.chat.toasts.show({ text: gettext("This message does not exist.") });
  }

  arrive() {
    this.window.open(this.opened.anchor);
    this.scrolling.arriving = true;
  }

  // ── What happens ──

  /**
   * @param {Topic} what
   * @param {number | null} id
   */
  hear(what, id) {
    const { pages } = this;
    if (what === "hello") {
      pages.failed = null;
      if (pages.busy) pages.retry();
      if (this.leaping) this.jumpToEnd();
    }
    if (what === "outbox" || what === "hello" || what === "offline") this.requestUpdate();
    if (what === "rooms" && this.roomSign !== this.shownSign) this.requestUpdate();
    if (id !== this.room?.id) return;
    if (what === "reset") this.enter();
    if (what === "messages") this.extend();
    this.requestUpdate();
  }

  /** New messages at the end, when the window was there. */
  extend() {
    const { room, scrolling, window } = this;
    if (!window.following || this.pages.opening) return;
    const before = window.last;
    window.extend(scrolling.stick);
    if (window.last === before) return;
    if (before > 0) this.announce(before + 1);
    if (room.read_seq === before && !(attentive() && scrolling.stick)) this.opened.divider = before + 1;
  }

  /** @param {number} from */
  announce(from) {
    const message = this.room.slice(from, this.window.last).findLast(({ author }) => author.id !== this.chat.me.id);
    const live = this.find(".timeline__live");
    if (message && live) live.textContent = interpolate(gettext("%(name)s: %(text)s"), { name: nameOf(message.author), text: message.body.slice(0, 200) });
  }

  async jumpToEnd() {
    const { chat, opened, room, scrolling, window } = this;
    this.leaping = false;
    if (!window.following) {
      try {
        if (!room.messages.has(room.seq)) await chat.store.history(room.id, { limit: PAGE });
      } catch {
        if (this.opened !== opened) return;
        this.leaping = !chat.store.greeted; // the socket of a new page opens any moment
        if (!this.leaping) chat.toasts.show({ text: gettext("There is no connection. The latest messages could not be loaded.") });
        return;
      }
      if (this.opened !== opened) return;
      window.leap();
    }
    scrolling.leap();
    this.requestUpdate();
    await this.updateComplete;
    scrolling.scroller.scrollTop = scrolling.scroller.scrollHeight;
    this.marks.soon();
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    const row = /** @type {HTMLElement} */ (event.target);
    if (row.localName !== "chat-message" || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const { rows } = this;
    const next = rows[rows.indexOf(row) + (event.key === "ArrowUp" ? -1 : 1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  /** For the composer's Up: edits my last message on the screen. */
  editLast() {
    const row = this.rows.findLast((candidate) => candidate.mayEdit);
    if (!row) return;
    row.edit();
    row.scrollIntoView({ block: "nearest" });
  }

  // ── Rendering ──

  /** @param {Map<string, unknown>} changed */
  update(changed) {
    this.scrolling.hold();
    super.update(changed);
    // Rows draw themselves later in this task; the scroll position needs their heights now.
    for (const row of this.rows) if (row.isUpdatePending) row.performUpdate();
    this.scrolling.restore();
  }

  /** @param {number} seq */
  row(seq) {
    return this.rows.find((row) => row.message?.seq === seq);
  }

  /** What is drawn here of the room itself; the rooms are told of far more often than it changes. */
  get roomSign() {
    const { room } = this;
    return [room.unread, room.archived, room.role, room.slug, roomName(room)].join(" ");
  }

  render() {
    const { pages, room, window } = this;
    this.shownSign = this.roomSign;
    const messages = room.slice(window.first, window.last);
    const atEnd = window.following || window.empty;
    const pending = atEnd && !pages.opening ? this.chat.outbox.of(room.id).filter((entry) => !room.cids.has(entry.cid)) : [];
    return html`
      <div class="timeline__scroller" tabindex="-1" @scroll=${() => this.scrolling.scrolled()} @keydown=${this.keydown}>
        <div class="timeline__rows" role="log" aria-live="off" aria-label=${gettext("Messages")} aria-busy=${pages.opening}>
          ${pages.opening ? this.opening() : keyed(this.opened, html`${this.beginning(messages)} ${this.list(messages, pending)} ${this.more("newer")}`)}
        </div>
      </div>
      <div class="timeline__live visually-hidden" role="status"></div>
      ${this.toNew()}
    `;
  }

  opening() {
    if (this.pages.failed) {
      return html`
        <div class="empty" role="alert">
          <p class="empty__title">${gettext("The messages could not be loaded.")}</p>
          <button type="button" class="button" @click=${() => this.pages.retry()}>${gettext("Try again")}</button>
        </div>
      `;
    }
    return skeleton();
  }

  /** @param {Message[]} messages */
  beginning(messages) {
    const { room } = this;
    if (this.window.first > 1) return this.more("older");
    const direct = room.kind === "direct";
    return html`
      <div class="beginning">
        <p class="beginning__title">${roomName(room)}</p>
        <p>
          ${direct
            ? gettext("This is the beginning of your conversation. Only the people in it can read it.")
            : messages.length
              ? gettext("This is the beginning of the room.")
              : gettext("Nothing has been said here yet. Say hello!")}
        </p>
        ${!direct && !messages.length ? this.company() : nothing}
      </div>
    `;
  }

  /** Where nobody has said anything, somebody may be missing. */
  company() {
    const { room } = this;
    const add = () => this.dispatchEvent(new CustomEvent("add-people", { bubbles: true }));
    if (room.archived || (room.kind === "private" && room.role === "member")) return nothing;
    return html`
      <div class="beginning__actions actions">
        <button type="button" class="button" @click=${add}>${icons.plus}<span>${gettext("Add people")}</span></button>
        ${beginningLinks.filter((link) => link.offered(this)).map((link) => html`<a class="button" href=${link.href}>${link.icon}<span>${link.label}</span></a>`)}
      </div>
    `;
  }

  /** @param {Direction} direction */
  more(direction) {
    if (direction === "newer" && this.window.following) return nothing;
    if (this.pages.failed === direction) {
      return html`<p class="timeline__more" role="alert">
        ${gettext("More messages could not be loaded.")} <button type="button" class="link" @click=${() => this.pages.retry()}>${gettext("Try again")}</button>
      </p>`;
    }
    return html`<p class="timeline__more" aria-hidden="true"><span class="spinner"></span></p>`;
  }

  /**
   * @param {Message[]} messages
   * @param {Entry[]} pending
   */
  list(messages, pending) {
    const { opened, room, window } = this;
    const above = room.messages.get(window.first - 1) ?? null;
    const rows = rowsOf({ messages, above, pending, divider: opened.divider });
    const lastSeq = messages.at(-1)?.seq;
    return repeat(
      rows,
      (row) => row.key,
      (row) => {
        if (row.day) return html`<div class="divider divider--day"><span>${formatDay(row.day)}</span></div>`;
        if (row.divider) return html`<div class="divider divider--new" role="separator" aria-label=${gettext("New messages")}><span>${gettext("New")}</span></div>`;
        return this.message(row, lastSeq);
      },
    );
  }

  /**
   * @param {Row} row
   * @param {number | undefined} lastSeq
   */
  message({ message, pending, continued }, lastSeq) {
    const { chat, room } = this;
    return html`<chat-message
      .chat=${chat} .room=${room} .slug=${room.slug}
      .message=${message ?? null} .pending=${pending ?? null} .state=${pending ? `${pending.error}${chat.store.open}` : ""}
      .quoted=${this.quotedBy(message ?? pending)} .continued=${continued} .archived=${room.archived}
      .highlighted=${message !== undefined && message.seq === this.target}
      .withdrawn=${message !== undefined && chat.deletions.has(message.id)}
      id=${message ? `message-${message.seq}` : `pending-${pending?.cid}`}
      tabindex=${message && message.seq === lastSeq ? 0 : -1}
    ></chat-message>`;
  }

  /** @param {{reply_to: number | null} | undefined} message */
  quotedBy(message) {
    return message?.reply_to ? this.chat.quotes.find(this.room, message.reply_to) : null;
  }

  toNew() {
    const { stick, away } = this.scrolling;
    const { unread } = this.room;
    if (this.pages.opening || stick || (!away && unread === 0)) return nothing;
    const text = unread
      ? interpolate(ngettext("%(count)s new message", "%(count)s new messages", unread), { count: formatNumber(unread) })
      : gettext("Jump to the latest");
    return html`<button type="button" class="to-new ${unread ? "to-new--unread" : ""}" @click=${this.jumpToEnd}>${icons.down}<span>${text}</span></button>`;
  }
}

export function skeleton() {
  return html`
    <div class="skeleton" aria-hidden="true">
      ${[3, 1, 2, 3, 1, 2].map((lines) => html`
        <div class="skeleton__row">
          <span class="skeleton__avatar"></span>
          <span class="skeleton__lines">${Array.from({ length: lines + 1 }, (_none, line) => html`<span class="skeleton__line skeleton__line--${line}"></span>`)}</span>
        </div>
      `)}
    </div>
    <p class="visually-hidden" role="status">${gettext("Loading…")}</p>
  `;
}

customElements.define("chat-timeline", ChatTimeline);
