"""Join and leave rooms; add and remove people."""

from django.db import transaction
from django.utils.translation import gettext as _

from rooms.members.rights import (
    Refused,
    add,
    enter,
    locked,
    moderate,
    own,
    remove,
    require_not_archived,
    require_not_direct,
)
from rooms.models import Kind, Membership, Person, Role, Room


@transaction.atomic
def join(by: Person, room: Room) -> None:
    """Joins a public room. Joining twice is not an error."""
    room = locked(room)
    if Membership.objects.filter(room=room, person=by).exists():
        return
    if room.kind != Kind.PUBLIC:
        raise Refused("not_found", _("There is no such room."))
    require_not_archived(room)
    add(room, by)


@transaction.atomic
def leave(by: Person, room: Room) -> None:
    """Leaves a room. The last owner must first make another member an owner."""
    room = locked(room)
    member = enter(by, room)
    if room.kind == Kind.DIRECT:
        raise Refused("invalid", _("You cannot leave a direct conversation."))
    assert member is not None
    remove(room, member)


@transaction.atomic
def add_member(by: Person | None, room: Room, person: Person, role: str = Role.MEMBER) -> None:
    """Adds a person. Any member may in a public room, only moderators in a private one."""
    room = locked(room)
    member = enter(by, room)
    require_not_direct(room)
    if member is not None and room.kind == Kind.PRIVATE:
        moderate(by, room)
    if by is not None:
        require_not_archived(room)
        role = Role.MEMBER
    if not person.active:
        raise Refused("invalid", _("This account is not active."))
    add(room, person, role)


@transaction.atomic
def remove_member(by: Person | None, room: Room, person: Person) -> None:
    """Removes a person. Moderators may remove members; only owners may remove owners."""
    room = locked(room)
    moderate(by, room)
    require_not_direct(room)
    member = Membership.objects.filter(room=room, person=person).first()
    if member is None:
        raise Refused("not_found", _("They are not in this room."))
    if member.role == Role.OWNER:
        own(by, room)
    remove(room, member)
