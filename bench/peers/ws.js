// ws and Redis: one subscription for each room, fan-out in the process.
import { createServer } from "node:http";
import process from "node:process";
import { Redis } from "ioredis";
import { WebSocketServer } from "ws";

const publisher = new Redis(process.env.REDIS_URL);
const subscriber = publisher.duplicate();
const rooms = new Map();

subscriber.on("messageBuffer", (channel, data) => {
  for (const socket of rooms.get(channel.toString()) ?? []) socket.send(data, { binary: false });
});

const http = createServer();
new WebSocketServer({ server: http }).on("connection", (socket, request) => {
  const room = request.url;
  if (!rooms.has(room)) {
    rooms.set(room, new Set());
    subscriber.subscribe(room);
  }
  rooms.get(room).add(socket);
  socket.on("message", (data) => publisher.publish(room, data));
  socket.on("close", () => rooms.get(room).delete(socket));
});

http.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 1024 });
