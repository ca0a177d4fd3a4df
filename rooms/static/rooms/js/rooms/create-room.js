// @ts-check
import { html } from "../../vendor/lit.js";
import { createRoom, roomUrl } from "../api.js";
import { ChatDialog } from "../ui/dialog.js";
import { gettext } from "../ui/i18n.js";

class ChatRoomCreate extends ChatDialog {
  async submit(event) {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    const created = await this.run(() => createRoom(fields));
    if (!created) return this.find("input[name=name]")?.focus();
    this.close();
    this.chat.navigate(roomUrl(created.room.slug), { ...fields, ...created.room });
  }

  render() {
    return this.frame(
      gettext("Create a room"),
      html`
        <form class="form" @submit=${this.submit} data-lock="no">
          <div class="field">
            <label for="room-name">${gettext("Name")}</label>
            <input id="room-name" name="name" required maxlength="80" autocomplete="off" autofocus ?readonly=${this.busy} placeholder=${gettext("For example: Design")}>
            ${this.fieldErrors("name")}
          </div>
          <div class="field">
            <label for="room-topic">${gettext("Topic (optional)")}</label>
            <input id="room-topic" name="topic" maxlength="250" autocomplete="off" ?readonly=${this.busy}>
            ${this.fieldErrors("topic")}
          </div>
          <fieldset class="choices">
            <legend>${gettext("Who can come in")}</legend>
            <label class="choice">
              <input type="radio" name="kind" value="public" checked>
              <span>${gettext("Public")}</span>
              <span class="choice__help">${gettext("Everybody can find it, join it and read it.")}</span>
            </label>
            <label class="choice">
              <input type="radio" name="kind" value="private">
              <span>${gettext("Private")}</span>
              <span class="choice__help">${gettext("Only people who are added can find it and read it.")}</span>
            </label>
            ${this.fieldErrors("kind")}
          </fieldset>
          <div class="actions actions--end">
            <button type="button" class="button" @click=${this.close}>${gettext("Cancel")}</button>
            <button class="button button--primary" ?disabled=${this.busy}>${gettext("Create")}</button>
          </div>
        </form>
      `,
    );
  }
}

customElements.define("chat-room-create", ChatRoomCreate);
