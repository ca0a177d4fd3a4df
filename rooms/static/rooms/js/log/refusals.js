// @ts-check
// Translated messages for the server's errors, whose own text is English.
import { gettext } from "../ui/i18n.js";

const SENTENCES = {
  archived: gettext("This room is archived. It can be read, but nothing can be written or changed in it."),
  forbidden: gettext("You are not allowed to do this."),
  not_found: gettext("The message or the room does not exist any more."),
  offline: gettext("There is no connection at the moment."),
  rate_limited: gettext("That was too much at once. Wait a moment and try again."),
  too_large: gettext("This message is too long. Send it in several parts."),
  unavailable: gettext("The server is busy. Try again in a moment."),
};

/** @param {{code?: string, detail?: string}} refusal */
export const sentenceOf = ({ code = "", detail = "" }) => SENTENCES[code] ?? detail;
