// @ts-check
// What was typed and not sent, per person and room, in this browser.
const key = (user, room) => `draft:${user}:${room}`;

export function loadDraft(user, room) {
  try {
    return JSON.parse(localStorage.getItem(key(user, room)) ?? "null") ?? { body: "", replyTo: null };
  } catch {
    return { body: "", replyTo: null };
  }
}

export function saveDraft(user, room, draft) {
  try {
    if (draft.body || draft.replyTo) localStorage.setItem(key(user, room), JSON.stringify(draft));
    else localStorage.removeItem(key(user, room));
  } catch {
    // storage full or refused: the draft lasts for this page
  }
}

export function hasDraft(user, room) {
  try {
    return localStorage.getItem(key(user, room)) !== null;
  } catch {
    return false;
  }
}
