// @ts-check
import { html, live, nothing, repeat } from "../../vendor/lit.js";
import { addMember, archiveRoom, changeRole, joinRoom, leaveRoom, removeMember, saveRoom } from "../api.js";
import { address } from "../page.js";
import { ChatDialog } from "../ui/dialog.js";
import { formatNumber, gettext, interpolate, ngettext } from "../ui/i18n.js";
import { icons } from "../ui/icons.js";
import { avatar, nameOf, roomName } from "../ui/people.js";
import { sentenceOf } from "../log/refusals.js";
import { Watch } from "../ui/watch.js";
import "./people-search.js";

/** @import { Room } from "../log/store.js" */

const MEMBERS_PAGE = 200;

/** Topic and name, members and their roles, adding people, archiving, leaving. */
class ChatRoomDetails extends ChatDialog {
  static properties = {
    ...ChatDialog.properties,
    roomId: { state: true },
    members: { state: true },
    moreMembers: { state: true },
    adding: { state: true },
    saved: { state: true },
    leaving: { state: true },
  };

  constructor() {
    super();
    this.roomId = 0;
    this.members = [];
    new Watch(this, "rooms", "presence");
  }

  /** Undefined when I am no longer in it: then nothing is drawn. */
  get room() {
    return /** @type {Room} */ (this.chat.store.rooms.get(this.roomId));
  }

  async show({ room, adding = false }) {
    this.roomId = room.id;
    this.adding = adding;
    this.saved = this.leaving = false;
    this.members = [];
    this.loadMembers();
    await super.show();
  }

  async loadMembers(after = null) {
    const frame = { type: "members", room: this.room.id, limit: MEMBERS_PAGE };
    if (after !== null) frame.after = after;
    try {
      const answer = await this.chat.store.request(frame);
      this.members = after === null ? answer.members : [...this.members, ...answer.members];
      this.moreMembers = answer.more;
    } catch (refusal) {
      this.detail = sentenceOf(refusal);
    }
  }

  get mayManage() {
    return !this.room.archived && this.room.kind !== "direct" && ["owner", "moderator"].includes(this.room.role);
  }

  get mayAdd() {
    return !this.room.archived && (this.room.kind === "public" || (this.room.kind === "private" && this.mayManage));
  }

  get isOwner() {
    return this.room.role === "owner";
  }

  async save(event) {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    this.saved = false;
    this.saved = Boolean(await this.run(() => saveRoom(this.room.slug, fields)));
  }

  async add(person) {
    if (await this.run(() => addMember(this.room.slug, person.id))) await this.loadMembers();
  }

  async remove(person) {
    if (await this.run(() => removeMember(this.room.slug, person.id))) await this.loadMembers();
  }

  async setRole(person, role) {
    await this.run(() => changeRole(this.room.slug, person.id, role));
    await this.loadMembers();
  }

  async archive(archived) {
    await this.run(() => archiveRoom(this.room.slug, archived));
  }

  async leave() {
    const { room } = this;
    if (!(await this.run(() => leaveRoom(room.slug)))) return;
    this.close();
    if (room.kind !== "public") return this.chat.navigate(address(""));
    this.chat.toasts.show({
      text: interpolate(gettext("You left %(room)s."), { room: roomName(room) }),
      action: gettext("Join again"),
      onAction: () => joinRoom(room.slug).catch((error) => this.chat.toasts.show({ text: error.detail, tone: "danger" })),
    });
  }

  render() {
    const { room } = this;
    if (!room) return nothing;
    return this.frame(
      roomName(room),
      html`
        ${room.archived ? html`<p class="notice notice--attention">${gettext("This room is archived. It can be read, but nothing can be written or changed in it.")}</p>` : nothing}
        ${room.kind === "direct" ? nothing : this.mayManage ? this.settings() : this.about()}
        ${this.memberList()}
        ${room.kind === "direct" ? nothing : this.end()}
      `,
    );
  }

  about() {
    return html`
      <section class="details__section">
        <h3>${gettext("Topic")}</h3>
        <p class=${this.room.topic ? "" : "details__none"}>${this.room.topic || gettext("No topic yet.")}</p>
      </section>
    `;
  }

  settings() {
    const { room } = this;
    return html`
      <form class="form details__section" @submit=${this.save} @input=${() => (this.saved = false)} data-lock="no">
        <div class="field">
          <label for="details-name">${gettext("Name")}</label>
          <input id="details-name" name="name" required maxlength="80" autocomplete="off" .defaultValue=${room.name} ?readonly=${this.busy}>
          ${this.fieldErrors("name")}
        </div>
        <div class="field">
          <label for="details-topic">${gettext("Topic")}</label>
          <input id="details-topic" name="topic" maxlength="250" autocomplete="off" .defaultValue=${room.topic} ?readonly=${this.busy}>
          ${this.fieldErrors("topic")}
        </div>
        <div class="actions">
          <button class="button button--primary" ?disabled=${this.busy}>${gettext("Save")}</button>
          <span role="status" class="details__saved">${this.saved ? html`${icons.check} ${gettext("Saved")}` : nothing}</span>
        </div>
      </form>
    `;
  }

  memberList() {
    const count = this.members.length;
    const title = this.moreMembers
      ? gettext("Members")
      : interpolate(ngettext("%(count)s member", "%(count)s members", count), { count: formatNumber(count) });
    return html`
      <section class="details__section">
        <div class="details__heading">
          <h3>${count ? title : gettext("Members")}</h3>
          ${this.mayAdd ? html`<button type="button" class="button button--small" aria-expanded=${this.adding} @click=${() => (this.adding = !this.adding)}>${icons.plus}<span>${gettext("Add people")}</span></button>` : nothing}
        </div>
        ${this.adding && this.mayAdd
          ? html`<people-search class="details__add" .label=${gettext("Search people by name")} ?busy=${this.busy} .without=${new Set(this.members.map(({ id }) => id))} @choose=${(event) => this.add(event.detail)}></people-search>`
          : nothing}
        <ul class="people">${repeat(this.members, (member) => member.id, (member) => this.member(member))}</ul>
        ${this.moreMembers ? html`<button type="button" class="button button--small" @click=${() => this.loadMembers(this.members.at(-1).id)}>${gettext("Show more")}</button>` : nothing}
      </section>
    `;
  }

  member(member) {
    const me = member.id === this.chat.me.id;
    const online = (this.chat.store.presence.get(member.id) ?? member.presence) === "online";
    const name = nameOf(member);
    const { kind, archived } = this.room;
    const editable = this.isOwner && !archived && kind !== "direct";
    const removable = this.mayManage && !me && member.role !== "owner";
    const roles = { owner: gettext("Owner"), moderator: gettext("Moderator"), member: gettext("Member") };
    return html`
      <li class="person">
        ${avatar(member)}
        <span class="person__name">${name}${me ? html` <span class="person__me">${gettext("(you)")}</span>` : nothing}</span>
        <span class="person__handle">@${member.handle}${online ? html` · <span class="person__online">${gettext("online")}</span>` : nothing}</span>
        <span class="person__controls">
          ${editable
            ? html`<select class="input person__role" aria-label=${interpolate(gettext("Role of %(name)s"), { name })} ?disabled=${this.busy}
                .value=${live(member.role)} @change=${(event) => this.setRole(member, event.target.value)}>
                ${Object.entries(roles).map(([role, title]) => html`<option value=${role} ?selected=${role === member.role}>${title}</option>`)}
              </select>`
            : member.role === "member" || kind === "direct" ? nothing : html`<span class="label">${roles[member.role]}</span>`}
          ${removable
            ? html`<button type="button" class="icon-button icon-button--small icon-button--danger" ?disabled=${this.busy} aria-label=${interpolate(gettext("Remove %(name)s"), { name })} title=${gettext("Remove from the room")} @click=${() => this.remove(member)}>${icons.close}</button>`
            : nothing}
        </span>
      </li>
    `;
  }

  end() {
    const { room } = this;
    return html`
      <section class="details__section actions">
        ${this.isOwner
          ? html`<button type="button" class="button" ?disabled=${this.busy} @click=${() => this.archive(!room.archived)}>
              ${icons.archive}<span>${room.archived ? gettext("Bring back from the archive") : gettext("Archive this room")}</span>
            </button>`
          : nothing}
        ${room.kind === "private" && this.leaving
          ? html`
              <p class="details__warning">${gettext("You can only come back when somebody adds you again.")}</p>
              <button type="button" class="button button--danger" ?disabled=${this.busy} @click=${this.leave}>${gettext("Leave for good")}</button>
            `
          : html`<button type="button" class="button button--outline-danger" ?disabled=${this.busy} @click=${() => (room.kind === "private" ? (this.leaving = true) : this.leave())}>${gettext("Leave the room")}</button>`}
      </section>
    `;
  }
}

customElements.define("chat-room-details", ChatRoomDetails);
