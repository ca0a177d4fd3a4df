// @ts-check
// How to show a person, or a room without its own name.
import { html, nothing } from "../../vendor/lit.js";
import { compareNames, formatList, gettext, interpolate, ngettext } from "./i18n.js";
import { icons } from "./icons.js";
import { nameOf } from "../log/names.js";

const HUES = 8;
const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const first = (word) => segments.segment(word)[Symbol.iterator]().next().value?.segment ?? "";

export { nameOf };

function initials(name) {
  const words = name.trim().split(/\s+/);
  // A Korean name is one word, and its given name says more than its first syllable.
  if (/^\p{Script=Hangul}{3,4}$/u.test(name)) return name.slice(-2);
  return (first(words[0]) + (words.length > 1 ? first(words.at(-1)) : "")).toLocaleUpperCase();
}

export function avatar(person, size = "") {
  const className = `avatar avatar--${person.id % HUES}${size && ` avatar--${size}`}`;
  return html`<span class=${className} aria-hidden="true">${person.avatar ? html`<img src=${person.avatar} alt="">` : initials(nameOf(person))}</span>`;
}

export function roomName(room) {
  if (room.kind !== "direct") return room.name;
  const people = room.people ?? [];
  return people.length ? formatList(people.map(nameOf).sort(compareNames)) : gettext("Only you");
}

export function roomMark(room) {
  if (room.kind === "direct") {
    const people = room.people ?? [];
    if (people.length === 1) return avatar(people[0], "small");
    return people.length ? html`<span class="avatar avatar--small avatar--7" aria-hidden="true">${people.length}</span>` : icons.direct;
  }
  return room.kind === "private" ? icons.lock : icons.room;
}

export function kindLabel(room) {
  if (room.kind === "private") return html`<span class="visually-hidden">${gettext("private room")}</span>`;
  return nothing;
}

export const compareRooms = (a, b) => compareNames(roomName(a), roomName(b));

export function typingSentence(people) {
  const names = formatList(people.map(nameOf));
  if (people.length > 3) return gettext("Several people are typing…");
  return interpolate(ngettext("%(names)s is typing…", "%(names)s are typing…", people.length), { names });
}
