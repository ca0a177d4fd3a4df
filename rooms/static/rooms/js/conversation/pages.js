// @ts-check
import { PAGE } from "./window.js";

/** @import { ChatTimeline } from "./timeline.js" */
/** @import { Direction } from "./window.js" */

/** Loads the pages that the timeline's window shows next. */
export class Pages {
  /** @param {ChatTimeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    /** The page being loaded. @type {"opening" | Direction | null} */
    this.busy = null;
    /** The page that failed to load. @type {"opening" | Direction | null} */
    this.failed = null;
  }

  get opening() {
    return this.busy === "opening";
  }

  /**
   * @param {"opening" | Direction | null} busy
   * @param {"opening" | Direction | null} [failed]
   */
  become(busy, failed = null) {
    this.busy = busy;
    this.failed = failed;
    this.timeline.requestUpdate();
  }

  /** Opens the window around the visit's anchor. */
  open() {
    const { chat, opened, room, window } = this.timeline;
    this.become("opening");
    // The embedded page is shown before the socket is open; more is loaded afterwards.
    if ((!chat.store.greeted && room.messages.has(opened.anchor)) || window.covers(opened.anchor)) this.land();
    else this.loadAround();
  }

  async loadAround() {
    const { chat, opened, room } = this.timeline;
    const { anchor } = opened;
    try {
      await chat.store.history(room.id, anchor >= room.seq ? { limit: PAGE } : { around: anchor, limit: PAGE });
      if (this.timeline.opened === opened) this.land();
    } catch (refusal) {
      if (this.timeline.opened === opened) this.become("opening", refusal.code === "offline" ? null : "opening");
    }
  }

  land() {
    const { opened } = this.timeline;
    const { lost } = opened;
    const landed = opened.land();
    if (opened.lost && !lost && opened.target !== null) this.timeline.sayLost();
    if (!landed) {
      this.loadAround();
      return;
    }
    this.become(null);
    this.timeline.arrive();
  }

  /** @param {Direction} direction */
  async load(direction) {
    const { chat, opened, room, window } = this.timeline;
    const query = window.missing(direction);
    this.become(direction);
    try {
      await (query ? chat.store.history(room.id, query) : new Promise(requestAnimationFrame));
    } catch (refusal) {
      // Offline: request it again after the next hello.
      if (this.timeline.opened === opened && refusal.code !== "offline") this.become(null, direction);
      return;
    }
    if (this.timeline.opened !== opened) return;
    window.move(direction);
    this.become(null);
  }

  retry() {
    const what = this.failed ?? this.busy;
    if (what === "older" || what === "newer") this.load(what);
    else this.timeline.enter();
  }
}
