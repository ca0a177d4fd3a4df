"""People and their browsers for tests of pages: Django's test client, without a server."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from rooms.models import Place, Profile, Signup

HOST = "127.0.0.1"
PASSWORD = "correct horse battery"

# What no field takes: in a name these are refused, and nothing is stored.
BAD_LINES = ["a\0b", "a\nb", "a\x1bb", "a\x7fb", "a\u2028b", "", "   "]


def account(username: str, *, owner: bool = False, name: str = "", **facts: Any) -> User:
    make = User.objects.create_superuser if owner else User.objects.create_user
    user = make(username, password=PASSWORD, **facts)
    Profile.objects.create(user=user, name=name)
    return user


def browser(user: User | None = None, **options: Any) -> Client:
    client = Client(HTTP_HOST=HOST, **options)
    if user is not None:
        client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def set_signup(signup: Signup) -> None:
    Place.objects.update(signup=signup)
