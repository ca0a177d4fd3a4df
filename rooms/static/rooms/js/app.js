// @ts-check
import { html, nothing } from "../vendor/lit.js";
import { ChatElement } from "./ui/element.js";
import { joinRoom, roomUrl, signInUrl } from "./api.js";
import { gettext, interpolate } from "./ui/i18n.js";
import { icons } from "./ui/icons.js";
import { address, boot } from "./page.js";
import { kindLabel, roomMark, roomName } from "./ui/people.js";
import { skeleton } from "./conversation/timeline.js";
import { Watch } from "./ui/watch.js";
import "./conversation/commands.js";
import "./conversation/composer.js";
import "./conversation/mentions.js";
import "./rooms/sidebar.js";
import "./ui/toasts.js";

// A blink of the connection is nobody's business.
const CALM_MS = 1500;
// For as long another page may take to come before this one goes to sign in.
const LEAVING_MS = 5000;
const ROOM_PATH = /^rooms\/([^/]+)\/(\d+)?$/;

/** @returns {RegExpExecArray | null} Its slug and seq, if it is the address of a room. */
function roomPath(path) {
  const { home } = boot.urls;
  return path.startsWith(home) ? ROOM_PATH.exec(path.slice(home.length)) : null;
}

function readPath(path) {
  const found = roomPath(path);
  return found ? { slug: decodeURIComponent(found[1]), seq: found[2] ? Number(found[2]) : null } : { slug: null, seq: null };
}

/** The whole screen: what the address says, which room that is, and the parts around it. */
class ChatApp extends ChatElement {
  static properties = {
    route: { state: true },
    preview: { state: true }, // what is known of the room of the address when I am not in it
    drawer: { state: true }, // the sidebar, on a narrow screen
    connection: { state: true },
    joining: { state: true },
    joinError: { state: true },
  };

  constructor() {
    super();
    this.route = { ...readPath(location.pathname), visit: {} };
    this.connection = "connecting";
    this.drawer = false;
    this.roomId = null;
    this.leaving = false; // another page was asked for
    new Watch(this, "rooms", "hello");
    this.wide = matchMedia("(min-width: 48.01rem)");
  }

  connectedCallback() {
    super.connectedCallback();
    this.chat.navigate = (path, preview) => this.navigate(path, preview);
    this.preview = this.chat.boot.room ?? null;
    this.wide.addEventListener("change", () => (this.drawer = false));
    addEventListener("beforeunload", () => (this.leaving = true));
    addEventListener("popstate", () => this.go(location.pathname, history.state?.preview ?? null));
    document.addEventListener("click", (event) => this.clicked(event));
    this.chat.store.subscribe((what, id) => what === "left" && id === this.roomId && this.leftCurrent());
  }

  firstUpdated() {
    this.chat.dialogs.host = this.find(".dialogs");
    if (this.route.slug === null) this.browse();
  }

  get room() {
    const { store } = this.chat;
    // By id first: a rename may have changed the slug while somebody is in the room.
    return store.rooms.get(this.roomId) ?? (this.route.slug === null ? null : store.roomBySlug(this.route.slug));
  }

  // ── The address ──

  clicked(event) {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!roomPath(link.pathname) && link.pathname !== address("rooms/")) return;
    // Where nothing is known of the room the server has to say what the address is.
    const { slug } = readPath(link.pathname);
    if (slug !== null && !this.chat.store.roomBySlug(slug) && this.preview?.slug !== slug) return;
    event.preventDefault();
    this.navigate(link.pathname);
  }

  /** Goes to an address within the chat; `preview` is what is known of the room if I am not in it (yet). */
  navigate(path, preview = null) {
    if (!roomPath(path)) {
      location.assign(path);
      return;
    }
    if (path === location.pathname) history.replaceState({ preview }, "", path);
    else history.pushState({ preview }, "", path);
    this.go(path, preview);
  }

  go(path, preview) {
    const previous = this.roomId;
    this.roomId = null;
    this.route = { ...readPath(path), visit: {} };
    this.preview = preview ?? (this.chat.boot.room?.slug === this.route.slug ? this.chat.boot.room : this.preview?.slug === this.route.slug ? this.preview : null);
    this.joinError = "";
    this.drawer = false;
    this.chat.dialogs.close();
    if (previous !== null && this.room?.id !== previous) this.chat.store.trim(previous);
    if (this.route.slug === null) this.browse();
  }

  leftCurrent() {
    // The store has let go of the room; what it looked like is enough to say what happened.
    this.preview = { ...this.last, left: true };
    this.roomId = null;
    this.requestUpdate();
  }

  willUpdate() {
    const { room } = this;
    if (!room) return;
    this.roomId = room.id;
    const { id, slug, name, kind, topic, people, archived } = room;
    this.last = { id, slug, name, kind, topic, people, archived };
    if (this.route.slug !== room.slug) {
      this.route = { ...this.route, slug: room.slug };
      history.replaceState(history.state, "", `${roomUrl(room.slug)}${this.route.seq ?? ""}`);
    }
  }

  updated(changed) {
    if (changed.has("drawer") && this.drawer) this.find(".sidebar__close").focus();
    else if (changed.get("drawer") && document.activeElement === document.body) this.find(".conversation__menu").focus();
    this.showUnread();
  }

  showUnread() {
    const { store, place } = this.chat;
    let unread = 0;
    for (const room of store.rooms.values()) if (!room.archived && room.notify !== "none") unread += room.unread;
    const room = this.room ?? this.preview;
    const title = room ? `${roomName(room)} · ${place.name}` : place.name;
    document.title = unread ? `(${unread}) ${title}` : title;
    const icon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
    icon.dataset.read ??= icon.getAttribute("href") ?? "";
    const wanted = (unread ? icon.dataset.unread : icon.dataset.read) ?? "";
    if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  }

  // ── The connection ──

  setConnection(state) {
    if (state === "signed-out") {
      // Signing out leads somewhere itself, and the socket may end before that page is there.
      setTimeout(() => location.assign(signInUrl()), this.leaving ? LEAVING_MS : 0);
      return;
    }
    const trying = state === "connecting" || state === "waiting";
    if (trying && this.connection === "open") {
      this.calm ??= setTimeout(() => (this.connection = "waiting"), CALM_MS);
      return;
    }
    clearTimeout(this.calm);
    this.calm = null;
    // While it tries again and again the notice stands still.
    this.connection = trying && ["waiting", "crowded"].includes(this.connection) ? this.connection : state;
  }

  connectionNotice() {
    switch (this.connection) {
      case "open":
      case "connecting": // the first time, which is quick
        return nothing;
      case "outdated":
        return html`<span>${gettext("This page is older than the server.")}</span> <button type="button" class="link" @click=${() => location.reload()}>${gettext("Reload")}</button>`;
      case "refused":
        return html`<span>${gettext("The server does not let you in. Ask the owner of this place.")}</span>`;
      case "crowded":
        return html`<span>${gettext("The chat is open in too many windows, or too much was sent at once. It is tried again; close some windows.")}</span>`;
      default:
        return html`<span class="connection__dot" aria-hidden="true"></span><span>${this.chat.store.greeted ? gettext("Reconnecting…") : gettext("Connecting…")}</span>`;
    }
  }

  // ── Dialogs ──

  browse() {
    this.drawer = false;
    this.chat.dialogs.open("chat-directory", () => import("./rooms/directory.js"));
  }

  createRoom() {
    this.drawer = false;
    this.chat.dialogs.open("chat-room-create", () => import("./rooms/create-room.js"));
  }

  createDirect() {
    this.drawer = false;
    this.chat.dialogs.open("chat-direct-create", () => import("./rooms/create-direct.js"));
  }

  showDetails(options = {}) {
    this.chat.dialogs.open("chat-room-details", () => import("./rooms/details.js"), { room: this.room, ...options });
  }

  async join() {
    const { preview } = this;
    this.joining = true;
    this.joinError = "";
    try {
      const { room } = await joinRoom(preview.slug);
      this.preview = { ...preview, ...room, left: false };
    } catch (error) {
      this.joinError = error.detail;
    } finally {
      this.joining = false;
    }
  }

  // ── Rendering ──

  render() {
    const { room } = this;
    return html`
      <div class="app ${this.drawer ? "app--drawer" : ""}"
        @browse=${this.browse} @create-room=${this.createRoom} @create-direct=${this.createDirect}
        @close-sidebar=${() => (this.drawer = false)} @keydown=${(event) => event.key === "Escape" && this.drawer && (this.drawer = false)}>
        <a class="skip" href="#conversation">${gettext("Skip to the conversation")}</a>
        <chat-sidebar class="sidebar" .chat=${this.chat} .current=${room?.id ?? null}></chat-sidebar>
        <div class="app__shade" @click=${() => (this.drawer = false)}></div>
        <main class="conversation" id="conversation" tabindex="-1" ?inert=${this.drawer} @reply=${(event) => this.find("chat-composer").reply(event.detail)}
          @add-people=${() => this.showDetails({ adding: true })} @edited=${() => this.find(".composer__field")?.focus()} @edit-last=${() => this.find("chat-timeline").editLast()}
          @sent=${() => this.find("chat-timeline").jumpToEnd()}>
          ${this.header(room ?? this.preview, Boolean(room))}
          <div class="connection" role="status">${this.connectionNotice()}</div>
          ${this.content(room)}
        </main>
        <div class="dialogs"></div>
        <chat-toasts class="toasts" .chat=${this.chat}></chat-toasts>
      </div>
    `;
  }

  header(room, joined) {
    const unreadElsewhere = [...this.chat.store.rooms.values()].some((other) => other.unread && other.id !== room?.id && !other.archived);
    return html`
      <header class="conversation__header">
        <button type="button" class="icon-button conversation__menu ${unreadElsewhere ? "conversation__menu--unread" : ""}" aria-label=${gettext("Rooms")} aria-expanded=${this.drawer} @click=${() => (this.drawer = true)}>${icons.menu}</button>
        ${room
          ? html`
              <span class="conversation__mark">${roomMark(room)}</span>
              <div class="conversation__title">
                <h1>${roomName(room)}${kindLabel(room)}</h1>
                ${room.topic ? html`<p class="conversation__topic" title=${room.topic}>${room.topic}</p>` : nothing}
              </div>
              ${room.archived ? html`<span class="label">${gettext("archived")}</span>` : nothing}
              ${joined ? html`<button type="button" class="icon-button" aria-label=${gettext("Room details")} title=${gettext("Room details")} @click=${() => this.showDetails()}>${icons.people}</button>` : nothing}
            `
          : html`<div class="conversation__title"><h1>${this.chat.place.name}</h1></div>`}
      </header>
    `;
  }

  content(room) {
    if (room) {
      return html`
        <chat-timeline class="timeline" .chat=${this.chat} .room=${room} .target=${this.route.seq} .visit=${this.route.visit}></chat-timeline>
        <chat-composer class="composer" .chat=${this.chat} .room=${room}></chat-composer>
      `;
    }
    if (!this.chat.store.greeted) return html`<div class="timeline"><div class="timeline__scroller">${skeleton()}</div></div>`;
    if (this.preview) return this.preview.kind === "public" ? this.invitation() : this.gone();
    return this.nowhere();
  }

  invitation() {
    const { preview } = this;
    return html`
      <div class="empty empty--page">
        <p class="empty__title">${preview.left ? interpolate(gettext("You are no longer in %(room)s"), { room: roomName(preview) }) : interpolate(gettext("You are not in %(room)s yet"), { room: roomName(preview) })}</p>
        ${preview.topic ? html`<p>${preview.topic}</p>` : nothing}
        ${preview.archived
          ? html`<p>${gettext("The room is archived, so nobody can join it any more.")}</p>`
          : html`
              <p>${gettext("It is public: join it to read and write.")}</p>
              <button type="button" class="button button--primary" ?disabled=${this.joining} @click=${this.join}>${interpolate(gettext("Join %(room)s"), { room: roomName(preview) })}</button>
            `}
        ${this.joinError ? html`<p class="errors" role="alert">${this.joinError}</p>` : nothing}
      </div>
    `;
  }

  gone() {
    if (!this.preview.left) return html`<div class="timeline"><div class="timeline__scroller">${skeleton()}</div></div>`;
    return html`
      <div class="empty empty--page">
        <p class="empty__title">${interpolate(gettext("You are no longer in %(room)s"), { room: roomName(this.preview) })}</p>
        <p>${gettext("Only people who are added can read it.")}</p>
      </div>
    `;
  }

  nowhere() {
    return html`
      <div class="empty empty--page">
        <p class="empty__title">${gettext("Where do you want to talk?")}</p>
        <p>${gettext("Join a room, or write to somebody directly.")}</p>
        <div class="actions">
          <button type="button" class="button button--primary" @click=${this.browse}>${gettext("Browse rooms")}</button>
          <button type="button" class="button" @click=${this.createDirect}>${gettext("Write to people")}</button>
        </div>
      </div>
    `;
  }
}

customElements.define("chat-app", ChatApp);
