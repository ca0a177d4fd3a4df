// @ts-check
// What a capability adds to the client.
//
// The page names a capability's scripts before main.js, so all of this is registered before anything is drawn.
// A script at `static/polls/poll.js` imports what it needs by relative static names, ../rooms/js/parts.js and
// ../rooms/vendor/lit.js, which get their hash like all others:
//
//   parts.set("poll", (poll, { message, chat, archived, tabindex }) => html`…`);
//   messageActions.push({ icon, label: gettext("Close poll"), offered: ({ message }) => …, run: ({ chat, message }) => … });
//   composerActions.push({ icon, label: gettext("Poll"), run: ({ chat, room }) => chat.dialogs.open("poll-create", () => import(…/create.js), { room }) });
//   slashCommands.push({ names: ["poll"], description: gettext("Ask people to choose"), run: (question, { chat, room }) => … });
//   completers.push({ label: gettext("People"), pattern: /@(\w*)$/, find: async (word, { room, chat }) => [{ key, text, name, note }] });
//   extend((chat) => chat.store.on("poll", (frame) => …));
//
// A dialog is an element that extends ChatDialog (ui/dialog.js), in a module of its own that is loaded when it is first opened.
// What goes along with a message: chat.outbox.add({ room: room.id, body, along: { poll: { choices } } }). A command that changes a
// message: context.change({ type: "vote", message: message.id, … }), which says in a toast why it failed.

/** @import { Chat } from "./chat.js" */
/** @import { MessageState } from "./log/frames.js" */
/** @import { Room } from "./log/store.js" */
/** @import { TemplateResult } from "../vendor/lit.js" */

/**
 * What is drawn on a message, and what its buttons may know.
 * @typedef {object} MessageContext
 * @property {Chat} chat
 * @property {Room} room
 * @property {MessageState} message
 * @property {boolean} mine Whether I wrote it.
 * @property {boolean} archived Whether its room is archived: then nothing can be changed.
 * @property {-1 | symbol} tabindex For every control: the Tab key goes only through those of the message where the person is.
 * @property {HTMLElement} row The message's element.
 * @property {(frame: object, offline?: string) => Promise<boolean>} change Sends a command; says in a toast why it failed. Resolves with whether it was done.
 */

/**
 * The part of a message that the wire calls `name`, drawn below its text: not for a deleted message, and not where the
 * field is absent. Parts are drawn in the order in which they were set; reactions come last.
 * @type {Map<string, (value: any, context: MessageContext) => unknown>}
 */
export const parts = new Map();

/**
 * A button on the message where the person is.
 * @typedef {object} MessageAction
 * @property {TemplateResult} icon
 * @property {string} label
 * @property {string} [key] Does the same when pressed on the focused message.
 * @property {string} [className]
 * @property {(context: MessageContext) => boolean} offered
 * @property {(context: MessageContext, event: Event) => void} run
 */

/** @type {MessageAction[]} */
export const messageActions = [];

/** @typedef {{chat: Chat, room: Room}} ComposerContext */

/**
 * A button beside the field in which one writes.
 * @typedef {object} ComposerAction
 * @property {TemplateResult} icon
 * @property {string} label
 * @property {(context: ComposerContext) => boolean} [offered]
 * @property {(context: ComposerContext) => void} run
 */

/** @type {ComposerAction[]} */
export const composerActions = [];

/**
 * What one types instead of a message: `/name rest`. Names are in small letters.
 * @typedef {object} SlashCommand
 * @property {string[]} names The one in the reader's language, which is suggested first, and one that works in every language.
 * @property {string} description
 * @property {(rest: string, context: ComposerContext) => unknown} run Where it resolves with null the line stays as it was typed.
 */

/** @type {SlashCommand[]} */
export const slashCommands = [];

/**
 * @typedef {object} Completion
 * @property {string | number} key
 * @property {string} text What replaces the word; a space is added.
 * @property {string} name
 * @property {string} [note]
 */

/**
 * Suggests how the word before the cursor may go on. The first completer whose pattern fits is asked.
 * @typedef {object} Completer
 * @property {string} label Of the list, for screen readers.
 * @property {RegExp} pattern Matches the text before the cursor; its first group is the word to complete.
 * @property {(word: string, context: ComposerContext) => Promise<Completion[]>} find
 */

/**
 * A link at the beginning of a room in which nothing was said yet.
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
 * Calls `setup` when the chat is there and nothing is drawn yet.
 * @param {(chat: Chat) => void} setup
 */
export function extend(setup) {
  extensions.push(setup);
}
