// @ts-check
// Extension points for capabilities.
//
// The page loads a capability's scripts before main.js, so everything is registered before the first render.
// A script at `static/polls/poll.js` imports by relative static names, ../rooms/js/parts.js and
// ../rooms/vendor/lit.js, so that its imports are hashed too:
//
//   parts.set("poll", (poll, { message, chat, archived, tabindex }) => html`…`);
//   messageActions.push({ icon, label: gettext("Close poll"), offered: ({ message }) => …, run: ({ chat, message }) => … });
//   composerActions.push({ icon, label: gettext("Poll"), run: ({ chat, room }) => chat.dialogs.open("poll-create", () => import(…/create.js), { room }) });
//   slashCommands.push({ names: ["poll"], description: gettext("Ask people to choose"), run: (question, { chat, room }) => … });
//   completers.push({ label: gettext("People"), pattern: /@(\w*)$/, find: async (word, { room, chat }) => [{ key, text, name, note }] });
//   extend((chat) => chat.store.on("poll", (frame) => …));
//
// A dialog is an element that extends ChatDialog (ui/dialog.js), in its own module, loaded when first opened.
// To send data with a message: chat.outbox.add({ room: room.id, body, along: { poll: { choices } } }). To change a
// message: context.change({ type: "vote", message: message.id, … }), which shows errors in a toast.

/** @import { Chat } from "./chat.js" */
/** @import { MessageState } from "./log/frames.js" */
/** @import { Room } from "./log/store.js" */
/** @import { TemplateResult } from "../vendor/lit.js" */

/**
 * The context of a message, for its parts and buttons.
 * @typedef {object} MessageContext
 * @property {Chat} chat
 * @property {Room} room
 * @property {MessageState} message
 * @property {boolean} mine Whether I wrote it.
 * @property {boolean} archived Whether its room is archived and read-only.
 * @property {-1 | symbol} tabindex For every control: the Tab key moves only through the focused message.
 * @property {HTMLElement} row The message's element.
 * @property {(frame: object, offline?: string) => Promise<boolean>} change Sends a command and shows errors in a toast. Resolves with whether it succeeded.
 */

/**
 * The field `name` of a message on the wire, rendered below its text, unless the message is deleted or the
 * field is absent. Parts are rendered in the order of registration; reactions come last.
 * @type {Map<string, (value: any, context: MessageContext) => unknown>}
 */
export const parts = new Map();

/**
 * A button on the focused or hovered message.
 * @typedef {object} MessageAction
 * @property {TemplateResult} icon
 * @property {string} label
 * @property {string} [key] Keyboard shortcut on the focused message.
 * @property {string} [className]
 * @property {(context: MessageContext) => boolean} offered
 * @property {(context: MessageContext, event: Event) => void} run
 */

/** @type {MessageAction[]} */
export const messageActions = [];

/** @typedef {{chat: Chat, room: Room}} ComposerContext */

/**
 * A button next to the composer's text field.
 * @typedef {object} ComposerAction
 * @property {TemplateResult} icon
 * @property {string} label
 * @property {(context: ComposerContext) => boolean} [offered]
 * @property {(context: ComposerContext) => void} run
 */

/** @type {ComposerAction[]} */
export const composerActions = [];

/**
 * A command typed instead of a message: `/name rest`. Names are lower-case.
 * @typedef {object} SlashCommand
 * @property {string[]} names The name in the reader's language, which is suggested first, and one that works in every language.
 * @property {string} description
 * @property {(rest: string, context: ComposerContext) => unknown} run If it resolves with null, the typed line stays.
 */

/** @type {SlashCommand[]} */
export const slashCommands = [];

/**
 * @typedef {object} Completion
 * @property {string | number} key
 * @property {string} text Replaces the word; a space is appended.
 * @property {string} name
 * @property {string} [note]
 */

/**
 * Completes the word before the cursor. The first completer whose pattern matches is used.
 * @typedef {object} Completer
 * @property {string} label Label of the list, for screen readers.
 * @property {RegExp} pattern Matches the text before the cursor. The first group is the word to complete.
 * @property {(word: string, context: ComposerContext) => Promise<Completion[]>} find
 */

/**
 * A link at the start of an empty room.
 * @typedef {object} BeginningLink
 * @property {TemplateResult} icon
 * @property {string} label
 * @property {string} href
 * @property {(context: ComposerContext) => boolean} offered
 */

/** @type {BeginningLink[]} */
export const beginningLinks = [];

/** @type {Completer[]} */
export const completers = [];

/** @type {((chat: Chat) => void)[]} */
export const extensions = [];

/**
 * Calls `setup` when the chat exists, before the first render.
 * @param {(chat: Chat) => void} setup
 */
export function extend(setup) {
  extensions.push(setup);
}
