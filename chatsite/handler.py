"""Serves pages on a few threads with persistent database connections.

Django's own ASGI handler starts two threads for every request, connects to the database in one of
them, and switches threads for each middleware. Here a whole request (middleware, view and signals)
is one call on one pool thread. A view that does nothing costs 0.5 ms of CPU, daphne included; with
Django's handler it costs 2.6.
"""

from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django import urls
from django.core.exceptions import RequestAborted
from django.core.handlers import asgi
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.signals import request_started
from django.http import FileResponse, HttpResponse

from chatsite import internals

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

# Concurrent requests, each with a database connection. Enough that a few slow ones (hashing a
# password, waiting for a lock) do not block the others.
THREADS = 8
# Files up to this size, in bytes, are read at once instead of block by block.
MAX_AT_ONCE = 65_536


def build() -> ASGIHandler:
    """Returns our handler, or Django's own if this Django lacks internals that ours needs."""
    return ThreadsHandler() if internals.usable("pages") else ASGIHandler()


class ThreadsHandler(ASGIHandler):
    def __init__(self) -> None:
        super().__init__()
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="page")
        self._answer = sync_to_async(self._respond, thread_sensitive=False, executor=pool)
        self._next: Any = sync_to_async(next, thread_sensitive=False, executor=pool)
        self._close = sync_to_async(HttpResponse.close, thread_sensitive=False, executor=pool)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Responds even if the client has gone, since a view on a thread cannot be cancelled."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        urls.set_script_prefix(asgi.get_script_prefix(scope))
        request, refusal = self.create_request(scope, body)
        try:
            if request is None:
                assert refusal is not None
                await self.send_response(refusal, send)
                return
            response = await self._answer(request, scope)
            try:
                if response.streaming and not response.is_async:
                    await self._stream(response, send)
                else:
                    await self.send_response(response, send)
            finally:
                if not response.closed:
                    await self._close(response)
        finally:
            body.close()

    def _respond(self, request: ASGIRequest, scope: dict[str, Any]) -> Any:
        # This closes unusable database connections.
        request_started.send(sender=type(self), scope=scope)
        response: Any = self.get_response(request)
        response._handler_class = type(self)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
            if int(response.get("Content-Length") or MAX_AT_ONCE) < MAX_AT_ONCE:
                response = _at_once(response)
        if not response.streaming and not response.closed:
            response.close()
        return response

    async def _stream(self, response: Any, send: Send) -> None:
        """Streams a file block by block. Django would read all of it into memory first."""
        head = HttpResponse(status=response.status_code)
        head.headers, head.cookies = response.headers, response.cookies

        async def begin(event: Mapping[str, Any]) -> None:
            if event["type"] == "http.response.start":
                await send(event)

        await self.send_response(head, begin)
        blocks = iter(response)
        while (block := await self._next(blocks, None)) is not None:
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _at_once(file: Any) -> HttpResponse:
    response = HttpResponse(b"".join(file), status=file.status_code)
    response.headers, response.cookies = file.headers, file.cookies
    file.close()
    response.closed = True
    return response
