"""Create rooms, rename them, archive them."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rooms.members.rights import (
    Refused,
    add,
    changed,
    locked,
    moderate,
    own,
    require_named,
    require_not_archived,
    require_not_direct,
    tell,
)
from rooms.models import DIRECT_MAX_PEOPLE, Kind, Person, Role, Room


@transaction.atomic
def create_room(by: Person | None, name: str, kind: str, topic: str = "") -> Room:
    """Creates a public or private room that `by` owns."""
    require_named(kind)
    for _attempt in range(5):
        try:
            with transaction.atomic():
                room = Room.objects.create(
                    name=name, kind=kind, topic=topic, slug=Room.free_slug(name)
                )
                break
        except IntegrityError:
            # Somebody took the slug since we looked.
            continue
    else:
        raise Refused("unavailable", _("The room could not be made. Try again."))
    if by is not None:
        add(room, by, Role.OWNER)
    return room


def create_general() -> Room:
    """Creates the first room of a new chat."""
    return create_room(None, _("General"), Kind.PUBLIC)


@transaction.atomic
def direct_room(by: Person, person_ids: Iterable[int]) -> Room:
    """Returns the direct room of `by` and these people. The same people always share one room."""
    ids = {*person_ids, by.pk}
    if not 2 <= len(ids) <= DIRECT_MAX_PEOPLE:
        raise Refused("invalid", _("A direct conversation has 2 to 9 people."))
    people = list(Person.objects.active().filter(pk__in=ids))
    if len(people) != len(ids):
        raise Refused("not_found", _("One of these people is not here any more."))
    room, new = Room.objects.get_or_create(
        people_key=Room.key_of(ids),
        defaults={"kind": Kind.DIRECT, "slug": Room.direct_slug()},
    )
    if new:
        for person in people:
            add(room, person)
    return room


@transaction.atomic
def change_room(
    by: Person | None,
    room: Room,
    *,
    name: str | None = None,
    topic: str | None = None,
    kind: str | None = None,
) -> Room:
    """Changes the name, topic or kind. The address stays, so links keep working."""
    room = locked(room)
    moderate(by, room)
    require_not_direct(room)
    if by is not None:
        require_not_archived(room)
    room.name = room.name if name is None else name
    room.topic = room.topic if topic is None else topic
    if kind not in {None, room.kind}:
        own(by, room)
        require_named(kind)
        room.kind = kind
    room.save(update_fields=["name", "topic", "kind"])
    tell(changed(room))
    return room


@transaction.atomic
def set_archived(by: Person | None, room: Room, archived: bool) -> None:
    """Archives a room, which makes it read-only, or reopens it."""
    room = locked(room)
    own(by, room)
    require_not_direct(room)
    if room.archived != archived:
        room.archived_at = timezone.now() if archived else None
        room.save(update_fields=["archived_at"])
        tell(changed(room))
