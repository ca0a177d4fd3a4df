// What goes over the socket. Made by bin/frame-types from rooms.protocol: do not edit.

export interface Send {
  type: "send";
  ref: number | string;
  room: number;
  cid: string;
  body: string;
  reply_to?: number | null;
  thread?: number | null;
}

export interface Edit {
  type: "edit";
  ref: number | string;
  message: number;
  body: string;
}

export interface Delete {
  type: "delete";
  ref: number | string;
  message: number;
}

export interface React {
  type: "react";
  ref: number | string;
  message: number;
  emoji: string;
  on: boolean;
}

export interface Read {
  type: "read";
  ref: number | string;
  room: number;
  seq: number;
}

export interface Typing {
  type: "typing";
  ref?: number | string | null;
  room: number;
}

export interface Sync {
  type: "sync";
  ref: number | string;
  room: number;
  version: number;
  epoch?: string | null;
}

export interface History {
  type: "history";
  ref: number | string;
  room: number;
  before?: number | null;
  after?: number | null;
  around?: number | null;
  limit?: number;
}

export interface Members {
  type: "members";
  ref: number | string;
  room: number;
  after?: number;
  limit?: number;
}

export interface Ping {
  type: "ping";
  ref: number | string;
}

export interface Person {
  id: number;
  handle: string;
  name: string;
  avatar?: string | null;
}

export interface RoomState {
  id: number;
  slug: string;
  name: string;
  kind: "direct" | "private" | "public";
  topic: string;
  seq: number;
  version: number;
  read_seq: number;
  unread: number;
  mentions: number;
  role: "member" | "moderator" | "owner";
  notify: "all" | "mentions" | "none";
  archived: boolean;
  people?: Person[];
}

export interface Hello {
  type: "hello";
  epoch: string;
  person: Person;
  rooms: RoomState[];
  protocol: number;
  heartbeat: number;
}

export interface Ack {
  type: "ack";
  ref: number | string;
  room?: number;
  cid?: string;
  id?: number;
  seq?: number;
  version?: number;
  created_at?: string;
}

export interface Error {
  type: "error";
  ref: number | string | null;
  code: "archived" | "conflict" | "forbidden" | "invalid" | "not_found" | "rate_limited" | "too_large" | "unavailable";
  detail: string;
  retry_after?: number;
  hint?: string;
}

export interface ReactionState {
  emoji: string;
  people: number[];
}

export interface MessageState {
  id: number;
  seq: number;
  version: number;
  cid: string;
  author: Person;
  body: string;
  html: string;
  created_at: string;
  edited_at?: string | null;
  deleted?: boolean;
  reply_to?: number | null;
  thread?: number | null;
  reactions?: ReactionState[];
  mentions?: number[];
}

export interface Changes {
  type: "changes";
  room: number;
  from: number;
  to: number;
  messages: MessageState[];
  ref?: number | string;
}

export interface Reset {
  type: "reset";
  ref: number | string;
  room: number;
  epoch: string;
  version: number;
  messages: MessageState[];
}

export interface HistoryPage {
  type: "history";
  ref: number | string;
  room: number;
  version: number;
  messages: MessageState[];
  more_before: boolean;
  more_after: boolean;
}

export interface MemberState {
  id: number;
  handle: string;
  name: string;
  avatar?: string | null;
  role: "member" | "moderator" | "owner";
  presence: "away" | "offline" | "online";
}

export interface MembersPage {
  type: "members";
  ref: number | string;
  room: number;
  members: MemberState[];
  more: boolean;
}

export interface Pong {
  type: "pong";
  ref: number | string;
  heads: Record<string, number>;
}

export interface TypingNow {
  type: "typing";
  room: number;
  person: Person;
}

export interface Presence {
  type: "presence";
  people: Record<string, "away" | "offline" | "online">;
}

export interface ReadElsewhere {
  type: "read";
  room: number;
  seq: number;
}

export interface RoomChanged {
  type: "room";
  room: RoomState;
}

export interface Left {
  type: "left";
  room: number;
}

export interface Bye {
  type: "bye";
  after_ms: number;
}

export type Command =
  | Send
  | Edit
  | Delete
  | React
  | Read
  | Typing
  | Sync
  | History
  | Members
  | Ping;

export type Event =
  | Hello
  | Ack
  | Error
  | Changes
  | Reset
  | HistoryPage
  | MembersPage
  | Pong
  | TypingNow
  | Presence
  | ReadElsewhere
  | RoomChanged
  | Left
  | Bye;
