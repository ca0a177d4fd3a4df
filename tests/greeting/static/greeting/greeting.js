// @ts-check
import { completers, composerActions, extend, messageActions, parts, slashCommands } from "../rooms/js/parts.js";
import { icons } from "../rooms/js/ui/icons.js";
import { html, nothing } from "../rooms/vendor/lit.js";

const greet = ({ chat, room }, body) => chat.outbox.add({ room: room.id, body });

parts.set("mentions", (people, { chat }) => (people.length ? html`<p class="named">Named: ${chat.namesOf(people)}</p>` : nothing));
messageActions.push({ icon: icons.direct, label: "Greet", key: "g", offered: ({ mine }) => !mine, run: (context) => greet(context, "hello back") });
composerActions.push({ icon: icons.react, label: "Wave", run: (context) => greet(context, "wave") });
completers.push({
  label: "Tags",
  pattern: /#(\w*)$/,
  find: async (word) => ["hello", "hey"].filter((text) => text.startsWith(word)).map((text) => ({ key: text, text, name: `#${text}` })),
});
slashCommands.push({ names: ["nod"], description: "Agree", run: (rest, context) => void greet(context, `nods ${rest}`) });
extend((chat) => {
  chat.store.on("typing", ({ person }) => person.id !== chat.me.id && chat.toasts.show({ text: `${person.name} is busy` }));
  chat.dialogs.open("greeting-dialog", () => import("./dialog.js"), "Welcome");
});
