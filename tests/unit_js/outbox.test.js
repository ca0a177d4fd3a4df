// Node has no IndexedDB, so the outbox uses notes alone; tests/browser shows that of a browser.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ADA, GENERAL, changes, hello, message, room } from "./frames.js";

globalThis.BroadcastChannel = class extends EventTarget {
  postMessage() {}
};
const { Outbox } = await import("../../rooms/static/rooms/js/log/outbox.js");
const { Store } = await import("../../rooms/static/rooms/js/log/store.js");

/** Lets everything that was promised happen. */
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

test("what is said is kept until it is acked", async () => {
  await say("hello");
  assert.deepEqual(await shelved(), ["hello"]);
  await ack(1);
  assert.deepEqual(await shelved(), []);
});

test("what is said is kept before it is shown", async () => {
  const kept = [];
  store.subscribe((what) => what === "outbox" && kept.push(Object.keys(localStorage).length));
  const adding = outbox.add({ room: GENERAL, body: "hello" });
  assert.deepEqual(kept, [1]);
  await adding;
});

test("what cannot be kept is sent all the same", async () => {
  localStorage.setItem = () => {
    throw new Error("full");
  };
  await say("hello");
  await outbox.load();
  assert.deepEqual(shown(), ["hello"]);
  assert.deepEqual(sent.map((frame) => frame.body), ["hello"]);
  await ack(1);
});

test("what is acked is shown until the message itself is here", async () => {
  await say("hello");
  await ack(1);
  assert.deepEqual(shown(), ["hello"]);
  store.receive(changes([mine(1)]));
  assert.deepEqual(shown(), []);
});

test("a message that arrives without its ack is not kept", async () => {
  await say("hello");
  store.receive(changes([mine(1)]));
  await settled();
  assert.deepEqual(shown(), []);
  assert.deepEqual(await shelved(), []);
});

test("what was sent without an ack is sent again with the same cid", async () => {
  await say("hello");
  store.disconnected();
  await settled();
  store.receive(hello([room()]));
  await settled();
  assert.equal(sent.length, 2);
  assert.equal(sent[0].cid, sent[1].cid);
});

test("messages go out one after the other, in the order in which they were written", async () => {
  await say("one");
  await say("two");
  assert.deepEqual(sent.map((frame) => frame.body), ["one"]);
  await ack(1);
  assert.deepEqual(sent.map((frame) => frame.body), ["one", "two"]);
});

test("a refused message stays and is not sent again by itself", async () => {
  await say("hello");
  await refuse("too_large");
  assert.ok(outbox.of(GENERAL)[0].error);
  store.receive(hello([room()]));
  await settled();
  assert.equal(sent.length, 1);
  assert.deepEqual(await shelved(), ["hello"]);
});

test("trying again sends a refused message", async () => {
  await say("hello");
  await refuse("too_large");
  await outbox.retry(sent[0].cid);
  await settled();
  assert.equal(sent.length, 2);
  assert.equal(sent[1].cid, sent[0].cid);
  assert.equal(outbox.of(GENERAL)[0].error, null);
});

test("cancelling takes a refused message away for good", async () => {
  await say("hello");
  await refuse("too_large");
  await outbox.cancel(sent[0].cid);
  assert.deepEqual(shown(), []);
  assert.deepEqual(await shelved(), []);
});

test("what is refused in a room that is gone is told and not kept", async () => {
  await say("hello");
  store.receive({ type: "left", room: GENERAL });
  await refuse("not_found");
  assert.deepEqual(lost.map((entry) => entry.body), ["hello"]);
  assert.deepEqual(await shelved(), []);
});

test("what is said offline is sent after the next hello", async () => {
  store.disconnected();
  await say("later");
  assert.deepEqual(sent, []);
  assert.deepEqual(await shelved(), ["later"]);
  store.receive(hello([room()]));
  await settled();
  assert.deepEqual(sent.map(({ body }) => body), ["later"]);
});

test("fields of capabilities go along with the message", async () => {
  await outbox.add({ room: GENERAL, body: "Lunch?", replyTo: 12, along: { poll: { choices: ["a", "b"] } } });
  await settled();
  const [frame] = sent;
  assert.deepEqual(frame, { type: "send", ref: frame.ref, cid: frame.cid, room: GENERAL, body: "Lunch?", reply_to: 12, poll: { choices: ["a", "b"] } });
});
