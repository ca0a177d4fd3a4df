import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOf } from "../../rooms/static/rooms/js/log/names.js";
import { Store } from "../../rooms/static/rooms/js/log/store.js";

const ADA = { id: 1, handle: "ada", name: "Ada" };
const BOB = { id: 2, handle: "bob", name: "Bob" };

const room = (more = {}) => ({
  id: 1, slug: "general", name: "General", kind: "public", topic: "", seq: 0, version: 0, read_seq: 0, unread: 0, mentions: 0,
  role: "member", notify: "all", archived: false, ...more,
});
const hello = (rooms, epoch = "one") => ({ type: "hello", epoch, person: ADA, rooms, protocol: 2, heartbeat: 20 });
const message = (seq, more = {}) => ({
  id: 100 + seq, seq, version: seq, cid: `cid-${seq}`, author: BOB, body: `line ${seq}`, html: "", created_at: "2026-03-02T12:00:00.000Z", ...more,
});
const changes = (from, to, messages) => ({ type: "changes", room: 1, from, to, messages });
const pong = (heads) => ({ type: "pong", ref: "ping", heads });

/** A store that has greeted, what it sent, and how often it asked for a new socket. */
function greeted(...rooms) {
  const sent = [];
  const timers = [];
  const seen = { sent, timers, restarts: 0, told: [] };
  seen.store = new Store({
    send: (frame) => void sent.push(frame),
    restart: () => seen.restarts++,
    setTimer: (action) => timers.push(action),
    clearTimer: () => {},
  });
  seen.store.subscribe((what, id) => seen.told.push([what, id]));
  seen.store.receive(hello(rooms.length ? rooms : [room()]));
  seen.room = seen.store.rooms.get(1);
  return seen;
}

test("an older version does not replace a newer one", () => {
  const { store, room: held } = greeted();
  store.receive(changes(0, 1, [message(1)]));
  store.receive(changes(1, 2, [message(1, { version: 2, body: "edited" })]));
  store.receive({ type: "history", ref: 9, room: 1, version: 2, messages: [message(1)], more_before: false, more_after: false });
  assert.equal(held.messages.get(1).body, "edited");
});

test("changes that overtook others wait for them", () => {
  const { store, room: held } = greeted();
  store.receive(changes(1, 2, [message(2)]));
  assert.equal(held.version, 0);
  assert.equal(held.messages.size, 0);
  store.receive(changes(0, 1, [message(1)]));
  assert.equal(held.version, 2);
  assert.deepEqual([...held.messages.keys()], [1, 2]);
});

test("what is absent on the wire is empty here", () => {
  const { store, room: held } = greeted();
  store.receive(changes(0, 1, [message(1)]));
  const { edited_at, deleted, reply_to, thread, reactions, mentions } = held.messages.get(1);
  assert.deepEqual([edited_at, deleted, reply_to, thread, reactions, mentions], [null, false, null, null, [], []]);
});

test("mentions of me are counted until I have read them", () => {
  const { store, room: held } = greeted();
  store.receive(changes(0, 3, [message(1, { mentions: [ADA.id] }), message(2, { mentions: [BOB.id] }), message(3, { mentions: [BOB.id, ADA.id] })]));
  assert.deepEqual([held.unread, held.mentions], [3, 2]);
  store.markRead(1, 1);
  assert.deepEqual([held.unread, held.mentions], [2, 1]);
  store.receive({ type: "read", room: 1, seq: 3 });
  assert.deepEqual([held.unread, held.mentions], [0, 0]);
});

test("the server's count of mentions stands where not all that is unread is held", () => {
  const { store, room: held } = greeted(room({ seq: 50, version: 50, unread: 50, mentions: 4 }));
  store.receive(changes(50, 51, [message(51, { mentions: [ADA.id] })]));
  assert.deepEqual([held.unread, held.mentions], [51, 4]);
});

test("what I write counts as read only if I had read all before it", () => {
  const { store, room: held } = greeted();
  store.receive(changes(0, 1, [message(1, { author: ADA })]));
  assert.equal(held.unread, 0);
  store.receive(changes(1, 3, [message(2), message(3, { author: ADA })]));
  assert.equal(held.unread, 2);
});

test("a read mark never moves back", () => {
  const { store, room: held } = greeted(room({ seq: 9, version: 9, read_seq: 7, unread: 2 }));
  store.receive({ type: "read", room: 1, seq: 3 });
  store.receive({ type: "room", room: room({ seq: 9, version: 9, read_seq: 5, unread: 4 }) });
  store.markRead(1, 4);
  assert.equal(held.read_seq, 7);
});

test("a lost `room` or `left` is mended by a new hello, after the second strange pong", () => {
  const seen = greeted();
  seen.store.receive(pong({ 1: 0, 2: 0 })); // a room that nobody told of
  assert.equal(seen.restarts, 0);
  seen.store.receive(pong({ 1: 0, 2: 0 }));
  assert.equal(seen.restarts, 1);

  seen.store.receive(hello([room(), room({ id: 2, slug: "two" })]));
  seen.store.receive(pong({ 1: 0 })); // and now one that nobody said I had left
  seen.store.receive(pong({ 1: 0 }));
  assert.equal(seen.restarts, 2);
});

test("one strange pong between good ones is not worth a new socket", () => {
  const seen = greeted();
  for (let times = 0; times < 3; times++) {
    seen.store.receive(pong({ 1: 0, 2: 0 }));
    seen.store.receive(pong({ 1: 0 }));
  }
  assert.equal(seen.restarts, 0);
});

test("a head that is behind asks at once, one that is ahead waits a moment", () => {
  const seen = greeted(room({ seq: 5, version: 5 }));
  seen.store.receive(pong({ 1: 7 }));
  assert.deepEqual(seen.sent, []);
  seen.timers.at(-1)();
  assert.deepEqual(seen.sent.map(({ type, version }) => [type, version]), [["sync", 5]]);

  const restored = greeted(room({ seq: 5, version: 5 }));
  restored.store.receive(pong({ 1: 3 }));
  assert.deepEqual(restored.sent.map(({ type, version }) => [type, version]), [["sync", 5]]);
});

test("another life of the database begins with nothing held", () => {
  const seen = greeted();
  seen.store.receive(changes(0, 1, [message(1)]));
  seen.store.receive(hello([room({ seq: 1, version: 1 })], "two"));
  assert.equal(seen.store.rooms.get(1).messages.size, 0);
  assert.deepEqual(seen.told.filter(([what]) => what === "reset"), [["reset", 1]]);
});

test("names are looked up without a walk over what is held", () => {
  const { store, room: held } = greeted();
  store.receive(changes(0, 500, Array.from({ length: 500 }, (_none, index) => message(index + 1, { author: { id: 2 + (index % 60), name: `N${index % 60}` } }))));
  let accesses = 0;
  held.messages = new Proxy(held.messages, { get: (messages, name) => (accesses++, Reflect.get(messages, name, messages)) });
  for (let chip = 0; chip < 60; chip++) assert.equal(namesOf(store, [2 + chip]), `N${chip}`);
  assert.equal(namesOf(store, [ADA.id, 2, 999]), "You and N0");
  assert.equal(accesses, 0);
});

test("a capability hears its frames after the store has taken them in", () => {
  const { store, room: held } = greeted();
  const heard = [];
  store.on("changes", (frame) => heard.push([frame.to, held.version]));
  store.on("poll", (frame) => heard.push(frame.type));
  store.receive(changes(0, 1, [message(1)]));
  store.receive({ type: "poll" });
  assert.deepEqual(heard, [[1, 1], "poll"]);
});

test("presence and typing are told of people", () => {
  const { store, timers } = greeted();
  store.receive({ type: "presence", people: { 2: "online" } });
  assert.equal(store.presence.get(BOB.id), "online");
  store.receive({ type: "typing", room: 1, person: ADA });
  store.receive({ type: "typing", room: 1, person: BOB });
  assert.deepEqual([...store.typists.get(1).keys()], [BOB.id]);
  timers.at(-1)();
  assert.deepEqual([...store.typists.get(1).keys()], []);
});
