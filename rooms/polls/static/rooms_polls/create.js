// @ts-check
// The dialog for creating a poll.
import { ChatDialog } from "../rooms/js/ui/dialog.js";
import { gettext, interpolate } from "../rooms/js/ui/i18n.js";
import { icons } from "../rooms/js/ui/icons.js";
import { html, nothing } from "../rooms/vendor/lit.js";

const MIN_CHOICES = 2;
const MAX_CHOICES = 10;
const HOUR_MS = 3_600_000;
const SOONEST_MS = 60_000;
const LATEST_MS = 365 * 24 * HOUR_MS;
const SPANS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS };

/** The format of a datetime-local field: 2026-11-23T09:30. */
const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
const compared = (text) => text.normalize("NFKC").trim().toLowerCase();

class ChatPollCreate extends ChatDialog {
  static properties = { ...ChatDialog.properties, choices: { state: true }, closing: { state: true } };

  constructor() {
    super();
    this.choices = ["", ""];
    this.closing = "";
    this.question = "";
  }

  /** @param {any} [options] */
  async show({ room, question } = {}) {
    this.room = room;
    this.question = question;
    this.choices = ["", ""];
    this.closing = "";
    await super.show();
  }

  change(index, text) {
    this.choices = this.choices.map((choice, at) => (at === index ? text : choice));
  }

  async add() {
    this.choices = [...this.choices, ""];
    await this.updateComplete;
    this.find(".poll-form__choice:last-of-type input")?.focus();
  }

  async remove(index) {
    this.choices = this.choices.filter((_choice, at) => at !== index);
    await this.updateComplete;
    this.dialog.querySelectorAll(".poll-form__choice input")[Math.max(0, index - 1)]?.focus();
  }

  closesAt(fields) {
    if (!this.closing) return undefined;
    const at = this.closing === "time" ? new Date(`${fields.get("at")}`) : new Date(Date.now() + SPANS[this.closing]);
    return at;
  }

  /** Enter goes on to the next choice. The button sends the poll, and so does Enter with Ctrl or Cmd. */
  pressed(event) {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches("input")) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      event.currentTarget.requestSubmit();
      return;
    }
    const fields = [...this.dialog.querySelectorAll("#poll-question, .poll-form__choice input")];
    const at = fields.indexOf(event.target);
    if (at < 0) return;
    if (at + 1 < fields.length) fields[at + 1].focus();
    else if (this.choices.length < MAX_CHOICES) this.add();
  }

  submit(event) {
    event.preventDefault();
    const fields = new FormData(event.target);
    const question = `${fields.get("question")}`.trim();
    const choices = this.choices.map((choice) => choice.trim()).filter(Boolean);
    const at = this.closesAt(fields);
    /** @type {Record<string, string[]>} */
    const errors = {};
    if (!question) errors.question = [gettext("Ask something.")];
    if (choices.length < MIN_CHOICES) errors.choices = [gettext("Give at least two choices.")];
    else if (new Set(choices.map(compared)).size < choices.length) errors.choices = [gettext("Two choices are the same.")];
    const ahead = at ? at.getTime() - Date.now() : SOONEST_MS * 2;
    if (!(ahead > SOONEST_MS && ahead < LATEST_MS)) errors.at = [gettext("Choose a time between a minute and a year from now.")];
    this.errors = errors;
    if (Object.keys(errors).length) {
      this.updateComplete.then(() => this.find("[aria-invalid=true]")?.focus());
      return;
    }
    const poll = {
      choices,
      ...(fields.get("multiple") ? { multiple: true } : {}),
      ...(fields.get("anonymous") ? { anonymous: true } : {}),
      ...(at ? { closes_at: at.toISOString() } : {}),
    };
    this.close();
    this.chat.outbox.add({ room: this.room.id, body: question, along: { poll } });
  }

  render() {
    const invalid = (name) => (this.errors[name] ? "true" : nothing);
    const described = (name) => (this.errors[name] ? `error-${name}` : nothing);
    return this.frame(
      gettext("Create a poll"),
      html`
        <form class="form" @submit=${this.submit} @keydown=${this.pressed} data-lock="no" novalidate>
          <div class="field">
            <label for="poll-question">${gettext("Question")}</label>
            <input id="poll-question" name="question" maxlength="500" autocomplete="off" .value=${this.question} ?autofocus=${!this.question} aria-invalid=${invalid("question")} aria-describedby=${described("question")}>
            ${this.fieldErrors("question")}
          </div>
          <fieldset class="choices poll-form">
            <legend>${gettext("Choices")}</legend>
            ${this.choices.map((choice, index) => html`
              <div class="field poll-form__choice">
                <input .value=${choice} maxlength="120" autocomplete="off" ?autofocus=${Boolean(this.question) && index === 0} aria-label=${interpolate(gettext("Choice %(number)s"), { number: index + 1 })}
                  aria-invalid=${invalid("choices")} aria-describedby=${described("choices")} @input=${(event) => this.change(index, event.target.value)}>
                ${this.choices.length > MIN_CHOICES
                  ? html`<button type="button" class="icon-button" aria-label=${interpolate(gettext("Remove choice %(number)s"), { number: index + 1 })} @click=${() => this.remove(index)}>${icons.close}</button>`
                  : nothing}
              </div>
            `)}
            ${this.fieldErrors("choices")}
            ${this.choices.length < MAX_CHOICES ? html`<button type="button" class="button button--small" @click=${this.add}>${gettext("Add a choice")}</button>` : nothing}
          </fieldset>
          <div class="field">
            <label for="poll-closing">${gettext("Closes")}</label>
            <select id="poll-closing" .value=${this.closing} @change=${(event) => (this.closing = event.target.value)}>
              <option value="">${gettext("When I close it")}</option>
              <option value="hour">${gettext("In an hour")}</option>
              <option value="day">${gettext("In a day")}</option>
              <option value="week">${gettext("In a week")}</option>
              <option value="time">${gettext("At a time of my choice")}</option>
            </select>
            ${this.closing === "time"
              ? html`<input type="datetime-local" name="at" aria-label=${gettext("Closing time")} value=${local(new Date(Date.now() + SPANS.day))} aria-invalid=${invalid("at")} aria-describedby=${described("at")}>`
              : nothing}
            ${this.fieldErrors("at")}
          </div>
          <div class="field field--check">
            <input type="checkbox" id="poll-multiple" name="multiple" value="yes"><label for="poll-multiple">${gettext("People may choose more than one")}</label>
          </div>
          <div class="field field--check">
            <input type="checkbox" id="poll-anonymous" name="anonymous" value="yes"><label for="poll-anonymous">${gettext("Do not show who voted for what")}</label>
          </div>
          <div class="actions actions--end">
            <button type="button" class="button" @click=${this.close}>${gettext("Cancel")}</button>
            <button class="button button--primary">${gettext("Ask")}</button>
          </div>
        </form>
      `,
    );
  }
}

customElements.define("chat-poll-create", ChatPollCreate);
