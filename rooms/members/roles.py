"""Owners and moderators of a room."""

from django.db import transaction
from django.utils.translation import gettext as _

from rooms.members.rights import (
    Refused,
    joined,
    locked,
    own,
    require_not_direct,
    tell,
)
from rooms.models import Membership, Person, Role, Room


@transaction.atomic
def set_role(by: Person | None, room: Room, person: Person, role: str) -> None:
    """Changes a member's role. Only owners may, and the last owner stays one."""
    room = locked(room)
    own(by, room)
    require_not_direct(room)
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
    tell(joined(room, person.pk))
