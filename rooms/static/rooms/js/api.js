// @ts-check
// What goes over HTTP: rooms and who is in them. The socket then tells every open browser about it.
import { address, boot } from "./page.js";
import { gettext } from "./ui/i18n.js";

export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {Record<string, string[]>} [errors] Sentences by field when the form was wrong.
   */
  constructor(status, detail, errors = {}) {
    super(detail);
    this.status = status;
    this.detail = detail;
    this.errors = errors;
  }
}

function csrfToken() {
  const { cookie, token } = boot.csrf;
  if (!cookie) return token ?? "";
  // It came with the page; signing in from another tab changes it.
  const pair = document.cookie.split("; ").find((pair) => pair.startsWith(`${cookie}=`));
  return pair?.slice(cookie.length + 1) ?? "";
}

async function call(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { ...options, headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest", ...options.headers } });
  } catch {
    throw new ApiError(0, gettext("The server cannot be reached. Nothing was changed; try again in a moment."));
  }
  if (response.status === 401) location.assign(signInUrl());
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const content = isJson ? await response.json() : {};
  if (response.ok && isJson) return content;
  const errors = content.errors ?? {};
  const sentence = content.detail ?? Object.values(errors).flat()[0];
  throw new ApiError(response.status, sentence ?? gettext("That did not work. Nothing was changed; try again in a moment."), errors);
}

function post(url, fields = {}) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) body.append(name, one);
  return call(url, { method: "POST", body, headers: { [boot.csrf.header]: csrfToken() } });
}

const roomUrl = (slug) => address(`rooms/${encodeURIComponent(slug)}/`);

export function signInUrl() {
  const url = new URL(boot.urls.sign_in, location.href);
  url.searchParams.set("next", location.pathname + location.search);
  return url.href;
}
export const signOutToken = csrfToken;
export const messageUrl = (slug, seq) => `${roomUrl(slug)}${seq}`;
export { roomUrl };

export const createRoom = (fields) => post(address("rooms/"), fields);
export const joinRoom = (slug) => post(`${roomUrl(slug)}join`);
export const leaveRoom = (slug) => post(`${roomUrl(slug)}leave`);
export const saveRoom = (slug, fields) => post(`${roomUrl(slug)}settings`, fields);
export const archiveRoom = (slug, archived) => post(`${roomUrl(slug)}archive`, { archived });
export const addMember = (slug, person) => post(`${roomUrl(slug)}members`, { person });
export const removeMember = (slug, person) => post(`${roomUrl(slug)}members/${person}/remove`);
export const changeRole = (slug, person, role) => post(`${roomUrl(slug)}members/${person}/role`, { role });
export const openDirect = (people) => post(address("direct/"), { people });
export const fetchQuotes = (slug, ids) => call(`${roomUrl(slug)}quotes.json?${new URLSearchParams(ids.map((id) => ["ids", id]))}`);
export const searchRooms = (q, page = 1) => call(address(`directory.json?${new URLSearchParams({ q, page: String(page) })}`));
export const searchPeople = (q) => call(address(`people.json?${new URLSearchParams({ q })}`));
