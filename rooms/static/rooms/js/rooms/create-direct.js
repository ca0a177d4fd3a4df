// @ts-check
import { html, nothing } from "../../vendor/lit.js";
import { openDirect, roomUrl } from "../api.js";
import { ChatDialog } from "../ui/dialog.js";
import { gettext, interpolate } from "../ui/i18n.js";
import { icons } from "../ui/icons.js";
import { nameOf } from "../ui/people.js";
import "./people-search.js";

// A direct room has 2 to 9 people, including me.
const OTHERS_LIMIT = 8;

class ChatDirectCreate extends ChatDialog {
  static properties = { ...ChatDialog.properties, chosen: { state: true } };

  constructor() {
    super();
    this.chosen = [];
  }

  async show() {
    this.chosen = [];
    await super.show();
  }

  async submit() {
    const opened = await this.run(() => openDirect(this.chosen.map(({ id }) => id)));
    if (!opened) return;
    this.close();
    this.chat.navigate(roomUrl(opened.room.slug), { kind: "direct", people: this.chosen, ...opened.room });
  }

  render() {
    const full = this.chosen.length >= OTHERS_LIMIT;
    return this.frame(
      gettext("Write to people"),
      html`
        ${this.chosen.length ? html`<div class="chosen">${this.chosen.map((person) => this.chip(person))}</div>` : nothing}
        ${full ? html`<p class="notice">${gettext("A direct conversation has at most 9 people. For more, create a private room.")}</p>` : nothing}
        <people-search .label=${gettext("Search people by name")} ?busy=${full || this.busy} .without=${new Set([this.chat.me.id, ...this.chosen.map(({ id }) => id)])}
          @choose=${(event) => !full && (this.chosen = [...this.chosen, event.detail])}></people-search>
        <div class="actions actions--end dialog__foot">
          <button type="button" class="button" @click=${this.close}>${gettext("Cancel")}</button>
          <button type="button" class="button button--primary" ?disabled=${this.busy || !this.chosen.length} @click=${this.submit}>${gettext("Open the conversation")}</button>
        </div>
      `,
      "dialog--tall",
    );
  }

  chip(person) {
    return html`
      <button type="button" class="chosen__person" aria-label=${interpolate(gettext("Remove %(name)s"), { name: nameOf(person) })}
        @click=${() => (this.chosen = this.chosen.filter(({ id }) => id !== person.id))}>
        <span>${nameOf(person)}</span>${icons.close}
      </button>
    `;
  }
}

customElements.define("chat-direct-create", ChatDirectCreate);
