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

test("a draft is restored", () => {
  saveDraft(ADA.id, GENERAL, DRAFT);
  assert.deepEqual(loadDraft(ADA.id, GENERAL), DRAFT);
  assert.ok(hasDraft(ADA.id, GENERAL));
});

test("accounts in one browser do not share drafts", () => {
  saveDraft(ADA.id, GENERAL, DRAFT);
  assert.deepEqual(loadDraft(BOB.id, GENERAL), EMPTY);
  assert.ok(!hasDraft(BOB.id, GENERAL));
});

test("each room has its own draft", () => {
  saveDraft(ADA.id, GENERAL, DRAFT);
  assert.deepEqual(loadDraft(ADA.id, GENERAL + 1), EMPTY);
});

test("an empty draft is not stored", () => {
  saveDraft(ADA.id, GENERAL, DRAFT);
  saveDraft(ADA.id, GENERAL, EMPTY);
  assert.ok(!hasDraft(ADA.id, GENERAL));
});

test("drafts are disabled without storage", () => {
  globalThis.localStorage = new Proxy({}, { get: () => { throw new Error("SecurityError"); } });
  saveDraft(ADA.id, GENERAL, DRAFT);
  assert.deepEqual(loadDraft(ADA.id, GENERAL), EMPTY);
  assert.ok(!hasDraft(ADA.id, GENERAL));
});
