import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOf } from "../../rooms/static/rooms/js/log/names.js";
import { Store } from "../../rooms/static/rooms/js/log/store.js";
import { ADA, BOB, GENERAL, changes, hello, message, room } from "./frames.js";

function open(rooms, timers = { setTimer: () => 0, clearTimer: () => {} }) {
  const sent = [];
  let restarts = 0;
  const store = new Store({ send: (frame) => void sent.push(frame), restart: () => restarts++, ...timers });
  store.receive(hello(rooms));
  return { store, sent, restarts: () => restarts, general: store.rooms.get(GENERAL) };
}

const pong = (heads) => ({ type: "pong", ref: "ping", heads });

test("a page of history does not replace a newer version of a message", () => {
  const { store, general } = open();
  store.receive(changes([message(1)]));
  store.receive(changes([message(1, { version: 2, body: "edited" })]));
  store.receive({ type: "history", room: GENERAL, version: 2, messages: [message(1)] });
  assert.equal(general.messages.get(1).body, "edited");
  assert.equal(general.messages.get(1).version, 2);
});

test("a newer version replaces an older one", () => {
  const { store, general } = open();
  store.receive(changes([message(1)]));
  store.receive(changes([message(1, { version: 2, body: "edited" })]));
  assert.equal(general.messages.get(1).body, "edited");
});

test("an unannounced room causes a new hello at the second pong", () => {
  const { store, restarts } = open();
  store.receive(pong({ [GENERAL]: 0, 2: 0 }));
  assert.equal(restarts(), 0, "its frame may still be in flight");
  store.receive(pong({ [GENERAL]: 0, 2: 0 }));
  assert.equal(restarts(), 1);
});

test("a room that was left unnoticed causes a new hello at the second pong", () => {
  const { store, restarts } = open([room(), room({ id: 2, slug: "other", name: "Other" })]);
  store.receive(pong({ [GENERAL]: 0 }));
  store.receive(pong({ [GENERAL]: 0 }));
  assert.equal(restarts(), 1);
});

test("a single odd pong is ignored", () => {
  const { store, restarts } = open();
  const strange = { [GENERAL]: 0, 2: 0 };
  for (const heads of [strange, { [GENERAL]: 0 }, strange, { [GENERAL]: 0 }]) store.receive(pong(heads));
  assert.equal(restarts(), 0);
});

test("one room replacing another is noticed", () => {
  const { store, restarts } = open();
  for (let pongs = 0; pongs < 2; pongs++) store.receive(pong({ 2: 0 }));
  assert.equal(restarts(), 1);
});

test("only unread mentions of me are counted", () => {
  const { store, general } = open();
  store.receive(changes([message(1, { mentions: [ADA.id] }), message(2, { mentions: [7] }), message(3, { mentions: [ADA.id, 7] })]));
  assert.equal(general.mentions, 2);
});

test("a mention counts until it is read", () => {
  const { store, general } = open();
  store.receive(changes([message(1, { mentions: [ADA.id] }), message(2), message(3, { mentions: [ADA.id] })]));
  store.markRead(GENERAL, 2);
  assert.equal(general.mentions, 1);
  store.receive({ type: "read", room: GENERAL, seq: 3 });
  assert.equal(general.mentions, 0);
});

test("an edit that removes a mention reduces the count", () => {
  const { store, general } = open();
  store.receive(changes([message(1, { mentions: [ADA.id] })]));
  store.receive(changes([message(1, { version: 2, mentions: [] })]));
  assert.equal(general.mentions, 0);
});

test("mentions in messages not loaded keep the server's count", () => {
  const { store, general } = open([room({ seq: 50, version: 50, read_seq: 10, unread: 40, mentions: 3 })]);
  store.receive(changes([message(51)]));
  assert.equal(general.mentions, 3);
  store.receive({ type: "read", room: GENERAL, seq: 50 });
  assert.equal(general.mentions, 0, "the unread messages are loaded and mention nobody");
});

test("a mention in a read message does not count when its page loads", () => {
  const { store, general } = open([room({ seq: 50, version: 50, read_seq: 10, unread: 40 })]);
  store.receive({ type: "history", room: GENERAL, version: 50, messages: [message(9, { mentions: [ADA.id] }), message(10)] });
  assert.equal(general.mentions, 0);
});

test("read marks do not move back", () => {
  const { store, sent, general } = open([room({ seq: 5, version: 5, read_seq: 4, unread: 1 })]);
  store.markRead(GENERAL, 2);
  store.receive({ type: "read", room: GENERAL, seq: 3 });
  assert.equal(general.read_seq, 4);
  assert.deepEqual(sent, []);
});

test("changes that arrive early wait for the missing ones", () => {
  const { store, general } = open();
  store.receive(changes([message(2)]));
  assert.equal(general.messages.size, 0);
  store.receive(changes([message(1)]));
  assert.equal(general.version, 2);
  assert.deepEqual([...general.messages.keys()], [1, 2]);
});

test("a hole that is not filled in time is asked for, from the version before it", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { store, sent, general } = open([room()], {});
  store.receive(changes([message(1)]));
  store.receive(changes([message(3)]));
  context.mock.timers.tick(299);
  assert.deepEqual(sent, []);
  context.mock.timers.tick(1);
  assert.deepEqual(sent.map(({ type, version }) => [type, version]), [["sync", 1]]);
  assert.equal(general.version, 1);
});

test("a hole that is filled in time is not asked for", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { store, sent } = open([room()], {});
  store.receive(changes([message(2)]));
  store.receive(changes([message(1)]));
  context.mock.timers.tick(300);
  assert.deepEqual(sent, []);
});

test("a pong that is ahead is asked for when nothing else comes", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { store, sent } = open([room({ seq: 3, version: 3 })], {});
  store.receive(pong({ [GENERAL]: 5 }));
  context.mock.timers.tick(300);
  assert.deepEqual(sent.map(({ type, version }) => [type, version]), [["sync", 3]]);
});

test("a frame that comes again changes nothing", () => {
  const { store, general } = open();
  const late = changes([message(1), message(2)], 0);
  store.receive(late);
  store.receive(changes([message(1, { version: 3, body: "edited" })]));
  store.receive(late);
  assert.equal(general.version, 3);
  assert.equal(general.messages.get(1).body, "edited");
});

test("a mark that somebody types lasts five seconds", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { store, general } = open([room()], {});
  store.receive({ type: "typing", room: general.id, person: BOB });
  context.mock.timers.tick(4999);
  assert.equal(store.typists.get(general.id).size, 1);
  context.mock.timers.tick(1);
  assert.equal(store.typists.get(general.id).size, 0);
});

test("absent fields become empty", () => {
  const { store, general } = open();
  store.receive(changes([message(1)]));
  const { edited_at, deleted, reply_to, thread, reactions, mentions } = general.messages.get(1);
  assert.deepEqual([edited_at, deleted, reply_to, thread, reactions, mentions], [null, false, null, null, [], []]);
});

test("my own message counts as read only if I was up to date", () => {
  const { store, general } = open();
  store.receive(changes([message(1, { author: ADA })]));
  assert.equal(general.unread, 0);
  store.receive(changes([message(2), message(3, { author: ADA })]));
  assert.equal(general.unread, 2);
});

test("a head behind mine syncs at once: the database has changed", () => {
  const { store, sent } = open([room({ seq: 5, version: 5 })]);
  store.receive(pong({ [GENERAL]: 3 }));
  assert.deepEqual(sent.map(({ type, version }) => [type, version]), [["sync", 5]]);
});

test("a new epoch drops everything", () => {
  const { store } = open();
  const told = [];
  store.receive(changes([message(1)]));
  store.subscribe((what, id) => told.push([what, id]));
  store.receive(hello([room({ seq: 1, version: 1 })], { epoch: "another epoch" }));
  assert.equal(store.rooms.get(GENERAL).messages.size, 0);
  assert.ok(told.some(([what, id]) => what === "reset" && id === GENERAL));
});

test("names are looked up without a scan", () => {
  const { store, general } = open();
  const author = (index) => ({ id: 2 + (index % 60), handle: "n", name: `N${index % 60}` });
  store.receive(changes(Array.from({ length: 500 }, (_none, index) => message(index + 1, { author: author(index) })), 0));
  let accesses = 0;
  general.messages = new Proxy(general.messages, { get: (messages, name) => (accesses++, Reflect.get(messages, name, messages)) });
  for (let chip = 0; chip < 60; chip++) assert.equal(namesOf(store, [2 + chip]), `N${chip}`);
  assert.equal(namesOf(store, [ADA.id, 2, 999]), "You and N0");
  assert.equal(accesses, 0);
});

test("presence and typing are per person", () => {
  const { store, general } = open();
  store.receive({ type: "presence", people: { [BOB.id]: "online" } });
  assert.equal(store.presence.get(BOB.id), "online");
  for (const person of [ADA, BOB]) store.receive({ type: "typing", room: general.id, person });
  assert.deepEqual([...store.typists.get(general.id).keys()], [BOB.id]);
});

test("a capability gets its frames after the store", () => {
  const { store, general } = open();
  const heard = [];
  store.on("changes", ({ to }) => heard.push([to, general.version]));
  store.on("poll", ({ type }) => heard.push(type));
  store.receive(changes([message(1)]));
  store.receive({ type: "poll" });
  assert.deepEqual(heard, [[1, 1], "poll"]);
});
