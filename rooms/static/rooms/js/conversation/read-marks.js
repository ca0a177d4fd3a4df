// @ts-check
import { attentive } from "../ui/attention.js";

/** @import { ChatTimeline } from "./timeline.js" */

const SEE_DELAY_MS = 150;
// Pixels by which a row may stand over the lower edge.
const EDGE_PX = 2;

/** Marks as read what the person has seen. */
export class ReadMarks {
  /** @param {ChatTimeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    /** @type {any} */
    this.timer = null;
  }

  soon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.see();
    }, SEE_DELAY_MS);
  }

  see() {
    const { timeline } = this;
    const { chat, pages, room, scrolling, window } = timeline;
    if (!timeline.isConnected || !attentive() || pages.opening || window.empty) return;
    const { top, bottom } = scrolling.scroller.getBoundingClientRect();
    const visible = timeline.rows.filter((row) => {
      const place = row.getBoundingClientRect();
      // The beginning of a message taller than the screen is enough.
      return row.message && place.bottom > top && (place.bottom <= bottom + EDGE_PX || (place.top < (top + bottom) / 2 && place.height > bottom - top));
    });
    if (!visible.length) return;
    // A permalink or a jump shows a piece in the middle: that says nothing about what lies unread before it.
    const joins = visible[0].message.seq <= room.read_seq + 1;
    if (joins || scrolling.atEnd) chat.store.markRead(room.id, visible[visible.length - 1].message.seq);
  }
}
