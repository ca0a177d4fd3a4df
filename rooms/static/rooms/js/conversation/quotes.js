// @ts-check
// Messages quoted by replies that are not loaded.
import { fetchQuotes } from "../api.js";

export class Quotes {
  constructor(store) {
    this.store = store;
    this.known = new Map(); // id → message, or null while it is requested
    this.wanted = new Map(); // room → Set of ids
    store.subscribe((what) => what === "hello" && this.askAgain());
  }

  /** Returns the message with this id, or null. Then the room is notified when it is known. */
  find(room, id) {
    const held = room.byId(id) ?? this.known.get(id);
    if (held) return held;
    if (!this.known.has(id)) {
      this.known.set(id, null);
      if (this.wanted.size === 0) queueMicrotask(() => this.ask());
      if (!this.wanted.has(room)) this.wanted.set(room, new Set());
      this.wanted.get(room).add(id);
    }
    return null;
  }

  ask() {
    for (const [room, ids] of this.wanted) {
      fetchQuotes(room.slug, [...ids]).then(
        ({ messages }) => {
          for (const message of messages) this.known.set(message.id, message);
          this.store.tell("messages", room.id);
        },
        () => {}, // the reply still shows that it is one; requested again after reconnecting
      );
    }
    this.wanted.clear();
  }

  askAgain() {
    for (const [id, message] of this.known) if (message === null) this.known.delete(id);
  }
}
