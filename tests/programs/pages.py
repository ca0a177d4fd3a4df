"""Requests without a server, and data for pages."""

import asyncio
from collections.abc import Mapping
from io import StringIO
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.middleware import SessionMiddleware
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.test import Client, RequestFactory

from chatsite.handler import ThreadsHandler
from rooms import members
from rooms.accounts.models import Invitation
from rooms.models import Person, Place
from tests.programs import messages, people

RESET = "/accounts/password/reset/"


def checkpoint() -> None:
    """Moves SQLite's write-ahead log into the file, which can then be copied."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def setup_link() -> str:
    out = StringIO()
    call_command("setup_link", stdout=out)
    return out.getvalue().split()[-1]


def make_long_names(text: str) -> None:
    """Puts `text` wherever people can write, also in General."""
    people.make_owner("ada")
    Place.objects.update(name=text, signup="open")
    Person.objects.filter(handle="bob").update(name=text)
    ada, bob = (Person.objects.get(handle=handle) for handle in ("ada", "bob"))
    members.create_room(ada, text, "public", text * 4)
    Invitation.objects.create(created_by=User.objects.get(username="ada"))
    code = f"```python\n{text * 5}\n```"
    bodies = [text * 9, f"`{text * 5}`", code, f"@ada **b** https://x.org/{text}"]
    messages.say(bob.pk, bodies)


def count_connections(key: str, requests: int) -> tuple[list[int], int]:
    """Returns the statuses of requests with this session, and the number of new connections."""
    opened: list[Any] = []

    def note(**facts: Any) -> None:
        opened.append(facts)

    connection_created.connect(note)
    settings.ALLOWED_HOSTS = ["*"]
    handler = ThreadsHandler()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/rooms/general/",
        "headers": [(b"cookie", b"sessionid=" + key.encode())],
        "query_string": b"",
        "client": ("127.0.0.1", 1),
    }

    async def get() -> int:
        incoming = [{"type": "http.request", "body": b""}]
        outgoing: list[Mapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return incoming.pop(0)

        async def send(event: Mapping[str, Any]) -> None:
            outgoing.append(event)

        await handler(scope, receive, send)
        return outgoing[0]["status"]

    async def get_all() -> list[int]:
        return [await get() for _ in range(requests)]

    return asyncio.run(get_all()), len(opened)


def sign_in_behind_a_proxy() -> dict[str, Any]:
    """Whether a request forwarded from HTTPS by a proxy counts as secure, and its cookies."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session.set_expiry(60)
        request.session._session_key = "k" * 32
        request.session.save = lambda *_: None  # type: ignore[method-assign]
        get_token(request)
        return HttpResponse()

    headers = {"host": "chat.example.org", "x-forwarded-proto": "https"}
    request = RequestFactory().get("/", headers=headers)
    answer = SessionMiddleware(CsrfViewMiddleware(view))(request)
    assert isinstance(answer, HttpResponse)
    return {"secure": request.is_secure(), "cookies": answer.cookies.output(header="")}


def sign_in_by(addresses: list[tuple[str, str]]) -> list[int]:
    """The statuses of a wrong sign-in sent to a host, from a page of an origin."""
    statuses = []
    for host, origin in addresses:
        client = Client(enforce_csrf_checks=True, headers={"host": host, "origin": origin})
        client.cookies["csrftoken"] = token = "t" * 32
        form = {"csrfmiddlewaretoken": token, "login": "nobody", "password": "x"}
        statuses.append(client.post("/accounts/login/", form).status_code)
    return statuses


def sign_in_from(tries: list[tuple[str, int]]) -> list[bool]:
    """Whether so many wrong sign-ins are too many, one X-Forwarded-For after the other."""
    refused = []
    for address, number in tries:
        client = Client(headers={"host": "127.0.0.1", "x-forwarded-for": address})
        for n in range(number):
            form = {"login": f"{number} {n} {address}", "password": "x"}
            page = client.post("/accounts/login/", form)
        refused.append("Too many" in page.content.decode())
    return refused


def way_of_mail() -> dict[str, Any]:
    """The server and the sender of mails, and whether links to reset a password are mailed."""
    way = mail.get_connection()
    server = {name: getattr(way, name, None) for name in ("host", "port", "username", "use_tls")}
    return {
        **server,
        "sender": mail.EmailMessage().from_email,
        "by mail": b"<form" in Client(headers={"host": "chat.example.org"}).get(RESET).content,
    }
