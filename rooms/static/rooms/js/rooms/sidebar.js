// @ts-check
import { html, nothing, repeat } from "../../vendor/lit.js";
import { ChatElement } from "../ui/element.js";
import { roomUrl, signOutToken } from "../api.js";
import { address, boot } from "../page.js";
import { hasDraft } from "../log/drafts.js";
import { formatNumber, gettext, interpolate, ngettext } from "../ui/i18n.js";
import { icons } from "../ui/icons.js";
import { avatar, compareRooms, kindLabel, nameOf, roomMark, roomName } from "../ui/people.js";
import { Watch } from "../ui/watch.js";

const COUNT_LIMIT = 99;

class ChatSidebar extends ChatElement {
  static properties = { current: { attribute: false } };

  constructor() {
    super();
    /** The id of the room that is open. @type {number | null} */
    this.current = null;
    new Watch(this, "rooms", "presence", "messages", "outbox");
    this.onTheme = () => this.requestUpdate();
    this.onOutside = (event) => {
      const menu = this.find(".menu");
      if (menu?.open && !menu.contains(event.target)) menu.open = false;
    };
  }

  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "complementary");
    this.setAttribute("aria-label", gettext("Rooms and people"));
    addEventListener("theme", this.onTheme);
    document.addEventListener("pointerdown", this.onOutside);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    removeEventListener("theme", this.onTheme);
    document.removeEventListener("pointerdown", this.onOutside);
  }

  ask(name) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true }));
  }

  render() {
    const { chat } = this;
    const rooms = [...chat.store.rooms.values()].sort(compareRooms);
    const open = rooms.filter((room) => !room.archived);
    const archived = rooms.filter((room) => room.archived);
    return html`
      <div class="sidebar__header">
        <span class="sidebar__place">${chat.place.name}</span>
        <button type="button" class="icon-button sidebar__close" aria-label=${gettext("Close the list of rooms")} @click=${() => this.ask("close-sidebar")}>${icons.close}</button>
      </div>
      <nav class="sidebar__rooms" aria-label=${gettext("Rooms")}>
        ${this.section(gettext("Rooms"), open.filter((room) => room.kind !== "direct"), html`
          <button type="button" class="icon-button icon-button--small" aria-label=${gettext("Browse rooms")} title=${gettext("Browse rooms")} @click=${() => this.ask("browse")}>${icons.browse}</button>
          <button type="button" class="icon-button icon-button--small" aria-label=${gettext("Create a room")} title=${gettext("Create a room")} @click=${() => this.ask("create-room")}>${icons.plus}</button>
        `, gettext("You are in no room yet."))}
        ${this.section(gettext("Direct messages"), open.filter((room) => room.kind === "direct"), html`
          <button type="button" class="icon-button icon-button--small" aria-label=${gettext("Write to people")} title=${gettext("Write to people")} @click=${() => this.ask("create-direct")}>${icons.plus}</button>
        `, gettext("Nobody yet. Write to somebody."))}
        ${archived.length
          ? html`
              <details class="sidebar__archived" ?open=${archived.some((room) => room.id === this.current)}>
                <summary>${icons.chevron}<span>${gettext("Archived")}</span></summary>
                ${this.list(archived)}
              </details>
            `
          : nothing}
      </nav>
      ${this.me()}
    `;
  }

  section(title, rooms, buttons, whenEmpty) {
    return html`
      <section class="sidebar__section">
        <div class="sidebar__heading"><h2>${title}</h2><span class="sidebar__buttons">${buttons}</span></div>
        ${rooms.length ? this.list(rooms) : html`<p class="sidebar__empty">${this.chat.store.greeted ? whenEmpty : gettext("Loading…")}</p>`}
      </section>
    `;
  }

  list(rooms) {
    return html`<ul class="sidebar__list">${repeat(rooms, (room) => room.id, (room) => html`<li>${this.link(room)}</li>`)}</ul>`;
  }

  link(room) {
    const isCurrent = room.id === this.current;
    const { unread, mentions } = room;
    const count = mentions || unread;
    const online = room.kind === "direct" && room.people?.length === 1 && this.chat.store.presence.get(room.people[0].id) === "online";
    const draft = !isCurrent && !room.archived && hasDraft(this.chat.me.id, room.id);
    return html`
      <a class="room-link ${unread ? "room-link--unread" : ""}" href=${roomUrl(room.slug)} aria-current=${isCurrent ? "page" : nothing}>
        <span class="room-link__mark ${online ? "room-link__mark--online" : ""}">${roomMark(room)}</span>
        <span class="room-link__name">${roomName(room)}</span>${kindLabel(room)}
        ${online ? html`<span class="visually-hidden">${gettext("online")}</span>` : nothing}
        ${draft ? html`<span class="room-link__draft" title=${gettext("Draft")}>${icons.edit}<span class="visually-hidden">${gettext("Draft")}</span></span>` : nothing}
        ${unread
          ? html`<span class="badge ${mentions || room.kind === "direct" ? "badge--mention" : ""}">
              <span aria-hidden="true">${count > COUNT_LIMIT ? `${COUNT_LIMIT}+` : formatNumber(count)}</span>
              <span class="visually-hidden">${this.countSentence(unread, mentions)}</span>
            </span>`
          : nothing}
      </a>
    `;
  }

  countSentence(unread, mentions) {
    return mentions
      ? interpolate(ngettext("%(count)s mention of you", "%(count)s mentions of you", mentions), { count: formatNumber(mentions) })
      : interpolate(ngettext("%(count)s unread message", "%(count)s unread messages", unread), { count: formatNumber(unread) });
  }

  closeMenu() {
    const menu = this.find(".menu");
    if (!menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  }

  me() {
    const { me, isOwner } = this.chat;
    const { urls } = boot;
    const { theme } = /** @type {any} */ (window); // of ui/theme.js
    const option = (value, text) => html`
      <button type="button" class="theme__choice" aria-pressed=${theme.choice === value} @click=${() => theme.choose(value)}>${text}</button>
    `;
    return html`
      <details class="menu" @keydown=${(event) => event.key === "Escape" && this.closeMenu()}>
        <summary class="menu__me">${avatar(me)}<span class="menu__name">${nameOf(me)}</span>${icons.chevron}</summary>
        <div class="menu__items">
          <div class="theme" role="group" aria-labelledby="theme-title">
            <p class="theme__title" id="theme-title">${gettext("Theme")}</p>
            <div class="theme__choices">${option("system", gettext("System"))}${option("light", gettext("Light"))}${option("dark", gettext("Dark"))}</div>
          </div>
          <a class="menu__item" href=${address("settings/")}>${gettext("Settings")}</a>
          ${isOwner && urls.admin ? html`<a class="menu__item" href=${urls.admin}>${gettext("Administration")}</a>` : nothing}
          ${urls.sign_out
            ? html`
                <form method="post" action=${urls.sign_out}>
                  <input type="hidden" name="csrfmiddlewaretoken" .value=${signOutToken()}>
                  <button class="menu__item">${gettext("Sign out")}</button>
                </form>
              `
            : nothing}
        </div>
      </details>
    `;
  }
}

customElements.define("chat-sidebar", ChatSidebar);
