// @ts-check
import { render, html } from "../vendor/lit.js";
import { Chat } from "./chat.js";
import { Socket } from "./log/socket.js";
import { Store } from "./log/store.js";
import { extensions } from "./parts.js";
import "./app.js";
import "./seen.js";

/** @param {string} id */
const inPage = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");
const boot = inPage("chat");

const store = new Store({ send: (frame) => socket.send(frame), restart: () => socket.restart() });
if (boot.joined) store.begin({ epoch: boot.epoch, me: boot.person, room: boot.room, page: inPage("messages") });

const socket = new Socket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/`, {
  onFrame(frame) {
    // Another account signed in in another tab. This tab's content, above all its outbox, is not theirs.
    if (frame.type === "hello" && frame.person.id !== boot.person.id) location.reload();
    else store.receive(frame);
  },
  onState: (state) => app.setConnection(state),
  onClosed: () => store.disconnected(),
});
const chat = new Chat({ boot, store, socket });
for (const setup of extensions) setup(chat);
socket.connect();

document.getElementById("opening")?.remove();
render(html`<chat-app .chat=${chat}></chat-app>`, document.body);
/** @type {any} */
const app = document.querySelector("chat-app");
