// @ts-check
/** @import { Room } from "../log/store.js" */

/** One visit to a room: where it opens, and the messages unread at that time. */
export class Visit {
  /**
   * @param {Room} room
   * @param {number | null} target The seq of a permalink.
   */
  constructor(room, target) {
    this.room = room;
    this.target = target;
    /** The seq of the first unread message. @type {number | null} */
    this.divider = room.unread > 0 ? room.read_seq + 1 : null;
    /** The seq to show first. */
    this.anchor = target ?? this.divider ?? room.seq;
    /** Whether the anchor does not exist. */
    this.lost = false;
  }

  /**
   * Decides where to open, once the messages around the anchor are loaded. Returns false if the end of the room
   * must be loaded instead.
   */
  land() {
    const { messages, seq } = this.room;
    if (messages.has(this.anchor)) return true;
    if (this.anchor === seq) {
      this.anchor = Math.max(0, ...messages.keys());
      return true;
    }
    this.lost = true;
    this.anchor = seq;
    return messages.has(seq);
  }
}
