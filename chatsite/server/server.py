"""daphne's server with our protocols, ASGI lifespan, and a graceful shutdown."""

import asyncio
import sys
from functools import partial
from typing import Any

from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import defer

from chatsite.server.bounds import CLOSE_PATIENCE, END_AFTER, FINISH_WITHIN, GOING_AWAY
from chatsite.server.frames import text_frame
from chatsite.server.inbound import Inbound
from chatsite.server.lifespan import Lifespan
from chatsite.server.protocol import ChatProtocol
from chatsite.server.request import ChatRequest

FRAMES = "chatsite.frames"


class ChatServer(Server):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # run() calls this after creating the factories and before anybody connects.
        super().__init__(*args, ready_callable=self._ready, **kwargs)
        self.ports: list[Any] = []
        self.lifespan = Lifespan(self.application)

    def _ready(self) -> None:
        self.ws_factory.protocol = ChatProtocol
        self.ws_factory.setProtocolOptions(closeHandshakeTimeout=CLOSE_PATIENCE)
        build = self.http_factory.buildProtocol

        def build_protocol(addr: Any) -> Any:
            channel = build(addr)
            channel.requestFactory = ChatRequest
            return channel

        self.http_factory.buildProtocol = build_protocol
        asyncio.get_event_loop().call_soon(self.lifespan.start)

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self.ports.append(port)

    def listen_error(self, failure: Any) -> None:
        print(f"Cannot open the port: {failure.getErrorMessage()}", file=sys.stderr)  # noqa: T201
        super().listen_error(failure)

    def create_application(self, protocol: Any, scope: dict) -> asyncio.Queue[dict] | Inbound:
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        inbound = Inbound(protocol)
        scope.setdefault("asgi", {"version": "3.0"})
        scope["extensions"] = {FRAMES: {"make": text_frame, "write": protocol.write_frame}}
        application = self.application(
            scope=scope, receive=inbound.get, send=partial(self.handle_reply, protocol)
        )
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(application)
        return inbound

    def kill_all_applications(self) -> defer.Deferred[None]:
        """Called on SIGTERM. The reactor waits for the result."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        for port in self.ports:
            port.stopListening()
        try:
            async with asyncio.timeout(END_AFTER):
                # The application sends `bye` and finishes the writes in flight.
                await self.lifespan.stop(FINISH_WITHIN)
                # Then sockets close normally, so that their handlers clean up.
                self._close_sockets()
                while tasks := self._running():
                    await asyncio.wait(tasks, timeout=0.5)
        except TimeoutError:
            for task in self._running():
                task.cancel()

    def _close_sockets(self) -> None:
        for protocol in list(self.connections):
            if isinstance(protocol, WebSocketProtocol) and protocol.state == protocol.STATE_OPEN:
                protocol.serverClose(GOING_AWAY)

    def _running(self) -> list[asyncio.Future[None]]:
        tasks = [details.get("application_instance") for details in self.connections.values()]
        return [task for task in tasks if task is not None and not task.done()]
