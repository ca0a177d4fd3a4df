// @ts-check
// The reason of an error. The server translates it, unless it could not be reached.
import { gettext } from "../ui/i18n.js";

/** @param {{code?: string, detail?: string}} refusal */
export const sentenceOf = ({ code, detail = "" }) => (code === "offline" ? gettext("There is no connection at the moment.") : detail);
