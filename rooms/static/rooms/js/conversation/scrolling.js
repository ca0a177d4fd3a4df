// @ts-check
import { attentive } from "../ui/attention.js";

/** @import { ChatTimeline } from "./timeline.js" */

// Distance at which the next page is loaded.
const LOAD_AHEAD_PX = 800;
// Distance that still counts as the end.
const END_PX = 40;
// Distance between the top edge and the divider of new messages.
const DIVIDER_PX = 8;

/** The user's position in the timeline. Keeps it when rows are added or dropped above. */
export class Scrolling {
  /** @param {ChatTimeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    /** Whether the user is at the end, which then stays visible. */
    this.stick = false;
    /** Whether the user has scrolled away from it. */
    this.away = false;
    /** Whether the window was reopened and its position is not chosen yet. */
    this.arriving = false;
    /** The row that keeps its position. @type {{row: Element, top: number} | null} */
    this.held = null;
    this.shownTop = 0;
  }

  /** @returns {HTMLElement} */
  get scroller() {
    return this.timeline.find(".timeline__scroller");
  }

  get fromEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  get atEnd() {
    return this.timeline.window.following && this.fromEnd < END_PX;
  }

  scrolled() {
    const { pages, window } = this.timeline;
    if (pages.opening) return;
    const { scrollTop, clientHeight } = this.scroller;
    // Growing rows (a quote arrives) push the end away. Only scrolling up leaves it.
    this.stick = window.following && (this.fromEnd < END_PX || (this.stick && scrollTop >= this.shownTop));
    this.shownTop = scrollTop;
    const away = !window.following || this.fromEnd > clientHeight / 2;
    if (away !== this.away) {
      this.away = away;
      this.timeline.requestUpdate();
    }
    this.fill();
    this.timeline.marks.soon();
  }

  resized() {
    if (this.stick) this.toEnd();
    this.fill();
    this.timeline.marks.soon();
  }

  fill() {
    const { pages, window } = this.timeline;
    if (pages.busy || pages.failed || window.empty) return;
    if (window.first > 1 && this.scroller.scrollTop < LOAD_AHEAD_PX) pages.load("older");
    else if (!window.following && this.fromEnd < LOAD_AHEAD_PX) pages.load("newer");
  }

  toEnd() {
    const { scroller } = this;
    const divider = this.timeline.querySelector(".divider--new");
    let top = scroller.scrollHeight - scroller.clientHeight;
    // Nobody is looking: stop before the first unread message leaves the screen.
    if (divider && !attentive()) top = Math.min(top, Math.max(scroller.scrollTop, this.topOf(divider) - DIVIDER_PX));
    scroller.scrollTop = top;
  }

  /** Jumps to the end, past unread messages. */
  leap() {
    this.stick = true;
    this.away = false;
  }

  /** @param {Element} element */
  topOf(element) {
    return element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top + this.scroller.scrollTop;
  }

  /** Before rendering: remembers the visible row. */
  hold() {
    const { timeline } = this;
    this.held = null;
    if (!timeline.hasUpdated || timeline.pages.opening || this.arriving) return;
    const { top } = this.scroller.getBoundingClientRect();
    const row = timeline.rows.find((candidate) => candidate.getBoundingClientRect().bottom > top);
    if (row) this.held = { row, top: row.getBoundingClientRect().top };
  }

  /** After rendering: restores its position. */
  restore() {
    if (this.arriving) {
      this.arriving = false;
      this.arrive();
    } else if (this.stick) this.toEnd();
    else if (this.held?.row.isConnected) this.scroller.scrollTop += this.held.row.getBoundingClientRect().top - this.held.top;
    if (!this.timeline.window.empty) queueMicrotask(() => this.resized());
  }

  /** Scrolls to the permalink's message, the first unread one, or the end. */
  arrive() {
    const { scroller, timeline } = this;
    const { target } = timeline.opened;
    const row = target !== null && timeline.row(target);
    const divider = timeline.querySelector(".divider--new");
    if (row) scroller.scrollTop = this.topOf(row) - (scroller.clientHeight - row.offsetHeight) / 2;
    else if (divider) scroller.scrollTop = this.topOf(divider) - scroller.clientHeight / 4;
    else scroller.scrollTop = scroller.scrollHeight;
    this.stick = this.atEnd;
    this.shownTop = scroller.scrollTop;
    queueMicrotask(() => this.scrolled());
  }
}
