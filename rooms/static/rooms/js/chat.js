// @ts-check
import { Quotes } from "./conversation/quotes.js";
import { Deletions } from "./log/deletions.js";
import { namesOf } from "./log/names.js";
import { Outbox } from "./log/outbox.js";
import { Dialogs } from "./ui/dialogs.js";
import { gettext, interpolate } from "./ui/i18n.js";
import { Toasts } from "./ui/toasts.js";

/** @import { Boot } from "./page.js" */
/** @import { Socket } from "./log/socket.js" */
/** @import { Store } from "./log/store.js" */

/** Everything that the elements of the page share. */
export class Chat {
  /** @param {{boot: Boot, store: Store, socket: Socket}} needs */
  constructor({ boot, store, socket }) {
    this.boot = boot;
    /** Rooms and messages, kept equal to the server's. */
    this.store = store;
    this.socket = socket;
    this.me = boot.person;
    this.place = boot.place;
    /** Whether I own the place, with all its rooms and accounts. */
    this.isOwner = boot.is_owner;
    /** Short notices at the edge of the screen. */
    this.toasts = new Toasts();
    /** Opens dialogs, which are loaded then. */
    this.dialogs = new Dialogs(this);
    /** What I said and the server has not acknowledged. */
    this.outbox = new Outbox(store, boot.person.id, ({ body }) => {
      const text = interpolate(gettext("You are no longer in that room. Not sent: %(text)s"), { text: body.slice(0, 200) });
      this.toasts.show({ text, tone: "danger", seconds: 20 });
    });
    /** Messages that replies quote. */
    this.quotes = new Quotes(store);
    /** Messages that I deleted a moment ago. */
    this.deletions = new Deletions(store, this.toasts);
    /**
     * Goes to an address within the chat; chat-app sets it. `preview` is what is known of a room that I am not in yet.
     * @type {(path: string, preview?: any) => void}
     */
    this.navigate = (path) => location.assign(path);
  }

  /**
   * The names of people as one text, mine as "You".
   * @param {number[]} ids
   */
  namesOf(ids) {
    return namesOf(this.store, ids);
  }
}
