// @ts-check
// The rows of the timeline. No DOM.

/** @import { Entry } from "../log/outbox.js" */
/** @import { Message } from "../log/store.js" */

// Messages of one person within this time share a heading.
const GROUP_MS = 5 * 60_000;

/**
 * A day, the divider of new messages, a message, or a pending message.
 * @typedef {object} Row
 * @property {string} key
 * @property {Date} [day]
 * @property {boolean} [divider]
 * @property {Message} [message]
 * @property {Entry} [pending]
 * @property {boolean} [continued] By the same author as the one above, shortly after: no heading.
 */

/**
 * @param {object} shown
 * @param {Message[]} shown.messages
 * @param {Message | null} shown.above The message before the first, which is not shown.
 * @param {Entry[]} shown.pending
 * @param {number | null} shown.divider The seq of the first message that was unread.
 * @returns {Row[]}
 */
export function rowsOf({ messages, above, pending, divider }) {
  /** @type {Row[]} */
  const rows = [];
  let author = above?.author.id;
  let at = above && new Date(above.created_at);
  for (const message of messages) {
    const date = new Date(message.created_at);
    const newDay = at?.toDateString() !== date.toDateString();
    if (newDay) rows.push({ key: `day-${message.seq}`, day: date });
    const isNew = message.seq === divider;
    if (isNew) rows.push({ key: "new", divider: true });
    const continued = !newDay && !isNew && !message.reply_to && author === message.author.id && isSoon(at, date.getTime());
    author = message.author.id;
    at = date;
    // A pending message keeps its key when it arrives. A cid is only unique per author.
    rows.push({ key: `${author} ${message.cid}`, message, continued });
  }
  for (const entry of pending) {
    const continued = !entry.reply_to && author === entry.author && isSoon(at, entry.created);
    author = entry.author;
    at = new Date(entry.created);
    rows.push({ key: `${author} ${entry.cid}`, pending: entry, continued });
  }
  return rows;
}

/**
 * @param {Date | null} before
 * @param {number} after
 */
function isSoon(before, after) {
  return before !== null && after - before.getTime() < GROUP_MS;
}
