// @ts-check
// Renders the emoji under a message, as a part.
import { classMap, html, nothing } from "../../vendor/lit.js";
import { parts } from "../parts.js";
import { formatNumber, gettext, interpolate, ngettext } from "../ui/i18n.js";
import { icons } from "../ui/icons.js";

function react({ change, message }, emoji, on) {
  return change({ type: "react", message: message.id, emoji, on }, gettext("There is no connection. The reaction was not saved."));
}

/** Opens the emoji picker next to the pressed button. */
export async function pickReaction(context, event) {
  const { chat, row } = context;
  const button = event.currentTarget;
  const emoji = await chat.dialogs.open("chat-emoji-picker", () => import("../ui/emoji-picker.js"), button);
  (button.isConnected ? button : row).focus();
  if (emoji) react(context, emoji, true);
}

parts.set("reactions", (reactions, context) => {
  if (!reactions.length) return nothing;
  const { archived, chat, tabindex } = context;
  return html`
    <div class="reactions">
      ${reactions.map(({ emoji, people }) => {
        const mine = people.includes(chat.me.id);
        const count = people.length;
        const label = interpolate(ngettext("%(emoji)s, %(count)s person", "%(emoji)s, %(count)s people", count), { emoji, count: formatNumber(count) });
        return html`<button type="button" class=${classMap({ reaction: true, "reaction--mine": mine })} aria-pressed=${mine} aria-label=${label}
          title=${chat.namesOf(people)} tabindex=${tabindex} ?disabled=${archived} @click=${() => react(context, emoji, !mine)}>
          <span class="reaction__emoji">${emoji}</span><span class="reaction__count">${formatNumber(count)}</span>
        </button>`;
      })}
      ${archived
        ? nothing
        : html`<button type="button" class="reaction reaction--add" tabindex=${tabindex} aria-label=${gettext("Add reaction")} @click=${(event) => pickReaction(context, event)}>${icons.react}</button>`}
    </div>
  `;
});
