// @ts-check
// What the page says about itself; rooms.pages.chat makes it.

/** @import { Person } from "./log/frames.js" */

/**
 * @typedef {object} Boot
 * @property {Person} person
 * @property {{name: string}} place
 * @property {string} epoch
 * @property {any} room The room of the address: mine as in `hello`, or a preview of one that I am not in.
 * @property {boolean} joined
 * @property {boolean} is_owner
 * @property {string} language Of the page, and of the sentences in errors.
 * @property {{home: string, socket: string, sign_in: string, sign_out: string, admin: string}} urls What is empty, the site does not have.
 * @property {{header: string, cookie?: string, token?: string}} csrf
 */

/** @param {string} id */
const inPage = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

/** @type {Boot} */
export const boot = inPage("chat");
/** The first page of the conversation, as a `history` frame. */
export const firstPage = inPage("messages");

/**
 * The address of a page of the chat, wherever the site has put the chat.
 * @param {string} path
 */
export const address = (path) => boot.urls.home + path;
