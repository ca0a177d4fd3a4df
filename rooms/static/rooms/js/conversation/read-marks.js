// @ts-check
import { attentive } from "../ui/attention.js";

/** @import { ChatTimeline } from "./timeline.js" */

const SEE_DELAY_MS = 150;
// Pixels by which a row may extend below the lower edge.
const EDGE_PX = 2;

/** Marks messages as read that the user has seen. */
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
      // For a message taller than the screen, its beginning is enough.
      return row.message && place.bottom > top && (place.bottom <= bottom + EDGE_PX || (place.top < (top + bottom) / 2 && place.height > bottom - top));
    });
    if (!visible.length) return;
    // A permalink or a jump shows the middle of the log. Unread messages before it stay unread.
    const joins = visible[0].message.seq <= room.read_seq + 1;
    if (joins || scrolling.atEnd) chat.store.markRead(room.id, visible[visible.length - 1].message.seq);
  }
}
