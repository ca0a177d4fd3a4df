// @ts-check
// The client's rooms and messages, kept in sync with the server's log by version.
// Uses neither DOM nor network: frames come in through receive(), commands go out through the injected send().

/** @import { Ack, Changes, Command, Event, Hello, HistoryPage, MessageState, Person, ReactionState, ReadElsewhere, Reset, RoomState, TypingNow } from "./frames.js" */

/** @typedef {"rooms" | "messages" | "reset" | "left" | "typing" | "presence" | "hello" | "offline" | "outbox"} Topic The kind of change. */
/** @typedef {(topic: Topic, room: any) => void} Listener */
/** @typedef {{resolve: (answer: any) => void, reject: (refusal: Refusal) => void}} Request */

/**
 * A command without its ref.
 * @template {Command} C
 * @typedef {Omit<C, "ref">} Unnumbered
 */

/** @typedef {MessageState & typeof ABSENT} Message A message with defaults for absent fields. */

// Empty and false fields are absent on the wire. The prototype provides their defaults.
const ABSENT = {
  /** @type {string | null} */
  edited_at: null,
  deleted: false,
  /** @type {number | null} */
  reply_to: null,
  /** @type {number | null} */
  thread: null,
  /** @type {ReactionState[]} */
  reactions: [],
  /** @type {number[]} */
  mentions: [],
};

/**
 * @param {MessageState} state
 * @returns {Message}
 */
const whole = (state) => Object.assign(Object.create(ABSENT), state);

// An overtaken frame usually arrives within this time, which makes a sync unnecessary.
const HOLE_PATIENCE_MS = 300;
// The protocol's lifetime of a typing mark.
const TYPING_MS = 5000;
// Messages of a room kept in memory after the user has left it for another.
const KEPT_MESSAGES = 200;

export class Refusal extends Error {
  /** @param {{code: string, detail?: string, retry_after?: number | null}} error */
  constructor({ code, detail = "", retry_after = null }) {
    super(detail || code);
    this.code = code;
    this.detail = detail;
    this.retryAfter = retry_after;
  }

  get passing() {
    return this.code === "offline" || this.code === "unavailable" || this.code === "rate_limited";
  }
}

export class Room {
  /**
   * @param {RoomState} fields
   * @param {string} epoch
   */
  constructor(fields, epoch) {
    this.id = fields.id;
    this.slug = fields.slug;
    this.name = fields.name;
    this.kind = fields.kind;
    this.topic = fields.topic;
    this.seq = fields.seq;
    this.mentions = fields.mentions;
    this.role = fields.role;
    this.notify = fields.notify;
    this.archived = fields.archived;
    /** The others in a direct room. */
    this.people = fields.people;
    /** How far I have read. */
    this.read_seq = 0;
    this.epoch = epoch;
    /** By seq. @type {Map<number, Message>} */
    this.messages = new Map();
    /** Seqs by id. @type {Map<number, number>} */
    this.seqs = new Map();
    /** The cids of my own messages. @type {Set<string>} */
    this.cids = new Set();
    this.version = fields.version; // the cursor: everything up to here is applied
    this.head = fields.version; // the newest known version
    /** Changes that arrived before the ones they build on. @type {Changes[]} */
    this.waiting = [];
    this.syncing = false;
    /** The version sent with the last sync. */
    this.asked = 0;
    /** @type {any} */
    this.timer = null;
    this.describe(fields);
  }

  /**
   * Applies the server's description of the room, except for fields maintained here: version and unread.
   * @param {RoomState} fields
   */
  describe({ version: _version, unread: _unread, read_seq, ...fields }) {
    Object.assign(this, fields);
    this.read_seq = Math.max(this.read_seq, read_seq);
  }

  get unread() {
    return Math.max(0, this.seq - this.read_seq);
  }

  /** @param {number} id */
  byId(id) {
    return this.messages.get(this.seqs.get(id) ?? 0);
  }

  /**
   * Returns messages from one seq to another, stopping at the first hole.
   * @param {number} first
   * @param {number} last
   */
  slice(first, last) {
    /** @type {Message[]} */
    const messages = [];
    for (let seq = first; seq <= last; seq++) {
      const message = this.messages.get(seq);
      if (!message) break;
      messages.push(message);
    }
    return messages;
  }

  /**
   * Keeps the newer of two versions. Returns whether this one was newer.
   * @param {Message} message
   */
  keep(message) {
    const held = this.messages.get(message.seq);
    if (held && held.version >= message.version) return false;
    this.messages.set(message.seq, message);
    this.seqs.set(message.id, message.seq);
    return true;
  }

  forget() {
    this.messages.clear();
    this.seqs.clear();
    this.cids.clear();
    this.waiting = [];
  }
}

export class Store {
  /** @param {{send: (frame: Command) => boolean | void, restart?: () => void, setTimer?: (action: () => void, ms: number) => unknown, clearTimer?: (timer: any) => void}} needs */
  constructor({ send, restart = () => {}, setTimer = setTimeout.bind(globalThis), clearTimer = clearTimeout.bind(globalThis) }) {
    this.send = send;
    this.restart = restart;
    this.setTimer = setTimer;
    this.clearTimer = clearTimer;
    this.open = false;
    this.greeted = false; // whether there was a hello yet
    this.epoch = "";
    /** Me. @type {Person | null} */
    this.me = null;
    /** My rooms, by id. @type {Map<number, Room>} */
    this.rooms = new Map();
    /** All known people, by id. @type {Map<number, Person>} */
    this.people = new Map();
    /** By person. @type {Map<number, "online" | "away" | "offline">} */
    this.presence = new Map();
    /** By room and person. @type {Map<number, Map<number, {person: Person, timer: unknown}>>} */
    this.typists = new Map();
    /** By ref. @type {Map<unknown, Request>} */
    this.requests = new Map();
    /** @type {Set<Listener>} */
    this.listeners = new Set();
    /** Handlers of capabilities, by type of frame. @type {Map<string, ((frame: any) => void)[]>} */
    this.handlers = new Map();
    this.lastRef = 0;
    this.strangeHeads = 0;
  }

  /**
   * Calls the listener with every topic and, if there is one, the room's id. Returns a function that unsubscribes.
   * @param {Listener} listener
   */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * @param {Topic} what
   * @param {number | null} [room]
   */
  tell(what, room = null) {
    for (const listener of [...this.listeners]) listener(what, room);
  }

  /**
   * Calls the handler with every frame of this type, after the store has processed it.
   * @param {string} type
   * @param {(frame: any) => void} handler
   */
  on(type, handler) {
    this.handlers.set(type, [...(this.handlers.get(type) ?? []), handler]);
  }

  roomBySlug(slug) {
    for (const room of this.rooms.values()) if (room.slug === slug) return room;
    return null;
  }

  // ── Commands ──

  /**
   * Resolves with the answer. Rejects with a Refusal, whose code is "offline" if no socket is open.
   * @param {any} frame A command without ref.
   * @returns {Promise<any>}
   */
  request(frame) {
    return new Promise((resolve, reject) => {
      const ref = ++this.lastRef;
      if (this.open) this.requests.set(ref, { resolve, reject });
      if (!this.open || this.send({ ...frame, ref }) === false) {
        this.requests.delete(ref);
        reject(new Refusal({ code: "offline" }));
      }
    });
  }

  /** Loads a page of history. Its messages are in the room when the promise resolves. */
  history(id, query) {
    return this.request({ type: "history", room: id, ...query });
  }

  /** Sends a command that changes a message. The ack announces the room's version. */
  async change(frame) {
    const ack = await this.request(frame);
    this.hear(this.rooms.get(ack.room), ack.version);
    return ack;
  }

  markRead(id, seq) {
    const room = this.rooms.get(id);
    if (!room || seq <= room.read_seq) return;
    room.read_seq = Math.min(seq, room.seq);
    this.recountMentions(room);
    this.tell("rooms");
    this.sendRead(room);
  }

  sendRead(room) {
    this.request({ type: "read", room: room.id, seq: room.read_seq }).then(
      // I wrote something meanwhile, and the server did not count the messages before it as read.
      (ack) => ack.seq < room.read_seq && this.sendRead(room),
      (refusal) => {
        // Offline needs no retry: the next hello shows the difference.
        if (refusal.passing && refusal.code !== "offline") this.setTimer(() => this.sendRead(room), (refusal.retryAfter ?? 2) * 1000);
      },
    );
  }

  /** Drops old messages of a room that is not open. */
  trim(id) {
    const room = this.rooms.get(id);
    if (!room || room.messages.size <= KEPT_MESSAGES) return;
    // Keeps the newest ones up to the first hole. Others are loaded again when needed.
    for (const [seq, message] of room.messages) {
      if (seq > room.seq - KEPT_MESSAGES) continue;
      room.messages.delete(seq);
      room.seqs.delete(message.id);
      if (message.cid) room.cids.delete(message.cid);
    }
  }

  /** Data embedded in the page: one of my rooms as in `hello`, and a page of it as in `history`. */
  begin({ epoch, me, room: fields, page }) {
    const room = new Room(fields, epoch);
    this.epoch = epoch;
    this.me = me;
    this.rooms.set(room.id, room);
    this.merge(room, page.messages);
  }

  // ── Frames ──

  /** @param {Event} frame */
  receive(frame) {
    this.take(frame);
    for (const handler of this.handlers.get(frame.type) ?? []) handler(frame);
  }

  /** @param {Event} frame */
  take(frame) {
    switch (frame.type) {
      case "hello":
        return this.hello(frame);
      case "changes":
        this.changes(frame);
        return this.answer(frame);
      case "reset":
        this.reset(frame);
        return this.answer(frame);
      case "history":
        this.page(frame);
        return this.answer(frame);
      case "members":
        for (const member of frame.members) this.people.set(member.id, member);
        return this.answer(frame);
      case "ack":
      case "error":
        return this.answer(frame);
      case "pong":
        this.compare(frame.heads);
        return this.answer(frame);
      case "room":
        return this.described(frame.room);
      case "left":
        return this.left(frame.room);
      case "read":
        return this.readElsewhere(frame);
      case "typing":
        return this.typing(frame);
      case "presence":
        for (const [person, state] of Object.entries(frame.people)) this.presence.set(Number(person), state);
        return this.tell("presence");
      default: // a capability's answer, or a frame of a newer server
        return this.answer(frame);
    }
  }

  /** @param {Hello} frame */
  hello(frame) {
    const before = this.rooms;
    const forgotten = [];
    this.open = true;
    this.greeted = true;
    this.epoch = frame.epoch;
    this.me = frame.person;
    this.strangeHeads = 0;
    this.rooms = new Map();
    for (const fields of frame.rooms) {
      const known = before.get(fields.id);
      if (known && known.epoch === frame.epoch) this.welcomeBack(known, fields);
      else {
        this.rooms.set(fields.id, new Room(fields, frame.epoch));
        if (known) forgotten.push(fields.id);
      }
    }
    this.tell("hello");
    this.tell("rooms");
    for (const id of forgotten) this.tell("reset", id);
    for (const id of before.keys()) if (!this.rooms.has(id)) this.tell("left", id);
  }

  /**
   * @param {Room} room
   * @param {RoomState} fields
   */
  welcomeBack(room, fields) {
    const unsent = room.read_seq > fields.read_seq;
    const knownWhole = room.messages.size > 0 || room.seq === 0; // an empty room is completely loaded
    this.rooms.set(room.id, room);
    room.describe(fields);
    if (unsent) this.sendRead(room);
    if (!knownWhole) {
      room.version = room.head = fields.version; // nothing is loaded, so there is nothing to catch up with
    } else if (room.version !== fields.version) {
      room.head = fields.version;
      this.sync(room);
    }
  }

  disconnected() {
    this.open = false;
    for (const room of this.rooms.values()) {
      this.clearTimer(room.timer);
      room.timer = null;
      room.syncing = false;
      room.waiting = [];
    }
    const requests = [...this.requests.values()];
    this.requests.clear();
    for (const { reject } of requests) reject(new Refusal({ code: "offline" }));
    this.tell("offline");
  }

  answer(frame) {
    const request = this.requests.get(frame.ref);
    if (!request) return;
    this.requests.delete(frame.ref);
    if (frame.type === "error") request.reject(new Refusal(frame));
    else request.resolve(frame);
  }

  /** @param {Changes} frame */
  changes(frame) {
    const room = this.rooms.get(frame.room);
    if (!room || frame.to <= room.version) return;
    if (frame.from > room.version) {
      room.waiting.push(frame);
      this.hear(room, frame.to);
      return;
    }
    this.absorb(room, frame);
    room.waiting.sort((a, b) => a.from - b.from);
    for (const next of room.waiting.splice(0)) {
      if (next.to <= room.version) continue;
      if (next.from <= room.version) this.absorb(room, next);
      else room.waiting.push(next);
    }
    if (room.version >= room.head) {
      this.clearTimer(room.timer);
      room.timer = null;
    }
    this.tell("messages", room.id);
    this.tell("rooms");
  }

  /**
   * @param {Room} room
   * @param {Changes} frame
   */
  absorb(room, { messages, to }) {
    this.merge(room, messages);
    room.version = to;
    room.head = Math.max(room.head, to);
  }

  /**
   * @param {Room} room
   * @param {MessageState[]} messages
   */
  merge(room, messages) {
    for (const message of messages.map(whole).toSorted((a, b) => a.seq - b.seq)) {
      const mine = message.author.id === this.me?.id;
      room.keep(message);
      this.people.set(message.author.id, message.author);
      if (mine) room.cids.add(message.cid);
      if (message.seq <= room.seq) continue;
      room.seq = message.seq;
      // Like the server, counts my own message as read if I was up to date.
      if (mine && message.seq === room.read_seq + 1) room.read_seq++;
      this.stopTyping(room.id, message.author.id);
    }
    this.recountMentions(room);
  }

  /** Exact if all unread messages are loaded. Otherwise the server's number stays. */
  recountMentions(room) {
    const unread = room.slice(room.read_seq + 1, room.seq);
    if (unread.length < room.unread) {
      const held = [...room.messages.values()].filter((message) => this.mentionsMe(room, message)).length;
      room.mentions = Math.min(room.unread, Math.max(room.mentions, held));
      return;
    }
    room.mentions = unread.filter((message) => this.mentionsMe(room, message)).length;
  }

  mentionsMe(room, message) {
    return message.seq > room.read_seq && this.me !== null && message.mentions.includes(this.me.id);
  }

  /** @param {HistoryPage} frame */
  page(frame) {
    const room = this.rooms.get(frame.room);
    if (!room) return;
    this.merge(room, frame.messages);
    this.hear(room, frame.version);
    this.tell("messages", room.id);
  }

  /** @param {Reset} frame */
  reset(frame) {
    const room = this.rooms.get(frame.room);
    if (!room) return;
    // I was only too far behind, neither from before a restore nor ahead of the server.
    const behind = frame.epoch === room.epoch && room.asked <= frame.version;
    if (behind && frame.version <= room.version) return; // frames caught me up meanwhile
    const { head, waiting } = room;
    room.forget();
    room.epoch = frame.epoch;
    room.version = frame.version;
    room.head = behind ? Math.max(head, frame.version) : frame.version;
    room.seq = 0;
    this.merge(room, frame.messages);
    if (behind) for (const next of waiting) this.changes(next);
    room.read_seq = Math.min(room.read_seq, room.seq);
    this.clearTimer(room.timer);
    room.timer = null;
    this.tell("reset", room.id);
    this.tell("rooms");
  }

  /**
   * Learns of a version we may not have. If it does not arrive, syncs.
   * @param {Room | undefined} room
   * @param {number} version
   */
  hear(room, version) {
    if (!room) return;
    room.head = Math.max(room.head, version);
    if (room.head <= room.version || room.timer !== null || room.syncing) return;
    room.timer = this.setTimer(() => {
      room.timer = null;
      if (room.head > room.version) this.sync(room);
    }, HOLE_PATIENCE_MS);
  }

  /** @param {Room} room */
  sync(room) {
    if (!this.open || room.syncing) return;
    const asked = (room.asked = room.version);
    room.syncing = true;
    this.request({ type: "sync", room: room.id, version: asked, epoch: room.epoch }).then(
      () => {
        room.syncing = false;
        if (room.version === asked) room.head = asked; // the server has no more: the announced version was wrong
        this.hear(room, room.head);
      },
      (refusal) => {
        room.syncing = false;
        if (!this.open || !refusal.passing || this.rooms.get(room.id) !== room) return;
        this.setTimer(() => this.sync(room), (refusal.retryAfter ?? 1) * 1000);
      },
    );
  }

  /** @param {Record<number, number>} heads */
  compare(heads) {
    for (const room of this.rooms.values()) {
      const head = heads[room.id];
      if (head > room.version) this.hear(room, head);
      else if (head < room.version) this.sync(room); // a restored backup: the answer will be a reset
    }
    const same = Object.keys(heads).length === this.rooms.size && [...this.rooms.keys()].every((id) => id in heads);
    this.strangeHeads = same ? 0 : this.strangeHeads + 1;
    // Once, a `room` or `left` may still be in flight. Twice, it was lost, and only a new hello helps.
    if (this.strangeHeads === 2) this.restart();
  }

  /** @param {RoomState} fields */
  described(fields) {
    const room = this.rooms.get(fields.id);
    if (!room) this.rooms.set(fields.id, new Room(fields, this.epoch));
    else {
      const { seq } = room;
      room.describe(fields);
      room.seq = Math.max(seq, fields.seq);
      this.hear(room, fields.version);
    }
    this.tell("rooms");
  }

  left(id) {
    const room = this.rooms.get(id);
    if (!room) return;
    this.clearTimer(room.timer);
    this.rooms.delete(id);
    this.tell("left", id);
    this.tell("rooms");
  }

  /** @param {ReadElsewhere} frame */
  readElsewhere({ room: id, seq }) {
    const room = this.rooms.get(id);
    if (!room || seq <= room.read_seq) return;
    room.read_seq = seq;
    this.recountMentions(room);
    this.tell("rooms");
  }

  /** @param {TypingNow} frame */
  typing({ room: id, person }) {
    if (person.id === this.me?.id) return;
    const typists = this.typists.get(id) ?? new Map();
    this.typists.set(id, typists);
    this.stopTyping(id, person.id, false);
    const timer = this.setTimer(() => this.stopTyping(id, person.id), TYPING_MS);
    typists.set(person.id, { person, timer });
    this.tell("typing", id);
  }

  stopTyping(id, person, tell = true) {
    const typist = this.typists.get(id)?.get(person);
    if (!typist) return;
    this.clearTimer(typist.timer);
    this.typists.get(id)?.delete(person);
    if (tell) this.tell("typing", id);
  }
}
