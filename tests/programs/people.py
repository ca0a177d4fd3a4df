"""Accounts, their persons and their sessions."""

import time

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore

from rooms import members
from rooms.live.limits import Limits
from rooms.models import Membership, Person, Room


def make(names: list[str], join: bool) -> dict[str, tuple[int, str]]:
    """People with a password and a session, in General if `join`: id and session key by handle."""
    general = Room.objects.filter(kind="public").order_by("pk").first() or members.create_general()
    made = {}
    for name in names:
        user, _ = User.objects.get_or_create(username=name)
        user.set_password("correct horse " + name)
        user.save()
        person = Person.of(user)
        person.name = person.name or name.title()
        person.save()
        if join:
            members.join(person, general)
        made[name] = person.pk, sign_in(user)
    return made


def make_members(people: dict[str, list[str]]) -> dict[str, tuple[int, str]]:
    """People in the rooms with these slugs, whom nobody is told about."""
    made = {}
    for name, slugs in people.items():
        user = User.objects.create(username=name, password="unusable of " + name)
        person = Person.of(user)
        Person.objects.filter(pk=person.pk).update(name=name)
        for room in Room.objects.filter(slug__in=slugs):
            Membership.objects.create(room=room, person=person)
        made[name] = person.pk, sign_in(user)
    return made


def sign_in(user: User) -> str:
    """The key of a new session."""
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "allauth.account.auth_backends.AuthenticationBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    assert session.session_key is not None
    return session.session_key


def sign_in_again(name: str) -> str:
    """The key of another session."""
    return sign_in(User.objects.get(username=name))


def delete(name: str) -> None:
    User.objects.get(username=name).delete()


def deactivate(name: str) -> float:
    """When it was done, by time.monotonic."""
    user = User.objects.get(username=name)
    user.is_active = False
    user.save()
    return time.monotonic()


def forget(person: int) -> None:
    """As when an account is deleted together with its name."""
    Person.objects.get(pk=person).forget_name()


def change_password(name: str) -> None:
    user = User.objects.get(username=name)
    user.set_password("another")
    user.save()


def make_owner(name: str) -> None:
    User.objects.filter(username=name).update(is_staff=True, is_superuser=True)


def owners() -> list[str]:
    """Of the place and of its rooms."""
    owners = User.objects.filter(is_superuser=True).values_list("username", flat=True)
    of_rooms = Membership.objects.filter(role="owner").values_list("person__handle", flat=True)
    assert list(owners) == list(of_rooms)
    return list(owners)


def ask_at_once() -> tuple[int, float]:
    """How many commands somebody may send, and the seconds until the next."""
    bucket = Limits().bucket_of(1)
    number = 0
    while not (wait := bucket.take()):
        number += 1
    return number, wait


def can_sign_in(names: list[str], password: str) -> list[bool]:
    return [authenticate(username=name, password=password) is not None for name in names]


def first_has_password() -> bool:
    return User.objects.get(pk=1).has_usable_password()
