// @ts-check
import { render, html } from "../vendor/lit.js";
import { Chat } from "./chat.js";
import { Socket } from "./log/socket.js";
import { Store } from "./log/store.js";
import { extensions } from "./parts.js";
import { boot, firstPage } from "./page.js";
import "./app.js";

const store = new Store({ send: (frame) => socket.send(frame), restart: () => socket.restart() });
if (boot.joined) store.begin({ epoch: boot.epoch, me: boot.person, room: boot.room, page: firstPage });

const socket = new Socket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${boot.urls.socket}?language=${boot.language}`, {
  onFrame(frame) {
    // Somebody else signed in in another tab: what is in this one, the outbox above all, is not theirs.
    if (frame.type === "hello" && frame.person.id !== boot.person.id) location.reload();
    else store.receive(frame);
  },
  onState: (state) => app.setConnection(state),
  onClosed: () => store.disconnected(),
});
const chat = new Chat({ boot, store, socket });
for (const setup of extensions) setup(chat);
socket.connect();

// In the place of what was painted first: around it may be the site's own header.
const root = document.createElement("div");
document.getElementById("opening")?.replaceWith(root);
render(html`<chat-app .chat=${chat}></chat-app>`, root);
/** @type {any} */
const app = document.querySelector("chat-app");
