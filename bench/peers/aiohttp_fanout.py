"""aiohttp and Redis with one subscription and fan-out in the process: aiohttp's best design."""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress

import uvloop
from aiohttp import WSMsgType, web
from redis.asyncio import Redis

redis = Redis.from_url(os.environ["REDIS_URL"])
rooms: dict[str, set[web.WebSocketResponse]] = defaultdict(set)


async def fan_out() -> None:
    async with redis.pubsub() as pubsub:
        await pubsub.psubscribe("room.*")
        async for message in pubsub.listen():
            if message["type"] != "pmessage":
                continue
            text = message["data"].decode()
            for socket in tuple(rooms[message["channel"].decode()]):
                with suppress(ConnectionError):  # it leaves by itself
                    await socket.send_str(text)


async def chat(request: web.Request) -> web.WebSocketResponse:
    room = f"room.{request.match_info['room']}"
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    rooms[room].add(socket)
    try:
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                await redis.publish(room, message.data)
    finally:
        rooms[room].discard(socket)
    return socket


async def background(application: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(fan_out())
    yield
    task.cancel()


if __name__ == "__main__":
    uvloop.install()
    application = web.Application()
    application.cleanup_ctx.append(background)
    application.router.add_get("/ws/chat/{room}/", chat)
    web.run_app(
        application, host="127.0.0.1", port=int(os.environ["PORT"]), backlog=1024, print=None
    )
