import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Socket } from "../../rooms/static/rooms/js/log/socket.js";

const listeners = new Map();
globalThis.addEventListener = (type, listener) => listeners.set(type, listener);
globalThis.document = { visibilityState: "visible", addEventListener: (type, listener) => listeners.set(type, listener) };

const opened = [];

class FakeWebSocket extends EventTarget {
  static OPEN = 1;
  readyState = 1;
  sent = [];

  constructor(url) {
    super();
    this.url = url;
    opened.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code = 1000) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }

  hear(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }
}

globalThis.WebSocket = FakeWebSocket;

function connect() {
  const seen = { states: [], frames: [], closed: 0 };
  seen.socket = new Socket("ws://test/ws/", {
    onFrame: (frame) => seen.frames.push(frame.type),
    onState: (state) => seen.states.push(state),
    onClosed: () => seen.closed++,
  });
  seen.socket.connect();
  return seen;
}

beforeEach(() => {
  opened.length = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  mock.restoreAll();
});

test("pings as often as the server says, and stays while it answers", () => {
  const seen = connect();
  opened[0].hear({ type: "hello", heartbeat: 20 });
  for (let minute = 0; minute < 3; minute++) {
    mock.timers.tick(20_000);
    opened[0].hear({ type: "pong", heads: {} });
  }
  assert.deepEqual(opened[0].sent.map(({ type }) => type), ["ping", "ping", "ping"]);
  assert.deepEqual(seen.states, ["open"]);
});

test("a server that does not answer a ping is given up after ten seconds", () => {
  const seen = connect();
  opened[0].hear({ type: "hello", heartbeat: 20 });
  mock.timers.tick(20_000);
  mock.timers.tick(9_999);
  assert.equal(seen.closed, 0);
  mock.timers.tick(1);
  assert.equal(seen.closed, 1);
  assert.equal(seen.states.at(-1), "waiting");
});

test("a server that never says hello is given up after fifteen seconds", () => {
  const seen = connect();
  mock.timers.tick(15_000);
  assert.equal(seen.closed, 1);
});

test("waits longer after each failure, up to thirty seconds", () => {
  mock.method(Math, "random", () => 1);
  connect();
  const delays = [];
  for (let failure = 0; failure < 9; failure++) {
    const before = opened.length;
    opened.at(-1).close(1006);
    let waited = 0;
    for (; opened.length === before; waited += 500) mock.timers.tick(500);
    delays.push(waited);
  }
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test("a hello makes the next wait short again", () => {
  mock.method(Math, "random", () => 1);
  connect();
  for (let failure = 0; failure < 4; failure++) {
    opened.at(-1).close(1006);
    mock.timers.tick(30_000);
  }
  opened.at(-1).hear({ type: "hello", heartbeat: 20 });
  const before = opened.length;
  opened.at(-1).close(1006);
  mock.timers.tick(500);
  assert.equal(opened.length, before + 1);
});

test("comes back when the server said after a bye", () => {
  mock.method(Math, "random", () => 1);
  connect();
  opened[0].hear({ type: "hello", heartbeat: 20 });
  opened[0].hear({ type: "bye", after_ms: 3200 });
  opened[0].close(1012);
  mock.timers.tick(3199);
  assert.equal(opened.length, 1);
  mock.timers.tick(1);
  assert.equal(opened.length, 2);
});

test("does not come back where the answer would be the same", () => {
  for (const [code, state] of [[4400, "outdated"], [4401, "signed-out"], [4403, "refused"]]) {
    const seen = connect();
    const before = opened.length;
    opened.at(-1).close(code);
    mock.timers.tick(120_000);
    assert.equal(seen.states.at(-1), state);
    assert.equal(opened.length, before);
  }
});

test("comes back at once when the network does", () => {
  mock.method(Math, "random", () => 1);
  connect();
  opened[0].close(1006);
  listeners.get("online")();
  assert.equal(opened.length, 2);
});

test("asks at once, when somebody looks again, whether the connection still lives", () => {
  connect();
  opened[0].hear({ type: "hello", heartbeat: 20 });
  mock.timers.tick(11_000);
  listeners.get("visibilitychange")();
  assert.deepEqual(opened[0].sent.map(({ type }) => type), ["ping"]);
});

test("a socket that was given up says nothing more", () => {
  const seen = connect();
  const [first] = opened;
  mock.timers.tick(15_000);
  mock.timers.tick(30_000);
  first.hear({ type: "changes" });
  assert.deepEqual(seen.frames, []);
});
