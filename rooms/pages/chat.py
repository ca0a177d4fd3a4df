"""The conversation's pages. All are the same shell, filled by the client.

A template renders the shell, with CHAT_SHARED_PAGE only once per language. The parts that differ
between pages are inserted as bytes: names, and two pieces of JSON.
"""

import re
import secrets
from contextlib import suppress
from functools import lru_cache
from typing import Any

import msgspec
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CSRF_SECRET_LENGTH, get_token
from django.shortcuts import get_object_or_404, redirect, resolve_url
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.html import escape
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rooms import capability
from rooms.conf import conf
from rooms.models.message import Message
from rooms.models.room import Kind, Room
from rooms.pages.answers import SignedInRequest, for_accounts, signed_in, visible_room
from rooms.reading import opening, state
from rooms.reading.opening import Opening
from rooms.reading.state import RoomRow

# Messages on the largest page of history.
MAX_QUOTES = 200
# A quote is one line of the timeline.
QUOTE_LENGTH = 200
# No id is longer, and SQLite rejects numbers above 64 bits.
MAX_ID_DIGITS = 18
# Where a site may be mounted, times its languages. A server may take that from a client's header.
MAX_PREFIXES = 16
# The client's first module.
MAIN = "rooms/js/main.js"
# The largest integer that browsers represent exactly.
MAX_SEQ = 2**53 - 1


@require_safe
@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """Redirects to the first room of the person, or to the directory."""
    mine = Room.objects.filter(memberships__person=request.person, archived_at=None)
    room = mine.exclude(kind=Kind.DIRECT).order_by("id").first()
    return redirect("rooms:room", room.slug) if room else redirect("rooms:directory")


@require_safe
@for_accounts
@never_cache
def directory(request: Any) -> HttpResponse:
    return _page(request, opening.of(request.user, None))


@require_safe
@for_accounts
@never_cache
def room(request: Any, slug: str, seq: int | None = None) -> HttpResponse:
    """The page of a room, at message `seq` if given."""
    about = opening.of(request.user, slug)
    if about.room is None:
        # Do not reveal private rooms.
        raise Http404
    return _page(request, about, seq)


@require_safe
@signed_in
def quotes(request: SignedInRequest, slug: str) -> JsonResponse:
    """Returns the messages with these `ids`, shortened, to quote messages that are not loaded."""
    room = visible_room(request, slug)
    get_object_or_404(room.memberships, person=request.person)
    asked = request.GET.getlist("ids")[:MAX_QUOTES]
    ids = [int(text) for text in asked if text.isdecimal() and len(text) <= MAX_ID_DIGITS]
    found = Message.objects.filter(room=room, id__in=ids)
    messages = [
        {
            "id": message.id,
            "seq": message.seq,
            "author": msgspec.to_builtins(state.person(message.author)),
            "body": message.body[:QUOTE_LENGTH],
            **({"deleted": True} if message.deleted else {}),
        }
        for message in found.select_related("author")
    ]
    return JsonResponse({"messages": messages})


def _page(request: HttpRequest, about: Opening, seq: int | None = None) -> HttpResponse:
    language = get_language() or settings.LANGUAGE_CODE
    room = about.room
    contents = opening.contents(about, seq) if room and room.role else None
    boot = {
        "person": about.person,
        "place": {"name": about.place},
        "epoch": about.epoch,
        "room": contents.room if contents else room and _preview(room),
        "joined": contents is not None,
        "seq": None if seq is None else min(seq, MAX_SEQ),
        "language": language,
        "urls": _urls(get_script_prefix(), language),
        "csrf": _csrf(request),
        "is_owner": getattr(request.user, "is_superuser", False),
    }
    name = room.name if room else about.place  # the client names direct rooms itself
    parts = {
        "title": escape(f"{name} · {about.place}" if room and name else about.place).encode(),
        "place": escape(about.place).encode(),
        "heading": escape(name).encode(),
        "boot": opening.in_page(boot),
        "messages": contents.messages if contents else b"null",
    }
    shared = conf.SHARED_PAGE and not settings.DEBUG
    shell = _shared_shell(get_script_prefix(), language) if shared else _shell(request)
    return HttpResponse(b"".join([parts[p] if isinstance(p, str) else p for p in shell]))


@lru_cache(MAX_PREFIXES)
def _urls(prefix: str, language: str) -> dict[str, str]:
    """Addresses that the site decides on. Empty if there is none."""
    urls = {
        "home": reverse("rooms:home"),
        "socket": prefix + conf.SOCKET_PATH,
        "sign_in": resolve_url(settings.LOGIN_URL),
        "sign_out": conf.SIGN_OUT_URL and resolve_url(conf.SIGN_OUT_URL),
        "admin": "",
    }
    with suppress(NoReverseMatch):
        urls["admin"] = reverse("admin:index")
    return urls


def _csrf(request: HttpRequest) -> dict[str, str]:
    """How the client authenticates POSTs: with a cookie that it reads, or with a token."""
    header = settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-")
    if settings.CSRF_USE_SESSIONS or settings.CSRF_COOKIE_HTTPONLY:
        return {"header": header, "token": get_token(request)}
    _ensure_token(request)
    return {"header": header, "cookie": settings.CSRF_COOKIE_NAME}


def _ensure_token(request: HttpRequest) -> None:
    """Sets the CSRF cookie if the browser has none.

    What Django's get_token does, but for the masked copy that forms need: the client reads the
    cookie. Django asks the system for 64 random numbers, one by one, and at each of them another
    thread may take over: together a fifth of the time of the page.
    """
    if "CSRF_COOKIE" not in request.META:
        request.META["CSRF_COOKIE"] = secrets.token_hex(CSRF_SECRET_LENGTH // 2)
        request.META["CSRF_COOKIE_NEEDS_UPDATE"] = True


@lru_cache(MAX_PREFIXES)
def _shared_shell(prefix: str, language: str) -> list[bytes | str]:
    return _shell(None)


def _shell(request: HttpRequest | None) -> list[bytes | str]:
    """The page in the current language: bytes, alternating with names of inserted parts."""
    # No text of the base template, like somebody's name, can be taken for a mark.
    secret = secrets.token_hex(8)
    marks = {
        name: f"⟦{secret}{name}⟧" for name in ("title", "boot", "messages", "place", "heading")
    }
    context = marks | {
        "styles": capability.listed("styles"),
        # In this order: apps register their additions before main.js renders.
        "modules": [*capability.listed("scripts"), MAIN],
    }
    pieces = re.split(f"⟦{secret}(.*?)⟧", render_to_string("rooms/chat.html", context, request))
    return [piece if at % 2 else piece.encode() for at, piece in enumerate(pieces)]


def _preview(room: RoomRow) -> dict[str, Any]:
    """What non-members may see of a room."""
    return {
        "id": room.id,
        "slug": room.slug,
        "name": room.name,
        "kind": room.kind,
        "topic": room.topic,
        "archived": bool(room.archived),
    }
