// @ts-check
import { html, keyed, nothing, repeat } from "../../vendor/lit.js";
import { ChatElement } from "../ui/element.js";
import { formatDay, formatNumber, gettext, interpolate, ngettext } from "../ui/i18n.js";
import { icons } from "../ui/icons.js";
import { nameOf, roomName } from "../ui/people.js";
import "./message.js";

// More rows than this make a phone slow; what is dropped is loaded again when somebody scrolls there.
const ROWS_LIMIT = 300;
const PAGE = 60;
// And this many are drawn in one frame: measured on 2 busy cores, 13 ms, and for sixty 30 to 70, in which scrolling stutters.
const STEP = 20;
// Load the next page before the person reaches the end of this one.
const LOAD_AHEAD_PX = 800;
// This near to the end counts as being at the end.
const END_PX = 40;
// The same person within this time needs no new heading.
const GROUP_MS = 5 * 60_000;
const SEE_DELAY_MS = 150;

const attentive = () => document.visibilityState === "visible" && document.hasFocus();

/** The conversation of one room: a window of at most 300 messages, first to last, on the room's log. */
class ChatTimeline extends ChatElement {
  static properties = {
    room: { attribute: false },
    target: { attribute: false }, // a seq to open at, from a permalink
    visit: { attribute: false }, // changes with every navigation, so that the same link works twice
    busy: { state: true }, // "opening", "older", "newer" or null
    failed: { state: true }, // the same words: what could not be loaded
    away: { state: true }, // scrolled up from the end
  };

  constructor() {
    super();
    this.clear();
    this.onWindow = () => {
      if (attentive()) this.seeSoon();
    };
  }

  clear() {
    this.first = 1;
    this.last = 0;
    this.following = false; // the window ends where the log ends
    this.stick = false; // and the person is looking at that end
    this.divider = null; // the seq of the first message that was unread
    this.busy = null;
    this.failed = null;
    this.away = false;
    this.leaping = false; // to the end, as soon as there is a connection
    this.life = (this.life ?? 0) + 1; // answers to questions of an earlier visit are ignored
  }

  connectedCallback() {
    super.connectedCallback();
    this.stop = this.chat.store.subscribe((what, id) => this.hear(what, id));
    addEventListener("focus", this.onWindow);
    document.addEventListener("visibilitychange", this.onWindow);
    this.sizes = new ResizeObserver(() => this.resized());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.stop();
    removeEventListener("focus", this.onWindow);
    document.removeEventListener("visibilitychange", this.onWindow);
    this.sizes.disconnect();
  }

  firstUpdated() {
    this.sizes.observe(this.scroller);
    this.sizes.observe(this.find(".timeline__rows"));
  }

  get scroller() {
    return this.find(".timeline__scroller");
  }

  get rows() {
    return [...this.querySelectorAll("chat-message")];
  }

  get fromEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  // ── Opening ──

  willUpdate(changed) {
    if (changed.has("visit") || changed.has("room")) this.enter();
  }

  enter() {
    this.clear();
    const { room, target } = this;
    if (room.unread > 0) this.divider = room.read_seq + 1;
    this.anchor = target ?? this.divider ?? room.seq;
    if (room.seq === 0) {
      this.following = this.stick = true;
      return;
    }
    this.busy = "opening";
    if (this.enough()) this.settle();
    else this.fetchAround();
  }

  /** Whether what is held fills a screen around the anchor. */
  enough() {
    const { room, anchor } = this;
    // What came with the page is shown before the socket is open; more is loaded then.
    if (!this.chat.store.greeted && room.messages.has(anchor)) return true;
    const from = Math.max(1, anchor - PAGE / 2);
    return room.slice(from, Math.min(room.seq, anchor + PAGE / 2)).length >= Math.min(room.seq, anchor + PAGE / 2) - from + 1;
  }

  async fetchAround() {
    const { life, room, anchor } = this;
    try {
      await this.chat.store.history(room.id, anchor >= room.seq ? { limit: PAGE } : { around: anchor, limit: PAGE });
      if (this.life === life) this.settle();
    } catch (refusal) {
      if (this.life !== life) return;
      this.failed = refusal.code === "offline" ? null : "opening";
      this.requestUpdate();
    }
  }

  settle() {
    const { room } = this;
    if (!room.messages.has(this.anchor)) {
      const anchor = this.anchor;
      this.anchor = Math.max(0, ...room.messages.keys());
      if (anchor !== room.seq) {
        if (this.target !== null) this.chat.toasts.show({ text: gettext("This message does not exist.") });
        this.anchor = room.seq;
        if (!room.messages.has(room.seq)) return this.fetchAround();
      }
    }
    this.last = this.reach(this.anchor, 1, PAGE);
    this.first = this.start(this.anchor, PAGE);
    this.following = this.last === room.seq;
    this.busy = null;
    this.arriving = true;
    this.requestUpdate();
  }

  /** The furthest seq from here, in steps of +1 or -1, that is held without a hole. */
  reach(seq, step, limit) {
    let reached = seq;
    for (let count = 0; count < limit && this.room.messages.has(reached + step); count++) reached += step;
    return reached;
  }

  /** Where the window begins. One more is held before it, so that its first row looks the same when older ones come. */
  start(seq, limit) {
    const held = this.reach(seq, -1, limit);
    return held > 1 && held < seq ? held + 1 : held;
  }

  hear(what, id) {
    if (what === "hello") {
      this.failed = null;
      if (this.busy) this.retry();
      if (this.leaping) this.jumpToEnd();
    }
    if (what === "outbox" || what === "hello" || what === "offline") this.requestUpdate();
    if (what === "rooms" && this.roomSign !== this.shownSign) this.requestUpdate();
    if (id !== this.room?.id) return;
    if (what === "reset") this.enter();
    if (what === "messages") this.extend();
    this.requestUpdate();
  }

  retry() {
    const what = this.failed ?? this.busy;
    this.failed = null;
    if (what === "older" || what === "newer") {
      this.busy = null;
      this.load(what);
    } else this.enter();
  }

  /** New messages at the end, when the window was there. */
  extend() {
    const { room } = this;
    if (!this.following || this.busy === "opening") return;
    const before = this.last;
    const space = this.stick ? Infinity : ROWS_LIMIT - (this.last - this.first + 1);
    this.last = this.reach(this.last, 1, space);
    this.following = this.last === room.seq || !room.messages.has(this.last + 1);
    if (this.stick) this.first = Math.max(this.first, this.last - ROWS_LIMIT + 1);
    if (this.last > before && before > 0) this.announce(before + 1);
    const unseen = room.read_seq === before && this.last > before;
    if (unseen && (!attentive() || !this.stick)) this.divider = before + 1;
  }

  announce(from) {
    const fresh = this.room.slice(from, this.last).filter((message) => message.author.id !== this.chat.user.id);
    if (!fresh.length || !this.live) return;
    const message = fresh.at(-1);
    this.live.textContent = interpolate(gettext("%(name)s: %(text)s"), { name: nameOf(message.author), text: message.body.slice(0, 200) });
  }

  get live() {
    return this.find(".timeline__live");
  }

  // ── Scrolling ──

  scrolled() {
    if (this.busy === "opening") return;
    const { scrollTop } = this.scroller;
    // Rows that grow (a quote comes) push the end away; only who scrolls up leaves it.
    this.stick = this.following && (this.fromEnd < END_PX || (this.stick && scrollTop >= this.shownTop));
    this.shownTop = scrollTop;
    this.away = !this.following || this.fromEnd > this.scroller.clientHeight / 2;
    this.fill();
    this.seeSoon();
  }

  resized() {
    if (this.stick) this.toEnd();
    this.fill();
    this.seeSoon();
  }

  fill() {
    if (this.busy || this.failed || this.last === 0) return;
    if (this.first > 1 && this.scroller.scrollTop < LOAD_AHEAD_PX) this.load("older");
    else if (!this.following && this.fromEnd < LOAD_AHEAD_PX) this.load("newer");
  }

  async load(direction) {
    const { life, room } = this;
    const older = direction === "older";
    this.busy = direction;
    const held = older ? this.reach(this.first, -1, 1) : this.last;
    if (older ? held > 1 && !room.messages.has(held - 1) : !room.messages.has(held + 1)) {
      try {
        await this.chat.store.history(room.id, older ? { before: held, limit: PAGE } : { after: held, limit: PAGE });
      } catch (refusal) {
        if (this.life !== life) return;
        if (refusal.code !== "offline") {
          this.busy = null;
          this.failed = direction;
        }
        return;
      }
    } else await new Promise(requestAnimationFrame);
    if (this.life !== life) return;
    if (older) {
      this.first = this.start(this.first, STEP + 1);
      this.last = Math.min(this.last, this.first + ROWS_LIMIT - 1);
    } else {
      this.last = this.reach(this.last, 1, STEP);
      this.first = Math.max(this.first, this.last - ROWS_LIMIT + 1);
    }
    this.following = this.last === room.seq;
    this.busy = null;
    this.requestUpdate();
  }

  toEnd() {
    const { scroller } = this;
    const divider = this.find(".divider--new");
    let top = scroller.scrollHeight - scroller.clientHeight;
    // Nobody is looking: stop before the first unread message leaves the screen.
    if (divider && !attentive()) top = Math.min(top, Math.max(scroller.scrollTop, this.topOf(divider) - 8));
    scroller.scrollTop = top;
  }

  topOf(element) {
    return element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top + this.scroller.scrollTop;
  }

  async jumpToEnd() {
    const { room, life } = this;
    this.leaping = false;
    if (!this.following) {
      try {
        if (!room.messages.has(room.seq)) await this.chat.store.history(room.id, { limit: PAGE });
      } catch {
        if (this.life !== life) return;
        this.leaping = !this.chat.store.greeted; // the socket of a new page opens any moment
        if (this.leaping) return;
        this.chat.toasts.show({ text: gettext("There is no connection. The latest messages could not be loaded.") });
        return;
      }
      if (this.life !== life) return;
      this.last = room.seq;
      this.first = this.start(this.last, PAGE);
      this.following = true;
    }
    this.stick = true;
    this.away = false;
    this.requestUpdate();
    await this.updateComplete;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.seeSoon();
  }

  // ── What has been seen ──

  seeSoon() {
    this.seeing ??= setTimeout(() => {
      this.seeing = null;
      this.see();
    }, SEE_DELAY_MS);
  }

  see() {
    if (!this.isConnected || !attentive() || this.busy === "opening" || this.last === 0) return;
    const { top, bottom } = this.scroller.getBoundingClientRect();
    const visible = this.rows.filter((row) => {
      const place = row.getBoundingClientRect();
      // Of a message taller than the screen its beginning is enough.
      return row.message && place.bottom > top && (place.bottom <= bottom + 2 || (place.top < (top + bottom) / 2 && place.height > bottom - top));
    });
    if (!visible.length) return;
    // A permalink or a jump shows a piece in the middle: that says nothing about what lies unread before it.
    const joins = visible[0].message.seq <= this.room.read_seq + 1;
    const atEnd = this.following && this.fromEnd < END_PX;
    if (joins || atEnd) this.chat.store.markRead(this.room.id, visible.at(-1).message.seq);
  }

  // ── Rendering ──

  update(changed) {
    this.hold();
    super.update(changed);
    // Rows draw themselves later in this task; the scroll position needs their heights now.
    for (const row of this.rows) if (row.isUpdatePending) row.performUpdate();
    this.restore();
  }

  /** Remembers what the person is looking at … */
  hold() {
    this.held = null;
    if (!this.hasUpdated || this.busy === "opening" || this.arriving) return;
    const { top } = this.scroller.getBoundingClientRect();
    const row = this.rows.find((candidate) => candidate.getBoundingClientRect().bottom > top);
    if (row) this.held = { row, top: row.getBoundingClientRect().top };
  }

  /** … and keeps it where it was, whatever was added or dropped above. */
  restore() {
    if (this.arriving) {
      this.arriving = false;
      this.arrive();
    } else if (this.stick) this.toEnd();
    else if (this.held?.row.isConnected) this.scroller.scrollTop += this.held.row.getBoundingClientRect().top - this.held.top;
    if (this.last > 0) queueMicrotask(() => this.resized());
  }

  arrive() {
    const { scroller } = this;
    const target = this.target !== null && this.row(this.target);
    const divider = this.find(".divider--new");
    if (target) scroller.scrollTop = this.topOf(target) - (scroller.clientHeight - target.offsetHeight) / 2;
    else if (divider) scroller.scrollTop = this.topOf(divider) - scroller.clientHeight / 4;
    else scroller.scrollTop = scroller.scrollHeight;
    this.stick = this.following && this.fromEnd < END_PX;
    this.shownTop = scroller.scrollTop;
    queueMicrotask(() => this.scrolled());
  }

  row(seq) {
    return this.rows.find((row) => row.message?.seq === seq);
  }

  keydown(event) {
    if (event.target.localName !== "chat-message" || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const { rows } = this;
    const next = rows[rows.indexOf(event.target) + (event.key === "ArrowUp" ? -1 : 1)];
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

  /** What is drawn here of the room itself; the rooms are told of far more often than it changes. */
  get roomSign() {
    const { room } = this;
    return [room.unread, room.archived, room.role, room.slug, roomName(room)].join(" ");
  }

  render() {
    const { room } = this;
    this.shownSign = this.roomSign;
    const messages = room.slice(this.first, this.last);
    const atEnd = this.following || this.last === 0;
    const pending = atEnd && this.busy !== "opening" ? this.chat.outbox.of(room.id).filter((entry) => !room.cids.has(entry.cid)) : [];
    return html`
      <div class="timeline__scroller" tabindex="-1" @scroll=${this.scrolled} @keydown=${this.keydown}>
        <div class="timeline__rows" role="log" aria-live="off" aria-label=${gettext("Messages")} aria-busy=${this.busy === "opening"}>
          ${this.busy === "opening" ? this.opening() : keyed(this.life, html`${this.beginning(messages)} ${this.list(messages, pending)} ${this.more("newer")}`)}
        </div>
      </div>
      <div class="timeline__live visually-hidden" role="status"></div>
      ${this.toNew()}
    `;
  }

  opening() {
    if (this.failed) {
      return html`
        <div class="empty" role="alert">
          <p class="empty__title">${gettext("The messages could not be loaded.")}</p>
          <button type="button" class="button" @click=${this.retry}>${gettext("Try again")}</button>
        </div>
      `;
    }
    return skeleton();
  }

  beginning(messages) {
    const { room } = this;
    if (this.first > 1) return this.more("older");
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
        ${this.chat.isOwner && room.kind === "public" ? html`<a class="button" href="/settings/#invitations">${icons.link}<span>${gettext("Invite new people")}</span></a>` : nothing}
      </div>
    `;
  }

  more(direction) {
    if (direction === "newer" && this.following) return nothing;
    if (this.failed === direction) {
      return html`<p class="timeline__more" role="alert">
        ${gettext("More messages could not be loaded.")} <button type="button" class="link" @click=${this.retry}>${gettext("Try again")}</button>
      </p>`;
    }
    return html`<p class="timeline__more" aria-hidden="true"><span class="spinner"></span></p>`;
  }

  list(messages, pending) {
    const { room } = this;
    const items = [];
    let above = room.messages.get(this.first - 1) ?? null;
    for (const message of messages) {
      const date = new Date(message.created_at);
      const newDay = !above || new Date(above.created_at).toDateString() !== date.toDateString();
      if (newDay) items.push({ key: `day-${message.seq}`, day: date });
      const isDivider = message.seq === this.divider;
      if (isDivider) items.push({ key: "new", divider: true });
      const continued =
        !newDay && !isDivider && !message.reply_to && above.author.id === message.author.id && date - new Date(above.created_at) < GROUP_MS;
      // The key stays when a pending message becomes a real one. A cid is only unique for its author.
      items.push({ key: `${message.author.id} ${message.cid}`, message, continued });
      above = message;
    }
    for (const entry of pending) {
      const continued = !entry.reply_to && above && above.author.id === this.chat.user.id && entry.created - new Date(above.created_at) < GROUP_MS;
      items.push({ key: `${entry.author} ${entry.cid}`, pending: entry, continued: Boolean(continued) });
      above = { author: this.chat.user, created_at: entry.created };
    }
    const lastSeq = messages.at(-1)?.seq;
    return repeat(
      items,
      (item) => item.key,
      (item) => {
        if (item.day) return html`<div class="divider divider--day"><span>${formatDay(item.day)}</span></div>`;
        if (item.divider) return html`<div class="divider divider--new" role="separator" aria-label=${gettext("New messages")}><span>${gettext("New")}</span></div>`;
        const { message, pending: entry } = item;
        return html`<chat-message
          .chat=${this.chat} .room=${room.id} .slug=${room.slug}
          .message=${message ?? null} .pending=${entry ?? null} .state=${entry ? `${entry.error}${this.chat.store.open}` : ""}
          .quoted=${this.quotedBy(message ?? entry)} .continued=${item.continued} .archived=${room.archived}
          .highlighted=${message !== undefined && message.seq === this.target}
          .hidden_=${message !== undefined && this.chat.deletions.has(message.id)}
          id=${message ? `message-${message.seq}` : `pending-${entry.cid}`}
          tabindex=${message && message.seq === lastSeq ? 0 : -1}
        ></chat-message>`;
      },
    );
  }

  quotedBy({ reply_to: replyTo }) {
    return replyTo ? this.chat.quotes.find(this.room, replyTo) : null;
  }

  toNew() {
    const { room } = this;
    const { unread } = room;
    if (this.busy === "opening" || this.stick || (!this.away && unread === 0)) return nothing;
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
