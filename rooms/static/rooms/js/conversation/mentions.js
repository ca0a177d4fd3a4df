// @ts-check
// Completes names after @.
import { completers } from "../parts.js";
import { gettext } from "../ui/i18n.js";
import { nameOf } from "../ui/people.js";

const SUGGESTIONS = 6;
// Cache time for a room's members.
const MEMBERS_KEPT_MS = 60_000;
const members = new Map(); // room → its people except me

async function peopleOf({ chat, room }) {
  if (!members.has(room.id)) {
    try {
      const answer = await chat.store.request({ type: "members", room: room.id, limit: 500 });
      members.set(room.id, answer.members.filter((member) => member.id !== chat.me.id));
      setTimeout(() => members.delete(room.id), MEMBERS_KEPT_MS);
    } catch {
      return []; // without a connection there are no suggestions; names can still be typed
    }
  }
  return members.get(room.id) ?? [];
}

completers.push({
  label: gettext("People"),
  pattern: /(?:^|\s)@([\p{L}\p{N}_.+-]*)$/u,
  async find(word, context) {
    const people = await peopleOf(context);
    const begin = word.toLocaleLowerCase();
    const fits = (person) => [person.handle, person.name, ...person.name.split(/\s+/)].some((name) => name.toLocaleLowerCase().startsWith(begin));
    return people
      .filter(fits)
      .slice(0, SUGGESTIONS)
      .map((person) => ({ key: person.id, text: person.handle, name: nameOf(person), note: `@${person.handle}` }));
  },
});
