// @ts-check
// Polls under messages. Everybody's votes come with the message; my own are requested.
import { ChatElement, later } from "../rooms/js/ui/element.js";
import { composerActions, extend, parts, slashCommands } from "../rooms/js/parts.js";
import { formatMoment, formatNumber, gettext, interpolate, ngettext } from "../rooms/js/ui/i18n.js";
import { html, nothing, svg } from "../rooms/vendor/lit.js";

/** @import { Chat } from "../rooms/js/chat.js" */
/** @import { MessageContext } from "../rooms/js/parts.js" */

/**
 * The part `poll` of a message (docs/protocol.md).
 * @typedef {object} PollState
 * @property {{text: string, votes?: number, people?: number[]}[]} choices
 * @property {number} [voters]
 * @property {boolean} [multiple]
 * @property {boolean} [anonymous]
 * @property {string} [closes_at]
 * @property {boolean} [closed]
 */

// Arrow keys move through the choices of a single vote. Only the choice where they stop counts.
const SETTLE_MS = 300;
const ICON = svg`<svg class="icon" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" aria-hidden="true"><path d="M4 16V9M10 16V4M16 16v-5"/></svg>`;

/** My votes by message. All my tabs need them, but frames are the same for everybody and do not have them. */
class MyVotes {
  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    /** @type {Map<number, number[]>} */
    this.known = new Map();
    /** @type {Set<ChatPoll>} */
    this.shown = new Set();
    this.asking = false;
    this.otherTabs = new BroadcastChannel("polls");
    this.otherTabs.addEventListener("message", ({ data }) => data.voter === chat.me.id && this.keep(data.message, data.choices));
    chat.store.on("hello", () => this.ask());
    addEventListener("pagehide", () => this.shown.forEach((poll) => poll.send()));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.ask());
  }

  keep(message, choices) {
    this.known.set(message, choices);
    for (const poll of this.shown) if (poll.message === message) poll.requestUpdate();
  }

  /** My votes were changed here. */
  changed(message, choices) {
    this.keep(message, choices);
    this.otherTabs.postMessage({ voter: this.chat.me.id, message, choices });
  }

  /** Requests my votes in all polls of the page, in one query. */
  ask() {
    if (this.asking) return;
    this.asking = true;
    queueMicrotask(async () => {
      this.asking = false;
      const messages = [...new Set([...this.shown].map((poll) => poll.message))].slice(0, 200);
      if (!messages.length) return;
      try {
        const { votes } = await this.chat.store.request({ type: "votes", messages });
        for (const id of messages) this.known.set(id, votes[id] ?? []);
      } catch {
        return; // Offline: the next hello requests them again.
      }
      for (const poll of this.shown) poll.requestUpdate();
    });
  }
}

/** @type {MyVotes} */
let mine;

class ChatPoll extends ChatElement {
  static properties = { poll: { attribute: false }, context: { attribute: false }, confirming: { state: true } };

  constructor() {
    super();
    /** @type {PollState} */
    this.poll = later;
    /** @type {MessageContext} */
    this.context = later;
    this.confirming = false;
    /** My votes that the server has not acknowledged. @type {number[] | null} */
    this.chosen = null;
  }

  get message() {
    return this.context.message.id;
  }

  connectedCallback() {
    super.connectedCallback();
    mine.shown.add(this);
    if (!mine.known.has(this.message) && this.poll.voters) mine.ask();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.send();
    mine.shown.delete(this);
  }

  get votes() {
    return this.chosen ?? mine.known.get(this.message) ?? [];
  }

  choose(choice, on) {
    const others = this.poll.multiple ? this.votes.filter((other) => other !== choice) : [];
    this.vote(on ? [...others, choice] : others);
  }

  vote(choices) {
    this.chosen = choices;
    this.requestUpdate();
    clearTimeout(this.timer);
    this.pending = choices;
    this.timer = setTimeout(() => this.send(), this.byArrow ? SETTLE_MS : 0);
  }

  /** Sends the pending vote. Also called before the page or the poll goes away. */
  async send() {
    const choices = this.pending;
    if (!choices) return;
    clearTimeout(this.timer);
    this.pending = null;
    const done = await this.context.change({ type: "vote", message: this.message, choices }, gettext("There is no connection. The vote was not saved."));
    if (this.chosen !== choices) return; // a newer choice is pending
    this.chosen = null;
    if (done) mine.changed(this.message, choices);
    else this.requestUpdate();
  }

  get mayClose() {
    const { mine: isMine, room } = this.context;
    return isMine || room.role !== "member";
  }

  /** Asks for confirmation, or stops asking. Moves the focus, because the pressed button disappears. */
  async confirm(on) {
    this.confirming = on;
    await this.updateComplete;
    this.find(".poll__actions .button:last-of-type")?.focus();
  }

  takeBack() {
    this.find(".poll__choice input").focus();
    this.vote([]);
  }

  async close() {
    this.context.row.focus();
    this.confirming = false;
    await this.context.change({ type: "close", message: this.message }, gettext("There is no connection. The poll was not closed."));
  }

  render() {
    const { poll, context } = this;
    const { message, tabindex, archived } = context;
    const { closed = false, voters = 0 } = poll;
    return html`
      <div class="poll">
        <fieldset class="poll__choices" ?disabled=${closed || archived}>
          <legend class="poll__legend">${closed ? gettext("Final results") : poll.multiple ? gettext("Choose one or more") : gettext("Choose one")}</legend>
          ${poll.choices.map(({ text, votes = 0 }, index) => {
            const share = voters ? Math.round((votes / voters) * 100) : 0;
            return html`
              <label class="poll__choice">
                <input type=${poll.multiple ? "checkbox" : "radio"} name="poll-${message.id}" tabindex=${tabindex}
                  .checked=${this.votes.includes(index)} @keydown=${(event) => (this.byArrow = event.key.startsWith("Arrow"))} @pointerdown=${() => (this.byArrow = false)}
                  @change=${(event) => this.choose(index, event.target.checked)}>
                <span class="poll__text">${text}</span>
                <span class="poll__count">${this.count(votes)} · ${formatNumber(share)}%</span>
                <progress class="poll__bar" max="100" value=${share} aria-hidden="true"></progress>
              </label>`;
          })}
        </fieldset>
        ${this.who(tabindex)}
        <p class="poll__foot">
          <span>${interpolate(ngettext("%(count)s person voted", "%(count)s people voted", voters), { count: formatNumber(voters) })}</span>
          ${poll.anonymous ? html`<span>${gettext("Anonymous")}</span>` : nothing}
          ${closed ? html`<span>${gettext("Closed")}</span>` : poll.closes_at ? html`<span>${interpolate(gettext("Closes %(moment)s"), { moment: formatMoment(new Date(poll.closes_at)) })}</span>` : nothing}
        </p>
        ${closed || archived ? nothing : html`<div class="poll__actions">${this.buttons(tabindex)}</div>`}
        <span class="visually-hidden" aria-live="polite">${closed ? gettext("The poll is closed.") : ""}</span>
      </div>
    `;
  }

  count(votes) {
    return interpolate(ngettext("%(count)s vote", "%(count)s votes", votes), { count: formatNumber(votes) });
  }

  buttons(tabindex) {
    const button = (label, run) => html`<button type="button" class="button button--small button--quiet" tabindex=${tabindex} @click=${run}>${label}</button>`;
    if (this.confirming) {
      return html`<span class="poll__confirm">${gettext("Nobody can vote afterwards.")}</span>
        ${button(gettext("Close poll"), () => this.close())} ${button(gettext("Keep open"), () => this.confirm(false))}`;
    }
    return html`
      ${this.votes.length ? button(gettext("Take back my vote"), () => this.takeBack()) : nothing}
      ${this.mayClose ? button(gettext("Close poll…"), () => this.confirm(true)) : nothing}`;
  }

  /** The first people who voted for a choice, and the number of others. */
  names(people, votes) {
    const known = people.filter((id) => this.knows(id));
    const names = this.context.chat.namesOf(known);
    const others = votes - known.length;
    if (!names) return this.count(votes);
    return others ? interpolate(gettext("%(names)s and %(count)s more"), { names, count: formatNumber(others) }) : names;
  }

  /** Loads voters who are not known from any message. */
  async meet() {
    const { chat, room } = this.context;
    if (this.poll.choices.every(({ people = [] }) => people.every((id) => this.knows(id)))) return;
    await chat.store.request({ type: "members", room: room.id }).catch(() => null); // offline: the others are only counted
    this.requestUpdate();
  }

  knows(id) {
    const { store } = this.context.chat;
    return id === store.me?.id || store.people.has(id);
  }

  who(tabindex) {
    const { choices, anonymous } = this.poll;
    if (anonymous || !choices.some(({ people }) => people?.length)) return nothing;
    return html`
      <details class="poll__who" @toggle=${(event) => event.target.open && this.meet()}>
        <summary tabindex=${tabindex}>${gettext("Who voted")}</summary>
        <dl>
          ${choices.map(({ text, people = [], votes = 0 }) => people.length ? html`
            <dt>${text}</dt>
            <dd>${this.names(people, votes)}</dd>
          ` : nothing)}
        </dl>
      </details>
    `;
  }
}

customElements.define("chat-poll", ChatPoll);

parts.set("poll", (poll, context) => html`<chat-poll .poll=${poll} .context=${context}></chat-poll>`);
const ask = ({ chat, room }, question = "") => chat.dialogs.open("chat-poll-create", () => import("./create.js"), { room, question });
composerActions.push({ icon: ICON, label: gettext("Poll"), run: (context) => ask(context) });
slashCommands.push({
  names: [gettext("poll"), "poll"],
  description: gettext("Ask people to choose"),
  run: (question, context) => ask(context, question),
});
extend((chat) => {
  mine = new MyVotes(chat);
});

