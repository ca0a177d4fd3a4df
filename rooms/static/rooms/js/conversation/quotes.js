// @ts-check
// Messages that are quoted by replies and lie outside of what is loaded.
import { fetchQuotes } from "../api.js";

export class Quotes {
  constructor(store) {
    this.store = store;
    this.known = new Map(); // id → message, or null while it is being asked for
    this.wanted = new Map(); // room → Set of ids
    store.subscribe((what) => what === "hello" && this.askAgain());
  }

  /** The message with this id, or null; then the room is told of as soon as it is known. */
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
        () => {}, // the reply still says that it is one; asked again after the next reconnect
      );
    }
    this.wanted.clear();
  }

  askAgain() {
    for (const [id, message] of this.known) if (message === null) this.known.delete(id);
  }
}
