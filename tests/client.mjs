// The browser's store under node: reads frames and writes commands, one per line.
import { createInterface } from "node:readline";
import { Store } from "../rooms/static/rooms/js/log/store.js";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const store = new Store({ send: (frame) => say({ send: frame }), restart: () => say({ restart: true }) });

for await (const line of createInterface({ input: process.stdin })) {
  const { receive, dump, history } = JSON.parse(line);
  if (receive) store.receive(receive);
  if (history) store.history(history.room, history.query).catch(() => {});
  if (dump) {
    const room = store.rooms.get(dump);
    const messages = [...room.messages.values()].toSorted((a, b) => a.seq - b.seq);
    say({ state: { version: room.version, seq: room.seq, messages } });
  }
}
process.exit(0);
