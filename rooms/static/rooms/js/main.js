import { render, html } from "../vendor/lit.js";
import { Deletions } from "./log/deletions.js";
import { formatList, gettext, interpolate } from "./ui/i18n.js";
import { Outbox } from "./log/outbox.js";
import { nameOf } from "./ui/people.js";
import { Quotes } from "./conversation/quotes.js";
import { Socket } from "./log/socket.js";
import { Store } from "./log/store.js";
import "./app.js";
import "./seen.js";

const inPage = (id) => JSON.parse(document.getElementById(id).textContent);
const boot = inPage("chat");

const store = new Store({ send: (frame) => socket.send(frame), restart: () => socket.restart() });
if (boot.joined) store.begin({ epoch: boot.epoch, user: boot.user, room: boot.room, page: inPage("messages") });
const people = new Map(); // everybody seen as an author, for the names on reactions

const chat = {
  boot,
  store,
  user: boot.user,
  place: boot.place,
  isOwner: boot.is_owner,
  outbox: new Outbox(store, boot.user.id, ({ body }) => {
    const text = interpolate(gettext("You are no longer in that room. Not sent: %(text)s"), { text: body.slice(0, 200) });
    chat.toasts.show({ text, tone: "danger", seconds: 20 });
  }),
  quotes: new Quotes(store),
  deletions: new Deletions(store, null),
  toasts: null, // set by chat-app, as is emoji
  emoji: null,
  navigate: (path, preview) => app.navigate(path, preview),
  namesOf(users) {
    for (const room of store.rooms.values()) for (const message of room.messages.values()) people.set(message.author.id, message.author);
    const names = users.map((id) => (id === boot.user.id ? gettext("You") : people.has(id) ? nameOf(people.get(id)) : null));
    return formatList(names.filter(Boolean));
  },
};

let app = null;

const socket = new Socket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`, {
  onFrame(frame) {
    // Somebody else signed in in another tab: what is in this one, the outbox above all, is not theirs.
    if (frame.type === "hello" && frame.user.id !== boot.user.id) location.reload();
    else store.receive(frame);
  },
  onState: (state) => app.setConnection(state),
  onClosed: () => store.disconnected(),
});
chat.socket = socket;
socket.connect();

document.getElementById("opening").remove();
render(html`<chat-app .chat=${chat}></chat-app>`, document.body);
app = document.querySelector("chat-app");
