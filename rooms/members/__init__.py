"""Rooms and who is in them: create, join, invite, rename, archive, leave.

Every function is one transaction, locks the room as writing in it does, checks what the acting
person (`by`) may do, and tells the open sockets after COMMIT. `by=None` is an administrator in
Django's admin, who needs no role in the room.
"""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from rooms import protocol
from rooms.live.broadcast import Event, person_group, room_group, tell_now
from rooms.models import DIRECT_MAX_PEOPLE, Kind, Membership, Person, Role, Room
from rooms.reading.queries import door


class Refused(Exception):
    """Nothing was changed; `str()` is the sentence for a person."""

    def __init__(self, code: protocol.Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def _tell(*events: Event) -> None:
    transaction.on_commit(lambda: tell_now(events))


def _changed(room: Room) -> Event:
    return room_group(room.pk), {"type": "room.changed", "room": room.pk}


def _joined(room: Room, person_id: int) -> Event:
    return person_group(person_id), {"type": "room.joined", "room": room.pk}


def _left(room: Room, person_id: int) -> Event:
    return person_group(person_id), {"type": "room.left", "room": room.pk}


def _locked(room: Room) -> Room:
    return Room.objects.select_for_update(no_key=True).get(pk=room.pk)


def _enter(by: Person | None, room: Room) -> Membership | None:
    """`by`'s membership of a locked room. Raises Refused where they have none."""
    if by is None:
        return None
    member = Membership.objects.filter(room=room, person=by).first()
    if problem := door(room, member is not None):
        sentence = {
            "not_found": _("There is no such room."),
            "forbidden": _("Join the room first."),
        }[problem[0]]
        raise Refused(problem[0], sentence)
    return member


def _moderate(by: Person | None, room: Room) -> None:
    member = _enter(by, room)
    if member is not None and not member.may_moderate:
        raise Refused("forbidden", _("Only an owner or a moderator of the room can do this."))


def _own(by: Person | None, room: Room) -> None:
    member = _enter(by, room)
    if member is not None and member.role != Role.OWNER:
        raise Refused("forbidden", _("Only an owner of the room can do this."))


def _not_direct(room: Room) -> None:
    if room.kind == Kind.DIRECT:
        raise Refused("invalid", _("A direct conversation has no name, topic, members or archive."))


def _require_named(kind: str | None) -> None:
    if kind not in {Kind.PUBLIC, Kind.PRIVATE}:
        raise Refused("invalid", _("A room is public or private."))


def _not_archived(room: Room) -> None:
    if room.archived:
        raise Refused("archived", _("This room is archived."))


def _add(room: Room, person: Person, role: str = Role.MEMBER) -> bool:
    """Whether the person was not in the room yet. History is readable, but not unread for them."""
    _member, new = Membership.objects.get_or_create(
        room=room, person=person, defaults={"role": role, "read_seq": room.seq}
    )
    if new:
        _tell(_joined(room, person.pk))
    return new


@transaction.atomic
def create_room(by: Person | None, name: str, kind: str, topic: str = "") -> Room:
    """A new public or private room; `by` owns it."""
    _require_named(kind)
    for _attempt in range(5):
        try:
            with transaction.atomic():
                room = Room.objects.create(
                    name=name, kind=kind, topic=topic, slug=Room.free_slug(name)
                )
                break
        except IntegrityError:
            # Somebody took the address since we looked.
            continue
    else:
        raise Refused("unavailable", _("The room could not be made. Try again."))
    if by is not None:
        _add(room, by, Role.OWNER)
    return room


def create_general() -> Room:
    """The room that a new place begins with."""
    return create_room(None, _("General"), Kind.PUBLIC)


@transaction.atomic
def direct_room(by: Person, person_ids: Iterable[int]) -> Room:
    """The direct room of `by` and these people: the same set has the same room."""
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
            _add(room, person)
    return room


@transaction.atomic
def join(by: Person, room: Room) -> None:
    """Into a public room. Being in it already is no error."""
    room = _locked(room)
    if Membership.objects.filter(room=room, person=by).exists():
        return
    if room.kind != Kind.PUBLIC:
        raise Refused("not_found", _("There is no such room."))
    _not_archived(room)
    _add(room, by)


@transaction.atomic
def leave(by: Person, room: Room) -> None:
    """Out of a room. The last owner of a room with other members names another owner first."""
    room = _locked(room)
    member = _enter(by, room)
    if room.kind == Kind.DIRECT:
        raise Refused("invalid", _("A direct conversation cannot be left."))
    assert member is not None
    _remove(room, member)


def _remove(room: Room, member: Membership) -> None:
    others = Membership.objects.filter(room=room).exclude(pk=member.pk)
    if (
        member.role == Role.OWNER
        and others.exists()
        and not others.filter(role=Role.OWNER).exists()
    ):
        raise Refused("conflict", _("A room needs an owner: make somebody else the owner first."))
    member.delete()
    _tell(_left(room, member.person_id))


@transaction.atomic
def change_room(
    by: Person | None,
    room: Room,
    *,
    name: str | None = None,
    topic: str | None = None,
    kind: str | None = None,
) -> Room:
    """A new name, topic or kind. The address stays, so that links go on working."""
    room = _locked(room)
    _moderate(by, room)
    _not_direct(room)
    if by is not None:
        _not_archived(room)
    room.name = room.name if name is None else name
    room.topic = room.topic if topic is None else topic
    if kind not in {None, room.kind}:
        _own(by, room)
        _require_named(kind)
        room.kind = kind
    room.save(update_fields=["name", "topic", "kind"])
    _tell(_changed(room))
    return room


@transaction.atomic
def set_archived(by: Person | None, room: Room, archived: bool) -> None:
    """An archived room can be read, not written in."""
    room = _locked(room)
    _own(by, room)
    _not_direct(room)
    if room.archived != archived:
        room.archived_at = timezone.now() if archived else None
        room.save(update_fields=["archived_at"])
        _tell(_changed(room))


@transaction.atomic
def add_member(by: Person | None, room: Room, person: Person, role: str = Role.MEMBER) -> None:
    """Somebody into a room: by any member of a public one, by a moderator of a private one."""
    room = _locked(room)
    member = _enter(by, room)
    _not_direct(room)
    if member is not None and room.kind == Kind.PRIVATE:
        _moderate(by, room)
    if by is not None:
        _not_archived(room)
        role = Role.MEMBER
    if not person.active:
        raise Refused("invalid", _("This account is not active."))
    _add(room, person, role)


@transaction.atomic
def remove_member(by: Person | None, room: Room, person: Person) -> None:
    """Somebody out of a room, by a moderator; an owner only by an owner."""
    room = _locked(room)
    _moderate(by, room)
    _not_direct(room)
    member = Membership.objects.filter(room=room, person=person).first()
    if member is None:
        raise Refused("not_found", _("They are not in this room."))
    if member.role == Role.OWNER:
        _own(by, room)
    _remove(room, member)


@transaction.atomic
def set_role(by: Person | None, room: Room, person: Person, role: str) -> None:
    """Another role for a member, by an owner. The last owner stays owner."""
    room = _locked(room)
    _own(by, room)
    _not_direct(room)
    if role not in Role.values:
        raise Refused("invalid", _("There is no such role."))
    member = Membership.objects.filter(room=room, person=person).first()
    if member is None:
        raise Refused("not_found", _("They are not in this room."))
    owners = Membership.objects.filter(room=room, role=Role.OWNER)
    if member.role == Role.OWNER != role and owners.count() == 1:
        raise Refused("conflict", _("A room needs an owner: make somebody else the owner first."))
    member.role = role
    member.save(update_fields=["role"])
    _tell(_joined(room, person.pk))
