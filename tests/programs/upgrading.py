"""A database of version 0.1, in which the chat spoke of users."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from rooms.accounts.models import Invitation
from rooms.models import Membership, Mention, Message, Person, Reaction

NOW = "2026-11-01 12:00:00+00:00"
# Two people whose names differ in case alone, one without a profile, one with an address as name.
USERS = [(7, "ada", True), (8, "Ada", True), (12, "bob", False), (30, "kim@example.org", True)]


def make_old_tables() -> None:
    """The tables as version 0.1 left them, in place of those of today."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    else:
        connection.close()
        for path in Path(connection.settings_dict["NAME"]).parent.glob("chat.sqlite3*"):
            path.unlink()
    for app in ("contenttypes", "auth", "sessions", "admin", "account", "usersessions"):
        call_command("migrate", app, verbosity=0)
    call_command("migrate", "rooms", "0003", verbosity=0)


def fill_old_tables(messages: int) -> None:
    rows: dict[str, list[dict[str, Any]]] = {
        "auth_user": [
            {
                "id": id,
                "username": name,
                "password": "!",
                "is_active": active,
                "is_superuser": False,
                "is_staff": False,
                "date_joined": NOW,
                "first_name": "",
                "last_name": "",
                "email": "",
            }
            for id, name, active in USERS
        ],
        "rooms_profile": [{"user_id": 7, "name": "Ada Lovelace"}, {"user_id": 12, "name": ""}],
        "rooms_room": [
            {
                "id": 3,
                "name": "General",
                "slug": "general",
                "kind": "public",
                "topic": "",
                "seq": messages,
                "version": messages,
                "people_key": None,
                "archived_at": None,
                "created_at": NOW,
            }
        ],
        "rooms_membership": [
            {
                "role": "owner",
                "notify": "all",
                "read_seq": 1,
                "joined_at": NOW,
                "user_id": id,
                "room_id": 3,
            }
            for id, _name, _active in USERS
        ],
        "rooms_message": [
            {
                "id": n,
                "seq": n,
                "version": n,
                "cid": UUID(int=n).hex,
                "digest": "",
                "body": f"said {n}",
                "html": f"<p>said {n}</p>",
                "created_at": NOW,
                "author_id": USERS[n % 4][0],
                "room_id": 3,
            }
            for n in range(1, messages + 1)
        ],
        "rooms_reaction": [{"emoji": "👍", "message_id": 1, "user_id": 12}],
        "rooms_mention": [{"seq": n, "user_id": 8, "message_id": n, "room_id": 3} for n in (1, 2)],
        "rooms_invitation": [{"token": "kept", "created_at": NOW, "uses": 2, "created_by_id": 7}],
    }
    with connection.cursor() as cursor:
        for table, found in rows.items():
            columns = list(found[0])
            marks = ", ".join(["%s"] * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            cursor.executemany(statement, [[row[name] for name in columns] for row in found])


def content() -> dict[str, Any]:
    """What became of it."""
    people = Person.objects.order_by("pk").values_list("pk", "handle", "name", "active", "user")
    messages = Message.objects.order_by("seq")
    mentions = Mention.objects.order_by("seq")
    return {
        "people": list(people),
        "authors": list(messages.values_list("author", flat=True)[:4]),
        "parts": list(messages.values_list("parts", flat=True)[:3]),
        "reacted": list(Reaction.objects.values_list("person", "emoji")),
        "mentioned": list(mentions.values_list("person", flat=True)),
        "members": sorted(Membership.objects.values_list("person", flat=True)),
        "invitations": list(Invitation.objects.values_list("token", "uses", "created_by")),
        "messages": Message.objects.count(),
        "next": Person.objects.create(handle="new").pk,
    }


def delete_people_as_before() -> list[int]:
    """Somebody who was anonymised, and somebody with an account who is called like that."""
    deleted = Person.objects.create(handle="one", name="탈퇴한 사용자", active=False)
    other = Person.of(User.objects.create(username="eve"))
    for person in (deleted, other):
        person.handle = f"deleted-{person.pk}"
        person.save()
    Person.objects.filter(pk=other.pk).update(name="Eve")
    return [deleted.pk, other.pk]


def people() -> list[tuple[int, str, str]]:
    return list(Person.objects.values_list("pk", "handle", "name"))
