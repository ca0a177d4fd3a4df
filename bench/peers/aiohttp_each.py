"""aiohttp and Redis with a subscription for each socket: a simple first design."""

import asyncio
import os

import uvloop
from aiohttp import WSMsgType, web
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import PubSub

# Every socket holds a connection; redis-py's default of 100 would refuse the others.
redis = Redis(
    connection_pool=ConnectionPool.from_url(os.environ["REDIS_URL"], max_connections=20_000)
)


async def forward(pubsub: PubSub, socket: web.WebSocketResponse) -> None:
    async for message in pubsub.listen():
        if message["type"] == "message":
            await socket.send_str(message["data"].decode())


async def chat(request: web.Request) -> web.WebSocketResponse:
    room = f"room.{request.match_info['room']}"
    socket = web.WebSocketResponse(compress=False)
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(room)
        await socket.prepare(request)
        forwarding = asyncio.create_task(forward(pubsub, socket))
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await redis.publish(room, message.data)
        finally:
            forwarding.cancel()
    return socket


if __name__ == "__main__":
    uvloop.install()
    application = web.Application()
    application.router.add_get("/ws/chat/{room}/", chat)
    web.run_app(
        application, host="127.0.0.1", port=int(os.environ["PORT"]), backlog=1024, print=None
    )
