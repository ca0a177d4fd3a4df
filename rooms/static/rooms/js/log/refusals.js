// @ts-check
// Why something was refused: the server says it in the reader's language, unless it could not be asked.
import { gettext } from "../ui/i18n.js";

/** @param {{code?: string, detail?: string}} refusal */
export const sentenceOf = ({ code, detail = "" }) => (code === "offline" ? gettext("There is no connection at the moment.") : detail);
