// @ts-check
// Lines that are not messages but commands: /poll Lunch?
import { completers, slashCommands } from "../parts.js";
import { gettext } from "../ui/i18n.js";

/** @import { SlashCommand } from "../parts.js" */

const LINE = /^\/(\S+)\s*(.*)$/su;

/**
 * The command that a line is, and what follows its name. A line that is none, as /etc/hosts, is a message.
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
