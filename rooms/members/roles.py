"""Owners and moderators of a room."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import pre_delete
from django.dispatch import receiver
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


@receiver(pre_delete)
def hand_over(instance: Model, **_signal: Any) -> None:
    """Where an account is deleted whose person alone owns a room, the next in rank owns it."""
    if not isinstance(instance, get_user_model()):
        return
    owned = Membership.objects.filter(person__user=instance.pk, role=Role.OWNER)
    for room in Room.objects.filter(memberships__in=owned):
        with transaction.atomic():
            room = locked(room)
            others = room.memberships.filter(person__active=True).exclude(person__user=instance.pk)
            # "moderator" sorts behind "member". Then whoever has been here longest.
            heir = others.exclude(role=Role.OWNER).order_by("-role", "pk").first()
            if heir is not None and not others.filter(role=Role.OWNER).exists():
                heir.role = Role.OWNER
                heir.save(update_fields=["role"])
                tell(joined(room, heir.person_id))


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
        raise Refused("conflict", _("A room needs an owner. Make somebody else an owner first."))
    member.role = role
    member.save(update_fields=["role"])
    tell(joined(room, person.pk))
