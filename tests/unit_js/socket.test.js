import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { hello } from "./frames.js";

class FakeWebSocket extends EventTarget {
  static OPEN = 1;
  static made = [];
  readyState = 1;
  sent = [];

  constructor() {
    super();
    FakeWebSocket.made.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }

  /** The server sends a frame. */
  say(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }

  /** The server closes the socket. */
  end(code) {
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

const page = new EventTarget();
globalThis.WebSocket = FakeWebSocket;
globalThis.addEventListener = page.addEventListener.bind(page);
globalThis.document = new EventTarget();
const { Socket } = await import("../../rooms/static/rooms/js/log/socket.js");

const HEARTBEAT_MS = 20_000;
const PONG_PATIENCE_MS = 10_000;
const FIRST_WAIT_MS = 500; // at most
const LONGEST_WAIT_MS = 30_000;
let socket, states, closed;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  FakeWebSocket.made = [];
  states = [];
  closed = 0;
  socket = new Socket("ws://chat/ws/", { onFrame: () => {}, onState: (state) => states.push(state), onClosed: () => closed++ });
  socket.connect();
});

const latest = () => FakeWebSocket.made.at(-1);

test("a ping is sent at every heartbeat", () => {
  const connection = latest();
  connection.say(hello());
  for (let beats = 1; beats <= 3; beats++) {
    mock.timers.tick(HEARTBEAT_MS);
    assert.equal(connection.sent.length, beats);
    assert.equal(connection.sent.at(-1).type, "ping");
    connection.say({ type: "pong", ref: "ping", heads: {} });
  }
  assert.equal(closed, 0);
});

test("hello sets the heartbeat", () => {
  latest().say({ ...hello(), heartbeat: 5 });
  mock.timers.tick(5000);
  assert.equal(latest().sent.length, 1);
});

test("an unanswered ping causes a reconnect", () => {
  latest().say(hello());
  mock.timers.tick(HEARTBEAT_MS);
  mock.timers.tick(PONG_PATIENCE_MS - 1);
  assert.equal(closed, 0);
  mock.timers.tick(1);
  assert.equal(closed, 1);
  assert.equal(states.at(-1), "waiting");
  mock.timers.tick(FIRST_WAIT_MS);
  assert.equal(FakeWebSocket.made.length, 2);
});

test("a closed connection sends no more pings", () => {
  const connection = latest();
  connection.say(hello());
  connection.end(1006);
  mock.timers.tick(HEARTBEAT_MS);
  assert.deepEqual(connection.sent, []);
});

test("final close codes stop reconnecting", () => {
  for (const [code, state] of [[4400, "outdated"], [4401, "signed-out"], [4403, "refused"]]) {
    const before = FakeWebSocket.made.length;
    latest().end(code);
    assert.equal(states.at(-1), state);
    mock.timers.tick(2 * LONGEST_WAIT_MS);
    assert.equal(FakeWebSocket.made.length, before);
    socket.connect();
  }
});

test("bye delays the reconnect", () => {
  latest().say(hello());
  latest().say({ type: "bye", after_ms: 1234 });
  latest().end(1012);
  mock.timers.tick(1233);
  assert.equal(FakeWebSocket.made.length, 1);
  mock.timers.tick(1);
  assert.equal(FakeWebSocket.made.length, 2);
});

test("a connection without hello is given up", () => {
  mock.timers.tick(14_999);
  assert.equal(closed, 0);
  mock.timers.tick(1);
  assert.equal(closed, 1);
});

test("backoff grows to half a minute, and hello resets it", () => {
  mock.method(Math, "random", () => 1);
  const waits = [];
  const wait = () => {
    const made = FakeWebSocket.made.length;
    latest().end(1006);
    let waited = 0;
    for (; FakeWebSocket.made.length === made; waited += 500) mock.timers.tick(500);
    waits.push(waited);
  };
  for (let failure = 0; failure < 8; failure++) wait();
  latest().say(hello());
  wait();
  mock.restoreAll();
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 500]);
});

test("not all come back in the same moment", () => {
  mock.method(Math, "random", () => 0.5);
  const before = FakeWebSocket.made.length;
  latest().end(1006);
  mock.timers.tick(FIRST_WAIT_MS / 2 - 1);
  assert.equal(FakeWebSocket.made.length, before);
  mock.timers.tick(1);
  mock.restoreAll();
  assert.equal(FakeWebSocket.made.length, before + 1);
});

test("a restored network reconnects at once", () => {
  latest().end(1006);
  assert.equal(states.at(-1), "waiting");
  page.dispatchEvent(new Event("online"));
  assert.equal(states.at(-1), "connecting");
});

test("a page that is looked at again ends the wait", () => {
  latest().end(1006);
  globalThis.document.visibilityState = "visible";
  globalThis.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(states.at(-1), "connecting");
});

test("every other code is a reason to come back", () => {
  for (const code of [1000, 1001, 1006, 4408, 4429]) {
    const before = FakeWebSocket.made.length;
    latest().end(code);
    mock.timers.tick(LONGEST_WAIT_MS);
    assert.ok(FakeWebSocket.made.length > before, `${code}`);
  }
});

test("an abandoned connection is ignored", () => {
  const [first] = FakeWebSocket.made;
  mock.timers.tick(15_000);
  first.say(hello());
  assert.ok(!states.includes("open"));
});
