// Server frames for the tests of the client's modules.

export const ADA = { id: 1, handle: "ada", name: "Ada" };
export const BOB = { id: 2, handle: "bob", name: "Bob" };
export const GENERAL = 1;

export const room = (fields = {}) => ({
  id: GENERAL,
  kind: "public",
  slug: "general",
  name: "General",
  topic: "",
  version: 0,
  seq: 0,
  read_seq: 0,
  unread: 0,
  mentions: 0,
  role: "member",
  notify: "all",
  archived: false,
  ...fields,
});

export const hello = (rooms = [room()], fields = {}) => ({
  type: "hello",
  epoch: "an epoch",
  heartbeat: 20,
  person: ADA,
  rooms,
  ...fields,
});

/** A message whose version equals its seq, as if nothing had changed. */
export const message = (seq, fields = {}) => ({
  id: 100 + seq,
  room: GENERAL,
  seq,
  version: seq,
  cid: `cid-${seq}`,
  author: BOB,
  created_at: "2026-11-27T10:00:00Z",
  body: `line ${seq}`,
  html: `<p>line ${seq}</p>`,
  ...fields,
});

export const changes = (messages, from = messages[0].version - 1) => ({
  type: "changes",
  room: GENERAL,
  from,
  to: messages.at(-1).version,
  messages,
});
