// @ts-check
// Completes names after an @.
import { completers } from "../parts.js";
import { gettext } from "../ui/i18n.js";
import { nameOf } from "../ui/people.js";

const SUGGESTIONS = 6;
// People come and go; for this long the answer is good enough.
const MEMBERS_KEPT_MS = 60_000;
const members = new Map(); // room → its people but me

async function peopleOf({ chat, room }) {
  if (!members.has(room.id)) {
    try {
      const answer = await chat.store.request({ type: "members", room: room.id, limit: 500 });
      members.set(room.id, answer.members.filter((member) => member.id !== chat.me.id));
      setTimeout(() => members.delete(room.id), MEMBERS_KEPT_MS);
    } catch {
      return []; // without a connection nobody is suggested; the name can still be typed
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
