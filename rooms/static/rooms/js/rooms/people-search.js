// @ts-check
// A search field for people, for dialogs that add somebody.
import { html, nothing, repeat } from "../../vendor/lit.js";
import { ChatElement } from "../ui/element.js";
import { ApiError, searchPeople } from "../api.js";
import { gettext } from "../ui/i18n.js";
import { avatar, nameOf } from "../ui/people.js";

const TYPING_PAUSE_MS = 200;

/** Fires "choose" with the person. People in `without` are not offered. */
class PeopleSearch extends ChatElement {
  static properties = {
    without: { attribute: false },
    label: {},
    busy: { type: Boolean },
    people: { state: true },
    more: { state: true },
    detail: { state: true },
  };

  constructor() {
    super();
    /** Ids of people to leave out. @type {Set<number>} */
    this.without = new Set();
    this.label = "";
    this.busy = false;
    this.people = null;
    this.search = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    this.load("");
  }

  input(event) {
    const { value } = event.target;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.load(value), TYPING_PAUSE_MS);
  }

  async load(query) {
    const search = ++this.search;
    const answer = await searchPeople(query).catch((error) => error);
    if (search !== this.search) return;
    this.detail = answer instanceof ApiError ? answer.detail : "";
    this.people = answer.people ?? [];
    this.more = answer.more;
  }

  choose(person) {
    this.dispatchEvent(new CustomEvent("choose", { detail: person }));
    const field = this.find("input");
    field.value = "";
    field.focus();
    this.load("");
  }

  firstOnEnter(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const offered = this.offered;
    if (event.target.value && offered.length) this.choose(offered[0]);
  }

  get offered() {
    return (this.people ?? []).filter((person) => !this.without.has(person.id));
  }

  render() {
    return html`
      <input class="input" type="text" role="searchbox" inputmode="search" autocomplete="off" autofocus aria-label=${this.label} placeholder=${this.label} @input=${this.input} @keydown=${this.firstOnEnter}>
      ${this.detail ? html`<p class="errors" role="alert">${this.detail}</p>` : nothing}
      <ul class="people">
        ${repeat(this.offered, (person) => person.id, (person) => html`
          <li>
            <button type="button" class="person person--choice" ?disabled=${this.busy} @click=${() => this.choose(person)}>
              ${avatar(person)}<span class="person__name">${nameOf(person)}</span><span class="person__handle">@${person.handle}</span>
            </button>
          </li>
        `)}
      </ul>
      ${this.people && !this.offered.length && !this.detail ? html`<p class="people__none" role="status">${gettext("Nobody found.")}</p>` : nothing}
      ${this.more ? html`<p class="people__none">${gettext("There are more people. Type part of a name.")}</p>` : nothing}
    `;
  }
}

customElements.define("people-search", PeopleSearch);
