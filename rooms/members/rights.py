"""Permissions in a room, checked under its lock, and events for its sockets."""

from django.db import transaction
from django.utils.translation import gettext as _

from rooms import protocol
from rooms.live.broadcast import Event, person_group, room_group, tell_now
from rooms.models import Kind, Membership, Person, Role, Room
from rooms.reading.queries import no_entry


class Refused(Exception):
    """Nothing was changed. `str()` is a sentence for the user."""

    def __init__(self, code: protocol.Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def tell(*events: Event) -> None:
    """Sends events after COMMIT."""
    transaction.on_commit(lambda: tell_now(events))


def changed(room: Room) -> Event:
    return room_group(room.pk), {"type": "room.changed", "room": room.pk}


def joined(room: Room, person_id: int) -> Event:
    return person_group(person_id), {"type": "room.joined", "room": room.pk}


def left(room: Room, person_id: int) -> Event:
    return person_group(person_id), {"type": "room.left", "room": room.pk}


def locked(room: Room) -> Room:
    return Room.objects.select_for_update(no_key=True).get(pk=room.pk)


def enter(by: Person | None, room: Room) -> Membership | None:
    """The membership of `by` in a locked room; None for an administrator. Raises Refused."""
    if by is None:
        return None
    member = Membership.objects.filter(room=room, person=by).first()
    if problem := no_entry(room, member is not None):
        sentence = {
            "not_found": _("There is no such room."),
            "forbidden": _("Join the room first."),
        }[problem[0]]
        raise Refused(problem[0], sentence)
    return member


def moderate(by: Person | None, room: Room) -> None:
    member = enter(by, room)
    if member is not None and not member.may_moderate:
        raise Refused("forbidden", _("Only an owner or a moderator of the room can do this."))


def own(by: Person | None, room: Room) -> None:
    member = enter(by, room)
    if member is not None and member.role != Role.OWNER:
        raise Refused("forbidden", _("Only an owner of the room can do this."))


def require_not_direct(room: Room) -> None:
    if room.kind == Kind.DIRECT:
        raise Refused("invalid", _("A direct conversation has no name, topic, members or archive."))


def require_named(kind: str | None) -> None:
    if kind not in {Kind.PUBLIC, Kind.PRIVATE}:
        raise Refused("invalid", _("A room is public or private."))


def require_not_archived(room: Room) -> None:
    if room.archived:
        raise Refused("archived", _("This room is archived."))


def add(room: Room, person: Person, role: str = Role.MEMBER) -> bool:
    """Returns whether the person is new. They can read the history, but it counts as read."""
    _member, new = Membership.objects.get_or_create(
        room=room, person=person, defaults={"role": role, "read_seq": room.seq}
    )
    if new:
        tell(joined(room, person.pk))
    return new


def remove(room: Room, member: Membership) -> None:
    others = Membership.objects.filter(room=room).exclude(pk=member.pk)
    if (
        member.role == Role.OWNER
        and others.exists()
        and not others.filter(role=Role.OWNER).exists()
    ):
        raise Refused("conflict", _("A room needs an owner: make somebody else the owner first."))
    member.delete()
    tell(left(room, member.person_id))
