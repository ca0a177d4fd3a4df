"""Startup and shutdown of a process, for servers that speak the ASGI lifespan protocol."""

from collections.abc import Awaitable, Callable

from rooms.live import process


async def application(scope: dict, receive: Callable[[], Awaitable[dict]], send: Callable) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            process.current().start()
        elif message["type"] == "lifespan.shutdown":
            await process.current().stop()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
