// Dates as people say them; in node the language is English.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAgo } from "../../rooms/static/rooms/js/ui/i18n.js";

const at = (text) => new Date(`2026-11-${text}`);
const NOW = at("23T00:30");

for (const [moment, words] of [
  ["23T00:31", "now"], // a clock that is ahead
  ["23T00:29:30", "now"],
  ["23T00:29", "1 minute ago"],
  ["22T21:30", "3 hours ago"],
  ["22T00:30", "yesterday"],
  ["21T23:30", "2 days ago"], // not yesterday, though 25 hours ago
  ["16T00:30", "1 week ago"],
  ["01T00:30", "3 weeks ago"],
]) {
  test(`${moment} is ${words}`, () => assert.equal(formatAgo(at(moment), NOW), words));
}

test("long ago", () => {
  assert.equal(formatAgo(new Date("2026-09-01T00:00"), NOW), "2 months ago");
  assert.equal(formatAgo(new Date("2024-09-01T00:00"), NOW), "2 years ago");
});
