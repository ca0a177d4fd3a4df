// @ts-check
// Hides a deleted message at once, and deletes it on the server when the time to undo is over.
import { gettext } from "../ui/i18n.js";
import { sentenceOf } from "./refusals.js";

const UNDO_MS = 5000;

export class Deletions {
  constructor(store, toasts) {
    this.store = store;
    this.toasts = toasts;
    this.waiting = new Map(); // message id → {room, timer, due}
    // After closing the page nobody can undo.
    addEventListener("pagehide", () => this.flush());
    store.subscribe((what) => what === "hello" && this.sendDue());
  }

  has(id) {
    return this.waiting.has(id);
  }

  add(message, room) {
    const timer = setTimeout(() => this.send(message.id), UNDO_MS);
    this.waiting.set(message.id, { room, timer, due: false });
    this.store.tell("messages", room);
    this.toasts.show({
      text: gettext("Message deleted"),
      action: gettext("Undo"),
      onAction: () => this.undo(message.id),
      seconds: UNDO_MS / 1000,
    });
  }

  undo(id) {
    const deletion = this.waiting.get(id);
    if (!deletion) return;
    clearTimeout(deletion.timer);
    this.forget(id);
  }

  forget(id) {
    const { room } = this.waiting.get(id);
    this.waiting.delete(id);
    this.store.tell("messages", room);
  }

  async send(id) {
    const deletion = this.waiting.get(id);
    clearTimeout(deletion.timer);
    deletion.due = true;
    try {
      await this.store.change({ type: "delete", message: id });
      // The message shows as deleted once the change arrives. Until then this entry hides it.
      setTimeout(() => this.waiting.has(id) && this.forget(id), 2000);
    } catch (refusal) {
      if (refusal.code === "offline") return; // sent after reconnecting
      if (refusal.passing) {
        setTimeout(() => this.waiting.has(id) && this.send(id), (refusal.retryAfter ?? 1) * 1000);
        return;
      }
      this.forget(id);
      this.toasts.show({ text: sentenceOf(refusal), tone: "danger" });
    }
  }

  sendDue() {
    for (const [id, { due }] of this.waiting) if (due) this.send(id);
  }

  flush() {
    for (const id of this.waiting.keys()) this.send(id);
  }
}
