import assert from "node:assert/strict";
import { test } from "node:test";
import { hasDraft, loadDraft, saveDraft } from "../../rooms/static/rooms/js/log/drafts.js";

const kept = new Map();
globalThis.localStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, value),
  removeItem: (key) => void kept.delete(key),
};

test("a draft belongs to one person and one room", () => {
  saveDraft(1, 10, { body: "mine", replyTo: null });
  assert.equal(loadDraft(1, 10).body, "mine");
  assert.equal(loadDraft(2, 10).body, "");
  assert.equal(loadDraft(1, 11).body, "");
  assert.deepEqual([hasDraft(1, 10), hasDraft(2, 10), hasDraft(1, 11)], [true, false, false]);
});

test("an empty draft is not kept, a reply without text is", () => {
  saveDraft(1, 10, { body: "", replyTo: null });
  assert.equal(hasDraft(1, 10), false);
  saveDraft(1, 10, { body: "", replyTo: { id: 5 } });
  assert.deepEqual(loadDraft(1, 10).replyTo, { id: 5 });
});
