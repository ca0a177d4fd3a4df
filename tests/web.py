"""Accounts and browsers for tests of pages, using Django's test client without a server."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from rooms.models import Person, Place, Signup

HOST = "127.0.0.1"
PASSWORD = "correct horse battery"

# No field accepts these: as a name they are refused, and nothing is stored.
BAD_LINES = ["a\0b", "a\nb", "a\x1bb", "a\x7fb", "a\u2028b", "", "   "]


def account(username: str, *, owner: bool = False, name: str = "", **facts: Any) -> User:
    make = User.objects.create_superuser if owner else User.objects.create_user
    user = make(username, password=PASSWORD, **facts)
    Person.objects.filter(user=user).update(name=name)
    return user


def person(handle: str, **facts: Any) -> Person:
    """Creates a person with an account."""
    return Person.of(account(handle, **facts))


def browser(user: User | Person | None = None, **options: Any) -> Client:
    client = Client(HTTP_HOST=HOST, **options)
    if isinstance(user, Person):
        user = user.user
    if user is not None:
        client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def set_signup(signup: Signup) -> None:
    Place.objects.update(signup=signup)
