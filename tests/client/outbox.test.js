import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Outbox } from "../../rooms/static/rooms/js/log/outbox.js";
import { Refusal } from "../../rooms/static/rooms/js/log/store.js";

// node has no IndexedDB, so the shelf is what a private window has: memory.
const ADA = 1;
const ROOM = 7;
const outboxes = [];

afterEach(() => {
  for (const outbox of outboxes.splice(0)) outbox.otherTabs.close();
});

/** A store whose `change` answers with what `answer` returns or throws. */
function storeOf(answer) {
  const listeners = [];
  const store = {
    open: true,
    sent: [],
    rooms: new Map([[ROOM, { version: 0, cids: new Set() }]]),
    subscribe: (listener) => listeners.push(listener),
    tell: (what, room = null) => listeners.forEach((listener) => listener(what, room)),
    async change(frame) {
      store.sent.push(frame);
      return answer(frame);
    },
  };
  return store;
}

function outboxOf(store, onLost = () => {}) {
  const outbox = new Outbox(store, ADA, onLost);
  outboxes.push(outbox);
  return outbox;
}

const shelved = async (outbox) => (await (await outbox.shelf).all(ADA)).map(({ body }) => body);

test("what is acknowledged leaves the shelf, and the outbox when the message has come", async () => {
  const store = storeOf(() => ({ version: 4 }));
  const outbox = outboxOf(store);
  await outbox.add({ room: ROOM, body: "hello" });
  await wait(20);
  assert.deepEqual(await shelved(outbox), []);
  assert.deepEqual(outbox.of(ROOM).map(({ body }) => body), ["hello"]);
  store.rooms.get(ROOM).version = 4;
  store.tell("messages", ROOM);
  assert.deepEqual(outbox.of(ROOM), []);
  outbox.flush();
  await wait(20);
  assert.equal(store.sent.length, 1);
});

test("a message that came before its ack is not sent again", async () => {
  const store = storeOf(() => new Promise(() => {}));
  const outbox = outboxOf(store);
  await outbox.add({ room: ROOM, body: "hello" });
  const [{ cid }] = outbox.of(ROOM);
  store.rooms.get(ROOM).cids.add(cid);
  store.tell("messages", ROOM);
  await wait(20);
  assert.deepEqual(outbox.of(ROOM), []);
  assert.deepEqual(await shelved(outbox), []);
});

test("messages arrive in the order in which they were written", async () => {
  let running = 0;
  const store = storeOf(async () => {
    assert.equal(++running, 1);
    await wait(5);
    running--;
    return { version: 1 };
  });
  const outbox = outboxOf(store);
  for (const body of ["one", "two", "three"]) {
    await outbox.add({ room: ROOM, body });
    await wait(1);
  }
  await wait(60);
  assert.deepEqual(store.sent.map(({ body }) => body), ["one", "two", "three"]);
});

test("nothing is sent offline, and all of it afterwards", async () => {
  const store = storeOf(() => ({ version: 1 }));
  store.open = false;
  const outbox = outboxOf(store);
  await outbox.add({ room: ROOM, body: "later" });
  await wait(20);
  assert.deepEqual(store.sent, []);
  assert.deepEqual(await shelved(outbox), ["later"]);
  store.open = true;
  store.tell("hello");
  await wait(20);
  assert.deepEqual(store.sent.map(({ body }) => body), ["later"]);
});

test("what was refused waits for `retry`, with the reason", async () => {
  let refusals = 1;
  const store = storeOf(() => {
    if (refusals-- > 0) throw new Refusal({ code: "forbidden", detail: "No." });
    return { version: 1 };
  });
  const outbox = outboxOf(store);
  await outbox.add({ room: ROOM, body: "hello" });
  await wait(20);
  const [entry] = outbox.of(ROOM);
  assert.match(entry.error, /not allowed/);
  outbox.flush();
  await wait(20);
  assert.equal(store.sent.length, 1);
  await outbox.retry(entry.cid);
  await wait(20);
  assert.deepEqual(store.sent.map(({ cid }) => cid), [entry.cid, entry.cid]);
  assert.deepEqual(await shelved(outbox), []);
});

test("what is cancelled is neither kept nor sent", async () => {
  const store = storeOf(() => ({ version: 1 }));
  store.open = false;
  const outbox = outboxOf(store);
  await outbox.add({ room: ROOM, body: "never mind" });
  await outbox.cancel(outbox.of(ROOM)[0].cid);
  assert.deepEqual(outbox.of(ROOM), []);
  assert.deepEqual(await shelved(outbox), []);
  store.open = true;
  store.tell("hello");
  await wait(20);
  assert.deepEqual(store.sent, []);
});

test("what can no longer be shown where it was written is handed back", async () => {
  const lost = [];
  const store = storeOf(() => {
    store.rooms.delete(ROOM);
    throw new Refusal({ code: "not_found" });
  });
  const outbox = outboxOf(store, ({ body }) => lost.push(body));
  await outbox.add({ room: ROOM, body: "too late" });
  await wait(20);
  assert.deepEqual(lost, ["too late"]);
  assert.deepEqual(await shelved(outbox), []);
});

test("fields of capabilities go along with the message", async () => {
  const store = storeOf(() => ({ version: 1 }));
  const outbox = outboxOf(store);
  await outbox.add({ room: ROOM, body: "Lunch?", replyTo: 12, along: { poll: { choices: ["a", "b"] } } });
  await wait(20);
  const [frame] = store.sent;
  assert.deepEqual(frame, { type: "send", cid: frame.cid, room: ROOM, body: "Lunch?", reply_to: 12, poll: { choices: ["a", "b"] } });
});
