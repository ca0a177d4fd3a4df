"""What happens in the site of tests.bare, whose accounts have emails for names."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command

from rooms import members
from rooms.models import Kind, Person, Place, Room
from rooms.reading import opening

PASSWORD = "correct horse battery"


def add_users(users: dict[str, str]) -> None:
    """Accounts by email, with their full names."""
    for email, full_name in users.items():
        get_user_model().objects.create_user(email, PASSWORD, full_name=full_name)


def import_users(users: dict[str, str]) -> None:
    """Accounts from a time before there was a chat: no signal tells of them."""
    user: Any = get_user_model()
    user.objects.bulk_create(user(email=email, full_name=name) for email, name in users.items())


def persons() -> list[tuple[str, str, bool, bool]]:
    """Handle, shown name, active, and whether there is an account."""
    return [
        (person.handle, person.shown_name, person.active, person.user_id is not None)
        for person in Person.objects.order_by("pk")
    ]


def deactivate_as_staff(email: str) -> None:
    """Saves the account as a proxy of the user model."""
    [proxy] = get_user_model().__subclasses__()
    account = proxy.objects.get(email=email)
    account.is_active = False
    account.save()


def open_room() -> int:
    """A public room with everybody in it."""
    first, *others = Person.objects.order_by("user__email")
    room = members.create_room(first, "Lounge", Kind.PUBLIC)
    for person in others:
        members.join(person, room)
    return room.pk


def session_of(email: str) -> str:
    user = get_user_model().objects.get(email=email)
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    assert session.session_key is not None
    return session.session_key


def flush_and_open(email: str) -> tuple[str, list[str]]:
    """The place's name and the slugs of the rooms after a flush, with a new account."""
    call_command("flush", interactive=False, verbosity=0)
    add_users({email: "Ada"})
    page = opening.of(get_user_model().objects.get(email=email), None)
    assert page.epoch == str(Place.get().epoch)
    return page.place, list(Room.objects.values_list("slug", flat=True))
