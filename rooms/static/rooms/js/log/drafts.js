// @ts-check
// Unsent text per person and room, kept in this browser.
const key = (person, room) => `draft:${person}:${room}`;

export function loadDraft(person, room) {
  try {
    return JSON.parse(localStorage.getItem(key(person, room)) ?? "null") ?? { body: "", replyTo: null };
  } catch {
    return { body: "", replyTo: null };
  }
}

export function saveDraft(person, room, draft) {
  try {
    if (draft.body || draft.replyTo) localStorage.setItem(key(person, room), JSON.stringify(draft));
    else localStorage.removeItem(key(person, room));
  } catch {
    // storage is full or disabled: the draft lasts for this page
  }
}

export function hasDraft(person, room) {
  try {
    return localStorage.getItem(key(person, room)) !== null;
  } catch {
    return false;
  }
}
