"""Begin and end of a process, by ASGI's lifespan protocol where the server speaks it."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from rooms import protocol
from rooms.following.runner import runner
from rooms.live.sockets import here
from rooms.live.writer import writer

# Seconds over which the clients of an ending process come back: so many for each socket, as long
# as a server needs for its `hello`, between a blink and what people notice.
COMING_BACK_EACH = 0.0025
COMING_BACK = (0.2, 4.0)


async def application(scope: dict, receive: Callable[[], Awaitable[dict]], send: Callable) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            runner.start()
        if message["type"] == "lifespan.shutdown":
            await say_goodbye()
            await writer.drain()
            await asyncio.to_thread(runner.stop)
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def say_goodbye() -> None:
    """`bye` to everybody, each with a delay of their own, so that they do not come back at once."""
    here.ending = True
    shortest, longest = COMING_BACK
    span = min(longest, max(shortest, len(here) * COMING_BACK_EACH))
    for socket in here:
        socket.push(protocol.Bye(int(random.uniform(0, span) * 1000)))
