// @ts-check
// Lines that are commands instead of messages: /poll Lunch?
import { completers, slashCommands } from "../parts.js";
import { gettext } from "../ui/i18n.js";

/** @import { SlashCommand } from "../parts.js" */

const LINE = /^\/(\S+)\s*(.*)$/su;

/**
 * Returns the command in a line, and the text after its name. Other lines, like /etc/hosts, are messages.
 * @param {string} line
 * @returns {[SlashCommand, string] | null}
 */
export function commandIn(line) {
  const [, name = "", rest = ""] = LINE.exec(line) ?? [];
  const command = slashCommands.find(({ names }) => names.includes(name.toLowerCase()));
  return command ? [command, rest] : null;
}

completers.push({
  label: gettext("Commands"),
  pattern: /^\/(\S*)$/u,
  async find(word) {
    const begin = word.toLowerCase();
    return slashCommands.flatMap(({ names, description }) => {
      const text = names.find((name) => name.startsWith(begin));
      return text ? [{ key: text, text, name: `/${text}`, note: description }] : [];
    });
  },
});
