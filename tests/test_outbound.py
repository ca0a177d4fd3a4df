"""Writing to sockets on servers whose `send` waits for the client."""

import asyncio

from rooms.live import outbound
from rooms.live.outbound import MAX_WAITING, Outbound


class Server:
    """Blocks in `send` until allowed."""

    def __init__(self) -> None:
        self.sent: list[dict] = []
        self.may_send = asyncio.Event()
        self.may_send.set()

    async def send(self, event: dict) -> None:
        await self.may_send.wait()
        self.sent.append(event)

    def texts(self) -> list[str]:
        return [event["text"] for event in self.sent if event["type"] == "websocket.send"]


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_frames_arrive_in_order_and_the_close_last() -> None:
    server = Server()
    out = Outbound(server.send)
    out.hold()
    out.push("held")
    out.release("first")
    server.may_send.clear()
    for number in range(100):
        out.push(str(number))
        await asyncio.sleep(0)
    await out.close(4401)
    out.push("after the close")
    server.may_send.set()
    await settled()
    assert server.texts() == ["first", "held", *map(str, range(100))]
    assert server.sent[-1] == {"type": "websocket.close", "code": 4401}


async def test_frames_are_held_until_release() -> None:
    server = Server()
    out = Outbound(server.send)
    out.hold()
    out.push("held")
    await settled()
    assert server.sent == []


async def test_client_that_does_not_read_is_closed() -> None:
    server = Server()
    out = Outbound(server.send)
    server.may_send.clear()
    text = "x" * 1024
    for _ in range(3 * MAX_WAITING // len(text)):
        out.push(text)
        await asyncio.sleep(0)
    server.may_send.set()
    await settled()
    assert sum(map(len, server.texts())) <= MAX_WAITING + 2 * len(text)
    assert server.sent[-1] == {"type": "websocket.close", "code": 4408}


async def test_burst_does_not_close_a_reading_client() -> None:
    server = Server()
    out = Outbound(server.send)
    for _ in range(3):
        out.push("x" * MAX_WAITING)
    await settled()
    assert len(server.texts()) == 3


async def test_ready_frames_are_used_if_supported() -> None:
    frames: list[bytes] = []
    ready = {"make": str.encode, "write": frames.append}
    out = outbound.of_socket({"extensions": {"chatsite.frames": ready}}, Server().send)
    out.hold()
    out.push("held")
    out.release("first")
    out.push("last")
    assert frames == [b"first", b"held", b"last"]
