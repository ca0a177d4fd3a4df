// Node has no IndexedDB, so the outbox only uses localStorage; tests/browser covers IndexedDB.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ADA, GENERAL, changes, hello, message, room } from "./frames.js";

globalThis.BroadcastChannel = class extends EventTarget {
  postMessage() {}
};
const { Outbox } = await import("../../rooms/static/rooms/js/log/outbox.js");
const { Store } = await import("../../rooms/static/rooms/js/log/store.js");

/** Lets all pending promises settle. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const STORAGE = {
  getItem(key) {
    return this[key] ?? null;
  },
  setItem(key, text) {
    this[key] = text;
  },
  removeItem(key) {
    delete this[key];
  },
};

let store, outbox, sent, lost;

beforeEach(async () => {
  globalThis.localStorage = Object.create(STORAGE);
  sent = [];
  lost = [];
  store = new Store({ send: (frame) => void sent.push(frame), setTimer: () => 0, clearTimer: () => {} });
  store.receive(hello([room()]));
  outbox = new Outbox(store, ADA.id, (entry) => lost.push(entry));
  await settled();
});

afterEach(() => store.disconnected());

async function say(body) {
  await outbox.add({ room: GENERAL, body });
  await settled();
}

async function answer(frame) {
  store.receive({ ref: sent.at(-1).ref, ...frame });
  await settled();
}

const ack = (seq) => answer({ type: "ack", room: GENERAL, message: 100 + seq, seq, version: seq });
const refuse = (code) => answer({ type: "error", code, detail: "No." });
const mine = (seq) => message(seq, { author: ADA, cid: sent.at(-1).cid });
const shelved = async () => (await (await outbox.shelf).all(ADA.id)).map((entry) => entry.body);
const shown = () => outbox.of(GENERAL).map((entry) => entry.body);

test("a message is kept until it is acked", async () => {
  await say("hello");
  assert.deepEqual(await shelved(), ["hello"]);
  await ack(1);
  assert.deepEqual(await shelved(), []);
});

test("a message is stored before it is shown", async () => {
  const kept = [];
  store.subscribe((what) => what === "outbox" && kept.push(Object.keys(localStorage).length));
  const adding = outbox.add({ room: GENERAL, body: "hello" });
  assert.deepEqual(kept, [1]);
  await adding;
});

test("a message that cannot be stored is sent anyway", async () => {
  localStorage.setItem = () => {
    throw new Error("full");
  };
  await say("hello");
  await outbox.load();
  assert.deepEqual(shown(), ["hello"]);
  assert.deepEqual(sent.map((frame) => frame.body), ["hello"]);
  await ack(1);
});

test("an acked message is shown until it arrives", async () => {
  await say("hello");
  await ack(1);
  assert.deepEqual(shown(), ["hello"]);
  store.receive(changes([mine(1)]));
  assert.deepEqual(shown(), []);
});

test("a message that arrives before its ack is dropped", async () => {
  await say("hello");
  store.receive(changes([mine(1)]));
  await settled();
  assert.deepEqual(shown(), []);
  assert.deepEqual(await shelved(), []);
});

test("an unacked message is resent with the same cid", async () => {
  await say("hello");
  store.disconnected();
  await settled();
  store.receive(hello([room()]));
  await settled();
  assert.equal(sent.length, 2);
  assert.equal(sent[0].cid, sent[1].cid);
});

test("messages are sent one at a time, in order", async () => {
  await say("one");
  await say("two");
  assert.deepEqual(sent.map((frame) => frame.body), ["one"]);
  await ack(1);
  assert.deepEqual(sent.map((frame) => frame.body), ["one", "two"]);
});

test("a refused message stays and is not resent automatically", async () => {
  await say("hello");
  await refuse("too_large");
  assert.ok(outbox.of(GENERAL)[0].error);
  store.receive(hello([room()]));
  await settled();
  assert.equal(sent.length, 1);
  assert.deepEqual(await shelved(), ["hello"]);
});

test("retry sends a refused message", async () => {
  await say("hello");
  await refuse("too_large");
  await outbox.retry(sent[0].cid);
  await settled();
  assert.equal(sent.length, 2);
  assert.equal(sent[1].cid, sent[0].cid);
  assert.equal(outbox.of(GENERAL)[0].error, null);
});

test("cancelling removes a refused message permanently", async () => {
  await say("hello");
  await refuse("too_large");
  await outbox.cancel(sent[0].cid);
  assert.deepEqual(shown(), []);
  assert.deepEqual(await shelved(), []);
});

test("a message refused in a removed room is reported and dropped", async () => {
  await say("hello");
  store.receive({ type: "left", room: GENERAL });
  await refuse("not_found");
  assert.deepEqual(lost.map((entry) => entry.body), ["hello"]);
  assert.deepEqual(await shelved(), []);
});

test("a message written offline is sent after the next hello", async () => {
  store.disconnected();
  await say("later");
  assert.deepEqual(sent, []);
  assert.deepEqual(await shelved(), ["later"]);
  store.receive(hello([room()]));
  await settled();
  assert.deepEqual(sent.map(({ body }) => body), ["later"]);
});

test("fields of capabilities are sent with the message", async () => {
  await outbox.add({ room: GENERAL, body: "Lunch?", replyTo: 12, along: { poll: { choices: ["a", "b"] } } });
  await settled();
  const [frame] = sent;
  assert.deepEqual(frame, { type: "send", ref: frame.ref, cid: frame.cid, room: GENERAL, body: "Lunch?", reply_to: 12, poll: { choices: ["a", "b"] } });
});
