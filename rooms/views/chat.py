"""The conversation's pages. Each is the same shell; the client in it does the rest."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rooms.models.message import Message
from rooms.models.place import Place
from rooms.models.profile import Profile
from rooms.models.room import Kind, Room
from rooms.views.answers import SignedInRequest, visible_room

# As many replies as one page of history can show.
MAX_QUOTES = 200
# A quote is one line of the timeline.
QUOTE_LENGTH = 200
# No message has a longer id, and what is over 64 bits cannot be asked of SQLite.
MAX_ID_DIGITS = 18


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where `/` leads: the first room of the person, or the page that says what to do first."""
    if not request.user.is_authenticated:
        if not get_user_model().objects.exists():
            return render(request, "rooms/empty.html")
        return redirect_to_login("/")
    mine = Room.objects.filter(memberships__user=request.user, archived_at=None)
    room = mine.exclude(kind=Kind.DIRECT).order_by("id").first()
    return redirect("room", room.slug) if room else redirect("directory")


@require_safe
@login_required
def directory(request: SignedInRequest) -> HttpResponse:
    return _shell(request)


@require_safe
@login_required
def room(request: SignedInRequest, slug: str) -> HttpResponse:
    return _shell(request, visible_room(request, slug))


@require_safe
@login_required
def permalink(request: SignedInRequest, slug: str, seq: int) -> HttpResponse:
    return _shell(request, visible_room(request, slug), seq)


@require_safe
@login_required
def quotes(request: SignedInRequest, slug: str) -> JsonResponse:
    """The messages with these `ids`, short: replies quote what lies far before the page shown."""
    room = visible_room(request, slug)
    get_object_or_404(room.memberships, user=request.user)
    asked = request.GET.getlist("ids")[:MAX_QUOTES]
    ids = [int(text) for text in asked if text.isdecimal() and len(text) <= MAX_ID_DIGITS]
    found = Message.objects.filter(room=room, id__in=ids)
    messages = [
        {
            "id": message.id,
            "seq": message.seq,
            "author": Profile.person(message.author),
            "body": message.body[:QUOTE_LENGTH],
            "deleted": message.deleted,
        }
        for message in found.select_related("author__profile")
    ]
    return JsonResponse({"messages": messages})


@never_cache
def _shell(
    request: SignedInRequest, room: Room | None = None, seq: int | None = None
) -> HttpResponse:
    chat = {
        "user": Profile.person(request.user),
        "place": {"name": Place.get().name},
        "room": room and _preview(room),
        "seq": seq,
        "language": get_language(),
        "is_owner": request.user.is_superuser,
    }
    return render(request, "rooms/chat.html", {"chat": chat, "room": room})


def _preview(room: Room) -> dict[str, Any]:
    """What may be shown of a room before the socket has said more, also to somebody not in it."""
    return {
        "id": room.id,
        "slug": room.slug,
        "name": room.name,
        "kind": room.kind,
        "topic": room.topic,
        "archived": room.archived,
    }
