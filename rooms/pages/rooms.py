"""JSON endpoints for rooms and people. `rooms.members` tells the sockets."""

from collections.abc import Iterable
from typing import Any, cast

import msgspec
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Q
from django.views.decorators.http import require_GET, require_POST

from rooms import members, protocol
from rooms.models import Kind, Membership, Person, Room
from rooms.pages.answers import SignedInRequest, brief, cleaned, json_answer, visible_room
from rooms.pages.forms import ArchiveForm, NewRoomForm, PeopleForm, PersonForm, RoleForm, RoomForm
from rooms.reading import state

ROOMS_A_PAGE = 50
MAX_PEOPLE = 50


@require_POST
@json_answer
def create(request: SignedInRequest) -> dict:
    return brief(members.create_room(request.person, **cleaned(NewRoomForm(request.POST))))


@require_POST
@json_answer
def join(request: SignedInRequest, slug: str) -> dict:
    room = visible_room(request, slug)
    members.join(request.person, room)
    return brief(room)


@require_POST
@json_answer
def leave(request: SignedInRequest, slug: str) -> dict:
    room = visible_room(request, slug)
    members.leave(request.person, room)
    return brief(room)


@require_POST
@json_answer
def change(request: SignedInRequest, slug: str) -> dict:
    room = visible_room(request, slug)
    return brief(members.change_room(request.person, room, **cleaned(RoomForm(request.POST))))


@require_POST
@json_answer
def archive(request: SignedInRequest, slug: str) -> dict:
    room = visible_room(request, slug)
    members.set_archived(request.person, room, **cleaned(ArchiveForm(request.POST)))
    return brief(room)


@require_POST
@json_answer
def add_member(request: SignedInRequest, slug: str) -> dict:
    room = visible_room(request, slug)
    members.add_member(request.person, room, **cleaned(PersonForm(request.POST)))
    return brief(room)


@require_POST
@json_answer
def remove_member(request: SignedInRequest, slug: str, person_id: int) -> dict:
    room = visible_room(request, slug)
    person = cleaned(_member_form(person_id))["person"]
    members.remove_member(request.person, room, person)
    return brief(room)


@require_POST
@json_answer
def change_role(request: SignedInRequest, slug: str, person_id: int) -> dict:
    room = visible_room(request, slug)
    person = cleaned(_member_form(person_id))["person"]
    members.set_role(request.person, room, person, **cleaned(RoleForm(request.POST)))
    return brief(room)


def _member_form(person_id: int) -> PersonForm:
    form = PersonForm({"person": person_id})
    # Deactivated people can still be removed.
    form.fields["person"].queryset = Person.objects.all()  # type: ignore[attr-defined]
    return form


@require_POST
@json_answer
def direct(request: SignedInRequest) -> dict:
    people = cleaned(PeopleForm(request.POST))["people"]
    return brief(members.direct_room(request.person, [person.pk for person in people]))


@require_GET
@json_answer
def search_rooms(request: SignedInRequest) -> dict:
    """Public rooms by name or topic: the most recently active first, archived rooms last."""
    text = _searched(request)
    mine = Membership.objects.filter(room=OuterRef("pk"), person=request.person)
    rooms = Room.objects.filter(kind=Kind.PUBLIC).annotate(
        member_count=Count("memberships", filter=Q(memberships__person__active=True)),
        joined=Exists(mine),
        active_at=F("activity__at"),
    )
    if text:
        rooms = rooms.filter(Q(name__icontains=text) | Q(topic__icontains=text))
    # Explicit, because PostgreSQL sorts NULL last.
    open_first = F("archived_at").asc(nulls_first=True)
    active_first = F("active_at").desc(nulls_last=True)
    ordered = rooms.order_by(open_first, active_first, "-member_count", "name", "pk")
    pages = Paginator(ordered, ROOMS_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    return {
        "rooms": [
            {
                "id": room.pk,
                "slug": room.slug,
                "name": room.name,
                "topic": room.topic,
                "members": room.member_count,
                "joined": room.joined,
                "archived": room.archived,
                "active_at": room.active_at and protocol.time(room.active_at),
            }
            for room in cast(Iterable[Any], page)
        ],
        "more": page.has_next(),
    }


@require_GET
@json_answer
def search_people(request: SignedInRequest) -> dict:
    found = Person.objects.active().search(_searched(request))
    people = [msgspec.to_builtins(state.person(person)) for person in found[: MAX_PEOPLE + 1]]
    return {"people": people[:MAX_PEOPLE], "more": len(people) > MAX_PEOPLE}


def _searched(request: SignedInRequest) -> str:
    # PostgreSQL rejects NUL even in a search.
    return request.GET.get("q", "").replace("\0", "").strip()[:100]
