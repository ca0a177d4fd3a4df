import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf } from "../../rooms/static/rooms/js/conversation/rows.js";

const ADA = { id: 1 };
const BOB = { id: 2 };
let seq = 0;

const message = (author, created_at, more = {}) => ({ seq: ++seq, cid: `cid-${seq}`, author, created_at, reply_to: null, ...more });
const entry = (created_at, more = {}) => ({ cid: "pending", author: ADA.id, created: Date.parse(created_at), reply_to: null, ...more });
const kinds = (rows) => rows.map(({ day, divider, continued }) => (day ? "day" : divider ? "new" : continued ? "continued" : "heading"));

function kindsOf(messages, { above = null, pending = [], divider = null } = {}) {
  return kinds(rowsOf({ messages, above, pending, divider }));
}

test("messages of one person within five minutes share a heading", () => {
  const messages = [
    message(ADA, "2026-03-02T12:00:00"),
    message(ADA, "2026-03-02T12:04:59"),
    message(ADA, "2026-03-02T12:09:59"),
    message(BOB, "2026-03-02T12:10:00"),
    message(ADA, "2026-03-02T12:10:01"),
  ];
  assert.deepEqual(kindsOf(messages), ["day", "heading", "continued", "heading", "heading", "heading"]);
});

test("a new day has a divider and a heading", () => {
  const messages = [message(ADA, "2026-03-02T23:59:00"), message(ADA, "2026-03-03T00:01:00")];
  assert.deepEqual(kindsOf(messages), ["day", "heading", "day", "heading"]);
});

test("the message before the first row determines its day and heading", () => {
  const above = message(ADA, "2026-03-02T12:00:00");
  assert.deepEqual(kindsOf([message(ADA, "2026-03-02T12:01:00")], { above }), ["continued"]);
  assert.deepEqual(kindsOf([message(BOB, "2026-03-02T12:01:00")], { above }), ["heading"]);
});

test("replies and the first unread message have a heading", () => {
  const messages = [message(ADA, "2026-03-02T12:00:00"), message(ADA, "2026-03-02T12:01:00"), message(ADA, "2026-03-02T12:02:00", { reply_to: 7 })];
  assert.deepEqual(kindsOf(messages, { divider: messages[1].seq }), ["day", "heading", "new", "heading", "heading"]);
});

test("pending messages come last, under my heading", () => {
  const mine = message(ADA, "2026-03-02T12:00:00");
  const pending = [entry("2026-03-02T12:01:00"), entry("2026-03-02T12:02:00", { reply_to: 7 })];
  assert.deepEqual(kindsOf([mine], { pending }), ["day", "heading", "continued", "heading"]);
  assert.deepEqual(kindsOf([message(BOB, "2026-03-02T12:00:00")], { pending }), ["day", "heading", "heading", "heading"]);
});

test("a pending message keeps its key when it arrives", () => {
  const [pending] = rowsOf({ messages: [], above: null, pending: [entry("2026-03-02T12:00:00")], divider: null });
  const arrived = rowsOf({ messages: [message(ADA, "2026-03-02T12:00:00", { cid: "pending" })], above: null, pending: [], divider: null });
  assert.equal(arrived.at(-1).key, pending.key);
});
