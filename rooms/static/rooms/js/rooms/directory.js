// @ts-check
import { html, nothing, repeat } from "../../vendor/lit.js";
import { ApiError, joinRoom, roomUrl, searchRooms } from "../api.js";
import { ChatDialog } from "../ui/dialog.js";
import { formatAgo, formatMoment, formatNumber, gettext, interpolate, ngettext } from "../ui/i18n.js";
import { icons } from "../ui/icons.js";
import { Watch } from "../ui/watch.js";

const TYPING_PAUSE_MS = 200;

/** All public rooms: search, preview, join. */
class ChatDirectory extends ChatDialog {
  static properties = { ...ChatDialog.properties, rooms: { state: true }, more: { state: true }, loading: { state: true } };

  constructor() {
    super();
    this.rooms = [];
    this.search = 0;
    new Watch(this, "rooms");
  }

  async show() {
    this.query = "";
    this.rooms = [];
    this.load(1);
    await super.show();
  }

  input(event) {
    this.query = event.target.value;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.load(1), TYPING_PAUSE_MS);
  }

  async load(page) {
    const search = ++this.search;
    this.loading = true;
    const answer = await searchRooms(this.query, page).catch((error) => error);
    if (search !== this.search) return; // a newer search has finished first
    this.loading = false;
    this.detail = answer instanceof ApiError ? answer.detail : "";
    if (answer instanceof ApiError) return;
    this.page = page;
    this.rooms = page === 1 ? answer.rooms : [...this.rooms, ...answer.rooms];
    this.more = answer.more;
  }

  go(event, room) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.close();
    this.chat.navigate(roomUrl(room.slug), { kind: "public", ...room });
  }

  async join(room) {
    const joined = await this.run(() => joinRoom(room.slug));
    if (!joined) return;
    this.close();
    this.chat.navigate(roomUrl(joined.room.slug), { kind: "public", ...room, ...joined.room });
  }

  render() {
    return this.frame(
      gettext("Browse rooms"),
      html`
        <div class="directory__search">
          <input class="input" type="text" role="searchbox" inputmode="search" aria-label=${gettext("Search rooms")} placeholder=${gettext("Search by name or topic")} autofocus autocomplete="off" @input=${this.input}>
          <button type="button" class="button" @click=${this.create}>${icons.plus}<span>${gettext("Create a room")}</span></button>
        </div>
        <div class="directory__results" aria-busy=${Boolean(this.loading)}>
          ${this.rooms.length ? html`<ul class="directory__list">${repeat(this.rooms, (room) => room.id, (room) => this.row(room))}</ul>` : this.nothingFound()}
          ${this.more ? html`<button type="button" class="button button--wide" ?disabled=${this.loading} @click=${() => this.load(this.page + 1)}>${gettext("Show more")}</button>` : nothing}
        </div>
      `,
      "dialog--tall",
    );
  }

  create() {
    this.close();
    this.dispatchEvent(new CustomEvent("create-room", { bubbles: true }));
  }

  nothingFound() {
    if (this.loading) return html`<p class="empty" role="status">${gettext("Loading…")}</p>`;
    if (this.detail) return nothing;
    return html`<p class="empty" role="status">${this.query ? gettext("No room has these words in its name or topic.") : gettext("There are no public rooms yet.")}</p>`;
  }

  activity({ active_at }) {
    if (!active_at) return nothing;
    const at = new Date(active_at);
    return html` · <time datetime=${active_at} title=${formatMoment(at)}>${interpolate(gettext("active %(ago)s"), { ago: formatAgo(at) })}</time>`;
  }

  row(room) {
    const { store } = this.chat;
    const joined = store.greeted ? store.rooms.has(room.id) : room.joined;
    return html`
      <li class="directory__room">
        <a class="directory__link" href=${roomUrl(room.slug)} @click=${(event) => this.go(event, room)}>
          <span class="directory__name">${icons.room}<span>${room.name}</span>${room.archived ? html`<span class="label">${gettext("archived")}</span>` : nothing}</span>
          ${room.topic ? html`<span class="directory__topic">${room.topic}</span>` : nothing}
          <span class="directory__members">${interpolate(ngettext("%(count)s member", "%(count)s members", room.members), { count: formatNumber(room.members) })}${this.activity(room)}</span>
        </a>
        ${joined
          ? html`<span class="directory__joined">${icons.check}<span>${gettext("Joined")}</span></span>`
          : room.archived
            ? nothing
            : html`<button type="button" class="button button--small" ?disabled=${this.busy} aria-label=${interpolate(gettext("Join %(room)s"), { room: room.name })} @click=${() => this.join(room)}>${gettext("Join")}</button>`}
      </li>
    `;
  }
}

customElements.define("chat-directory", ChatDirectory);
