// @ts-check
// Keeps one WebSocket open for all rooms of this tab: heartbeat and reconnecting, unless the server forbids it.

/** @import { Event } from "./frames.js" */

const BACKOFF_FIRST_MS = 500;
const BACKOFF_LIMIT_MS = 30_000;
// A socket without an answer to a ping for this long is dead, even if the browser thinks it is open.
const PONG_PATIENCE_MS = 10_000;
const CONNECT_PATIENCE_MS = 15_000;
// Too many sockets or frames of one person. Reconnects, but tells the user why it takes long.
const FLOODING = 4429;
// Protocol error, not signed in, not allowed: a retry would fail the same way.
/** @type {Map<number, End>} */
const TERMINAL = new Map([
  [4400, "outdated"],
  [4401, "signed-out"],
  [4403, "refused"],
]);

/** @typedef {"connecting" | "open" | "waiting" | "crowded" | End} State */
/** @typedef {"outdated" | "signed-out" | "refused"} End Final states. */

export class Socket {
  /**
   * @param {string} url
   * @param {{onFrame: (frame: Event) => void, onState: (state: State) => void, onClosed: () => void}} listeners
   */
  constructor(url, { onFrame, onState, onClosed }) {
    this.url = url;
    this.onFrame = onFrame;
    this.onState = onState;
    this.onClosed = onClosed;
    this.attempts = 0;
    this.heardAt = 0;
    this.heartbeatMs = 20_000;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {number | null} */
    this.byeMs = null;
    /** @type {State} */
    this.state = "connecting";
    addEventListener("online", () => this.hurry());
    addEventListener("pageshow", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  connect() {
    clearTimeout(this.retryTimer);
    this.become("connecting");
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.heardAt = Date.now();
    this.patience = setTimeout(() => this.drop(socket), CONNECT_PATIENCE_MS);
    socket.addEventListener("message", (event) => this.socket === socket && this.hear(event.data));
    socket.addEventListener("close", (event) => this.socket === socket && this.closed(event.code));
  }

  send(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Closes and reconnects at once. */
  restart() {
    this.attempts = 0;
    this.drop(this.socket);
    this.connect();
  }

  /** @param {State} state */
  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.onState(state);
  }

  /** @param {string} data */
  hear(data) {
    /** @type {Event} */
    const frame = JSON.parse(data);
    clearTimeout(this.patience);
    this.heardAt = Date.now();
    if (frame.type === "hello") {
      this.attempts = 0;
      this.heartbeatMs = frame.heartbeat * 1000;
      clearInterval(this.heartbeat);
      this.heartbeat = setInterval(() => this.ping(), this.heartbeatMs);
    }
    if (frame.type === "bye") this.byeMs = frame.after_ms;
    this.onFrame(frame);
    if (frame.type === "hello") this.become("open");
  }

  ping() {
    const socket = this.socket;
    if (!this.send({ type: "ping", ref: "ping" })) return;
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.drop(socket), PONG_PATIENCE_MS);
  }

  /** A dead connection may take minutes to close. Treats it as closed now. */
  drop(socket) {
    if (this.socket !== socket || !socket) return;
    this.closed(1006);
    socket.close();
  }

  closed(code) {
    clearInterval(this.heartbeat);
    clearTimeout(this.patience);
    this.socket = null;
    this.onClosed();
    const end = TERMINAL.get(code);
    if (end) {
      this.become(end);
      return;
    }
    const ceiling = Math.min(BACKOFF_LIMIT_MS, BACKOFF_FIRST_MS * 2 ** this.attempts++);
    // Full jitter keeps a thousand browsers from reconnecting at the same moment after a restart.
    const delay = this.byeMs ?? Math.random() * ceiling;
    this.byeMs = null;
    this.become(code === FLOODING ? "crowded" : "waiting");
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.connect(), delay);
  }

  /** The user is looking, or the network is back: skips the delay. */
  hurry() {
    if (this.state === "waiting" || this.state === "crowded") {
      this.attempts = 0;
      this.connect();
    } else if (this.state === "open" && Date.now() - this.heardAt > this.heartbeatMs / 2) this.ping();
  }
}
