"""Creates and changes rooms and members. `by` and members are ids of persons."""

import time
import uuid
from datetime import timedelta

from django.utils import timezone

from rooms import members
from rooms.models import Activity, Person, Place, Room


def make(slugs: list[str]) -> dict[str, int]:
    """Creates rooms without members; only general is public. Returns ids by slug."""
    ids = {}
    for slug in slugs:
        kind = "public" if slug == "general" else "private"
        facts = {"name": slug.title(), "kind": kind}
        ids[slug] = Room.objects.get_or_create(slug=slug, defaults=facts)[0].pk
    return ids


def create(by: int, name: str, kind: str = "public") -> int:
    return members.create_room(Person.objects.get(pk=by), name, kind).pk


def create_for_all(by: int, names: list[str]) -> None:
    for name in names:
        room = members.create_room(Person.objects.get(pk=by), name, "public")
        for person in Person.objects.all():
            members.join(person, room)


def direct(by: int, others: list[int]) -> int:
    return members.direct_room(Person.objects.get(pk=by), others).pk


def archive(room: int) -> None:
    members.set_archived(None, Room.objects.get(pk=room), True)


def talk_last(room: int, hours_ago: int) -> None:
    at = timezone.now() - timedelta(hours=hours_ago)
    Activity.objects.create(room_id=room, seq=0, at=at)


def rename(room: int, name: str) -> None:
    members.change_room(None, Room.objects.get(pk=room), name=name)


def rename_in_the_dark(name: str) -> None:
    """Renames all rooms, without events."""
    Room.objects.update(name=name)


def leave(room: int, person: int) -> None:
    members.leave(Person.objects.get(pk=person), Room.objects.get(pk=room))


def remove(room: int, person: int) -> float:
    """Returns the time when it was done, by time.monotonic."""
    members.remove_member(None, Room.objects.get(pk=room), Person.objects.get(pk=person))
    return time.monotonic()


def make_moderator(room: int, person: int) -> None:
    members.set_role(None, Room.objects.get(pk=room), Person.objects.get(pk=person), "moderator")


def change_epoch() -> None:
    """Changes the epoch like a restore, without events."""
    Place.objects.update(epoch=uuid.uuid4())
