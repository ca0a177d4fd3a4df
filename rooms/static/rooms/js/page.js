// @ts-check
// The page's own data, from rooms.pages.chat.

/** @import { Person } from "./log/frames.js" */

/**
 * @typedef {object} Boot
 * @property {Person} person
 * @property {{name: string}} place
 * @property {string} epoch
 * @property {any} room The URL's room: as in `hello`, or a preview if I am not in it.
 * @property {boolean} joined
 * @property {boolean} is_owner
 * @property {string} language The language of the page and of errors.
 * @property {{home: string, socket: string, sign_in: string, sign_out: string, admin: string}} urls Empty if the site has none.
 * @property {{header: string, cookie?: string, token?: string}} csrf
 */

/** @param {string} id */
const inPage = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

/** @type {Boot} */
export const boot = inPage("chat");
/** The first page of the conversation, as a `history` frame. */
export const firstPage = inPage("messages");

/**
 * The URL of a page of the chat, wherever the site mounts it.
 * @param {string} path
 */
export const address = (path) => boot.urls.home + path;
