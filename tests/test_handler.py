"""HTTP on our own threads: persistent connections, files sent in blocks and not kept in memory."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from chatsite.handler import MAX_AT_ONCE, THREADS, ThreadsHandler
from tests.conftest import MakeSite
from tests.programs import pages

closed: list[str] = []
file = Path()
seen: set[int] = set()


def who_serves(_request: HttpRequest) -> HttpResponse:
    seen.add(threading.get_ident())
    return HttpResponse(b"ok")


def whole(_request: HttpRequest) -> FileResponse:
    response = FileResponse(file.open("rb"))
    response._resource_closers.append(lambda: closed.append("file"))  # type: ignore[attr-defined]
    return response


def words(_request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"one ", b"", b"two"]))


def fault(_request: HttpRequest) -> HttpResponse:
    raise ValueError


urlpatterns = [
    path("who", who_serves),
    path("file", whole),
    path("words", words),
    path("fault", fault),
]


@pytest.fixture(params=[ThreadsHandler])
def get(request: pytest.FixtureRequest) -> Any:
    middleware = ["chatsite.csp.ContentSecurityPolicyMiddleware"]
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=middleware, ALLOWED_HOSTS=["*"]):
        handler = request.param()

        async def get(url: str, method: str = "GET") -> list[dict[str, Any]]:
            scope = {
                "type": "http",
                "method": method,
                "path": url,
                "headers": [],
                "query_string": b"",
            }
            sent: list[dict[str, Any]] = []
            requests = [{"type": "http.request", "body": b""}]

            async def receive() -> dict[str, Any]:
                return requests.pop(0) if requests else await asyncio.Future()

            async def send(event: Any) -> None:
                sent.append(event)

            await handler(scope, receive, send)
            return sent

        yield get


def body_of(events: list[dict[str, Any]]) -> bytes:
    assert [event["type"] for event in events] == [
        "http.response.start",
        *["http.response.body"] * (len(events) - 1),
    ]
    assert [event.get("more_body", False) for event in events[1:]] == [True] * (len(events) - 2) + [
        False
    ]
    return b"".join(event.get("body", b"") for event in events)


@pytest.mark.parametrize("size", [0, 1, MAX_AT_ONCE - 1, MAX_AT_ONCE, 3 * MAX_AT_ONCE + 1])
async def test_file_is_sent_completely_in_blocks(
    get: Callable[..., Any], tmp_path: Path, size: int
) -> None:
    global file
    file = tmp_path / "file.bin"
    file.write_bytes(bytes(n % 251 for n in range(size)))
    closed.clear()
    events = await get("/file")
    assert body_of(events) == file.read_bytes()
    assert max(len(event.get("body", b"")) for event in events) <= MAX_AT_ONCE
    assert (b"Content-Length", str(size).encode()) in events[0]["headers"]
    assert closed == ["file"]


async def test_stream_is_sent_piece_by_piece(get: Callable[..., Any]) -> None:
    events = await get("/words")
    assert body_of(events) == b"one two"
    assert len(events) > 3


async def test_exception_is_a_500_and_the_thread_continues(get: Callable[..., Any]) -> None:
    for _ in range(THREADS + 1):
        assert (await get("/fault"))[0]["status"] == 500
    assert body_of(await get("/who")) == b"ok"


async def test_many_requests_share_a_few_threads(get: Callable[..., Any]) -> None:
    seen.clear()
    for _ in range(5):
        await asyncio.gather(*(get("/who") for _ in range(20)))
    assert 1 <= len(seen) <= THREADS


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("get", [ThreadsHandler, ASGIHandler], indirect=True)
async def test_every_response_has_a_policy_even_with_djangos_handler(
    get: Callable[..., Any],
) -> None:
    for url in ("/who", "/words", "/nowhere"):
        headers = dict((await get(url))[0]["headers"])
        assert b"default-src 'self'" in headers[b"Content-Security-Policy"]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_database_connections_are_persistent(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.people("ada")
        statuses, opened = site.run(pages.count_connections, site.keys["ada"], 50)
        assert statuses == [200] * 50
        assert opened <= THREADS
