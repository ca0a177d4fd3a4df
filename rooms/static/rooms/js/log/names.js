// @ts-check
import { formatList, gettext } from "../ui/i18n.js";

/** @import { Store } from "./store.js" */

/** @param {{name: string, handle: string}} person */
export const nameOf = ({ name, handle }) => (handle.startsWith("~") ? gettext("Deleted person") : name || handle);

/**
 * The names of people as one text, mine as "You". Somebody who was never heard of is left out.
 * @param {Store} store
 * @param {number[]} ids
 */
export function namesOf(store, ids) {
  const names = ids.map((id) => {
    if (id === store.me?.id) return gettext("You");
    const person = store.people.get(id);
    return person && nameOf(person);
  });
  return formatList(names.filter((name) => name !== undefined));
}
