import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE, ROWS_LIMIT, STEP, Window } from "../../rooms/static/rooms/js/conversation/window.js";

/** A log of `seq` messages, with those in the ranges loaded. */
function log(seq, ...ranges) {
  const messages = new Set();
  for (const [first, last] of ranges) for (let one = first; one <= last; one++) messages.add(one);
  return { seq, messages };
}

function opened(held, anchor) {
  const window = new Window(held);
  window.open(anchor);
  return window;
}

const ends = ({ first, last }) => [first, last];

test("opens around a seq, with one loaded message before the first row", () => {
  const window = opened(log(1000, [401, 600]), 500);
  assert.deepEqual(ends(window), [500 - PAGE + 1, 500 + PAGE]);
  assert.equal(window.following, false);
});

test("starts at the first message of the log if it is near", () => {
  assert.deepEqual(ends(opened(log(20, [1, 20]), 20)), [1, 20]);
  assert.equal(opened(log(20, [1, 20]), 20).following, true);
});

test("ends at a hole", () => {
  const window = opened(log(100, [1, 30], [40, 100]), 20);
  assert.deepEqual(ends(window), [1, 30]);
  assert.equal(window.following, false);
  assert.deepEqual(window.missing("newer"), { after: 30, limit: PAGE });
});

test("covers a screen only without a hole around the anchor", () => {
  assert.equal(new Window(log(1000, [470, 530])).covers(500), true);
  assert.equal(new Window(log(1000, [470, 499], [501, 530])).covers(500), false);
  assert.equal(new Window(log(510, [470, 510])).covers(500), true);
  assert.equal(new Window(log(1000, [1, 40])).covers(5), true);
  assert.equal(new Window(log(1000, [471, 530])).covers(500), false);
});

test("requests older messages before it runs out", () => {
  const window = opened(log(1000, [941, 1000]), 1000);
  assert.deepEqual(ends(window), [942, 1000]);
  assert.deepEqual(window.missing("older"), { before: 941, limit: PAGE });
  window.log.messages.add(940);
  assert.equal(window.missing("older"), null);
});

test("requests nothing before the first message", () => {
  assert.equal(opened(log(60, [1, 60]), 60).missing("older"), null);
});

test("moves in steps and never shows more rows than its limit", () => {
  const window = opened(log(2000, [1, 2000]), 2000);
  for (let steps = 0; steps < 100; steps++) {
    const { first } = window;
    window.move("older");
    assert.equal(first - window.first, Math.min(STEP, first - 1));
    assert.ok(window.last - window.first < ROWS_LIMIT);
  }
  assert.equal(window.first, 1);
  assert.equal(window.following, false);
  while (!window.following) {
    const { last } = window;
    window.move("newer");
    assert.equal(window.last - last, Math.min(STEP, 2000 - last));
    assert.ok(window.last - window.first < ROWS_LIMIT);
  }
  assert.equal(window.last, 2000);
});

test("at the end, shows new messages and drops the oldest rows", () => {
  const held = log(400, [1, 400]);
  const window = opened(held, 400);
  held.seq = 900;
  for (let seq = 401; seq <= 900; seq++) held.messages.add(seq);
  window.extend(true);
  assert.deepEqual(ends(window), [900 - ROWS_LIMIT + 1, 900]);
  assert.equal(window.following, true);
});

test("keeps the rows when scrolled elsewhere", () => {
  const held = log(400, [1, 400]);
  const window = opened(held, 400);
  const { first } = window;
  held.seq = 900;
  for (let seq = 401; seq <= 900; seq++) held.messages.add(seq);
  window.extend(false);
  assert.deepEqual(ends(window), [first, first + ROWS_LIMIT - 1]);
  assert.equal(window.following, false);
});

test("keeps following while an announced message is in flight", () => {
  const held = log(10, [1, 10]);
  const window = opened(held, 10);
  held.seq = 12;
  held.messages.add(12);
  window.extend(true);
  assert.deepEqual(ends(window), [1, 10]);
  assert.equal(window.following, true);
});

test("jumps to the end", () => {
  const window = opened(log(1000, [1, 200], [901, 1000]), 100);
  window.leap();
  assert.deepEqual(ends(window), [1000 - PAGE + 1, 1000]);
  assert.equal(window.following, true);
});
