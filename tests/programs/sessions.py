"""Ends sessions, with or without events."""

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from rooms import members
from rooms.models import Membership, Person


def expire_in_the_dark(key: str) -> None:
    Session.objects.filter(session_key=key).update(expire_date=timezone.now())


def delete_in_the_dark(key: str) -> None:
    Session.objects.filter(session_key=key).delete()


def change_in_the_dark(ended: str, deactivated: str, moved: str) -> None:
    """Ends a session, deactivates an account and moves a member to another room, without events."""
    Session.objects.filter(session_key=ended).delete()
    User.objects.filter(username=deactivated).update(is_active=False)
    Membership.objects.filter(person__handle=moved).delete()
    room = members.create_room(None, "Elsewhere", "private")
    Membership.objects.create(room=room, person=Person.objects.get(handle=moved))
