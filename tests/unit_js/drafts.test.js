import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { hasDraft, loadDraft, saveDraft } from "../../rooms/static/rooms/js/log/drafts.js";
import { ADA, BOB, GENERAL } from "./frames.js";

const EMPTY = { body: "", replyTo: null };
const DRAFT = { body: "not yet sa", replyTo: 7 };

beforeEach(() => {
  const items = new Map();
  globalThis.localStorage = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, text) => items.set(key, text),
    removeItem: (key) => items.delete(key),
  };
});

test("a draft comes back", () => {
  saveDraft(ADA.id, GENERAL, DRAFT);
  assert.deepEqual(loadDraft(ADA.id, GENERAL), DRAFT);
  assert.ok(hasDraft(ADA.id, GENERAL));
});

test("nobody gets the draft of somebody else in the same browser", () => {
  saveDraft(ADA.id, GENERAL, DRAFT);
  assert.deepEqual(loadDraft(BOB.id, GENERAL), EMPTY);
  assert.ok(!hasDraft(BOB.id, GENERAL));
});

test("each room has its own draft", () => {
  saveDraft(ADA.id, GENERAL, DRAFT);
  assert.deepEqual(loadDraft(ADA.id, GENERAL + 1), EMPTY);
});

test("an empty draft is none", () => {
  saveDraft(ADA.id, GENERAL, DRAFT);
  saveDraft(ADA.id, GENERAL, EMPTY);
  assert.ok(!hasDraft(ADA.id, GENERAL));
});

test("a browser without storage has no drafts and does not break", () => {
  globalThis.localStorage = new Proxy({}, { get: () => { throw new Error("SecurityError"); } });
  saveDraft(ADA.id, GENERAL, DRAFT);
  assert.deepEqual(loadDraft(ADA.id, GENERAL), EMPTY);
  assert.ok(!hasDraft(ADA.id, GENERAL));
});
