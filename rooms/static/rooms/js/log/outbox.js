// @ts-check
// What I said and the server has not yet acknowledged. It lies in IndexedDB, so that neither a reload nor a crash
// loses it. Every tab may send everything in it: the cid makes the second time harmless.
//
// IndexedDB takes a moment, in which the tab may be closed. Until it has a message, localStorage keeps it, which is written
// before the message is shown.
import { openDB } from "../../vendor/idb.js";
import { sentenceOf } from "./refusals.js";
import { Refusal } from "./store.js";

/** @import { Send } from "./frames.js" */
/** @import { Store, Unnumbered } from "./store.js" */

const RETRY_MS = 1000;

const NOTE = "outbox:";

/** Raises where storage is full or refused. */
function note(entry) {
  localStorage.setItem(NOTE + entry.cid, JSON.stringify(entry));
}

function tearUp(cid) {
  try {
    localStorage.removeItem(NOTE + cid);
  } catch {
    // there is none
  }
}

/** Also those of a tab that was closed before IndexedDB had them. */
function notes(author) {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(NOTE));
    return keys.map((key) => JSON.parse(localStorage.getItem(key) ?? "null")).filter((entry) => entry?.author === author);
  } catch {
    return [];
  }
}

async function openShelf() {
  try {
    const db = await openDB("outbox", 1, {
      upgrade: (database) => database.createObjectStore("messages", { keyPath: "cid" }).createIndex("author", "author"),
    });
    return {
      put: (entry) => db.put("messages", entry).then(() => tearUp(entry.cid)),
      remove: (cid) => db.delete("messages", cid),
      all: (author) => db.getAllFromIndex("messages", "author", author),
    };
  } catch {
    // Some private windows have no IndexedDB.
    return { put: async (entry) => note(entry), remove: async (cid) => tearUp(cid), all: async (author) => notes(author) };
  }
}

/**
 * A message on its way.
 * @typedef {object} Entry
 * @property {string} cid
 * @property {number} author
 * @property {number} room
 * @property {string} body
 * @property {number | null} reply_to
 * @property {object} [along] Fields of the send that capabilities add.
 * @property {number} created In milliseconds.
 * @property {string | null} error Why it was refused.
 * @property {number} [sent] The version of its room at which it was committed.
 * @property {boolean} [shelved]
 */

export class Outbox {
  /**
   * @param {Store} store
   * @param {number} author
   * @param {(entry: Entry) => void} onLost It was refused, and the room where that could be shown is gone.
   */
  constructor(store, author, onLost) {
    this.store = store;
    this.onLost = onLost;
    this.author = author;
    /** By cid. @type {Map<string, Entry>} */
    this.entries = new Map();
    /** By room: its queue, while it is being sent. @type {Map<number, Promise<void>>} */
    this.sending = new Map();
    this.shelf = openShelf();
    this.otherTabs = new BroadcastChannel("outbox");
    this.otherTabs.addEventListener("message", () => this.load());
    store.subscribe((what, room) => {
      if (what === "hello") this.load();
      if (what === "messages" || what === "reset") this.settle(room);
    });
    for (const entry of notes(author)) {
      this.entries.set(entry.cid, entry);
      this.shelve(entry);
    }
    this.load();
  }

  /** Reads what lies on the shelf, also what another tab put there or took away, and sends it. */
  async load() {
    const shelved = new Map((await (await this.shelf).all(this.author)).map((entry) => [entry.cid, entry]));
    for (const [cid, entry] of this.entries) if (!shelved.has(cid) && !entry.sent && entry.shelved) this.entries.delete(cid);
    for (const [cid, entry] of shelved) {
      const known = this.entries.get(cid);
      if (known) known.error = entry.error;
      else this.entries.set(cid, { ...entry, shelved: true });
    }
    this.changed();
    this.flush();
  }

  /** In the order in which they were written. */
  of(room) {
    return [...this.entries.values()].filter((entry) => entry.room === room).sort((a, b) => a.created - b.created);
  }

  /** @param {{room: number, body: string, replyTo?: number | null, along?: object}} message */
  async add({ room, body, replyTo = null, along = {} }) {
    /** @type {Entry} */
    const entry = { cid: crypto.randomUUID?.() ?? randomCid(), author: this.author, room, body, reply_to: replyTo, along, created: Date.now(), error: null };
    try {
      note(entry);
    } catch {
      // IndexedDB may have more space.
    }
    this.entries.set(entry.cid, entry);
    this.changed();
    await this.shelve(entry);
    this.flush();
  }

  async retry(cid) {
    const entry = this.entries.get(cid);
    if (!entry) return;
    entry.error = null;
    await this.shelve(entry);
    this.changed();
    this.flush();
  }

  async cancel(cid) {
    await this.unshelve(cid);
    this.entries.delete(cid);
    this.changed();
    this.otherTabs.postMessage("changed");
  }

  /** @param {string} cid */
  async unshelve(cid) {
    tearUp(cid);
    await (await this.shelf).remove(cid);
  }

  async shelve(entry) {
    const { cid, author, room, body, reply_to, along, created, error } = entry;
    try {
      await (await this.shelf).put({ cid, author, room, body, reply_to, along, created, error });
      entry.shelved = true;
      this.otherTabs.postMessage("changed");
    } catch {
      // A full disk: it is still sent, it only would not survive a reload.
    }
  }

  flush() {
    for (const room of new Set([...this.entries.values()].map((entry) => entry.room))) {
      if (this.sending.has(room)) continue;
      this.sending.set(
        room,
        this.sendQueue(room).finally(() => this.sending.delete(room)),
      );
    }
  }

  /** One after the other, so that they arrive in the order in which they were written. */
  async sendQueue(room) {
    for (;;) {
      const entry = this.of(room).find((candidate) => !candidate.error && !candidate.sent);
      if (!entry || !this.store.open) return;
      try {
        await this.sendEntry(entry);
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        if (refusal.code === "offline") return;
        if (refusal.passing) await new Promise((resolve) => setTimeout(resolve, refusal.retryAfter ? refusal.retryAfter * 1000 : RETRY_MS));
        else await this.fail(entry, refusal);
      }
    }
  }

  async sendEntry(entry) {
    /** @type {Unnumbered<Send>} */
    const frame = { ...entry.along, type: "send", room: entry.room, cid: entry.cid, body: entry.body };
    if (entry.reply_to !== null) frame.reply_to = entry.reply_to;
    const ack = await this.store.change(frame);
    entry.sent = ack.version;
    await this.unshelve(entry.cid);
    this.otherTabs.postMessage("changed");
    this.settle(entry.room);
  }

  async fail(entry, refusal) {
    if (!this.store.rooms.has(entry.room)) {
      await this.cancel(entry.cid);
      this.onLost(entry);
      return;
    }
    entry.error = sentenceOf(refusal);
    if (this.entries.has(entry.cid)) await this.shelve(entry);
    this.changed();
  }

  /** An acknowledged entry is shown until the message itself has come with the room's changes. */
  settle(id) {
    const room = this.store.rooms.get(id);
    if (!room) return;
    let settled = false;
    for (const entry of this.of(id)) {
      const arrived = room.cids.has(entry.cid);
      if (!arrived && !(entry.sent && room.version >= entry.sent)) continue;
      this.entries.delete(entry.cid);
      if (arrived && !entry.sent) this.unshelve(entry.cid);
      settled = true;
    }
    if (settled) this.changed();
  }

  changed() {
    this.store.tell("outbox");
  }
}

// crypto.randomUUID exists on https and localhost only; a team's server may be plain http in its own network.
function randomCid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
