"""A database of version 0.1, in which the chat spoke of users, becomes one of today."""

import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import MakeSite
from tests.services import wait_until
from tests.site import ROOT, Site

# The tables as version 0.1 left them.
OLD = """
from django.core.management import call_command
from django.db import connection
if connection.vendor == "postgresql":
    connection.cursor().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
else:
    from pathlib import Path
    connection.close()
    for path in Path(connection.settings_dict["NAME"]).parent.glob("chat.sqlite3*"):
        path.unlink()
for app in ("contenttypes", "auth", "sessions", "admin", "account", "usersessions"):
    call_command("migrate", app, verbosity=0)
call_command("migrate", "rooms", "0003", verbosity=0)
"""

# Two people whose names differ in case alone, one without a profile, one with an address as name.
FILL = """
from uuid import UUID
users = [(7, "ada", True), (8, "Ada", True), (12, "bob", False), (30, "kim@example.org", True)]
rows = {
    "auth_user": [
        {"id": id, "username": name, "password": "!", "is_active": active, "is_superuser": False,
         "is_staff": False, "first_name": "", "last_name": "", "email": "", "date_joined": NOW}
        for id, name, active in users
    ],
    "rooms_profile": [{"user_id": 7, "name": "Ada Lovelace"}, {"user_id": 12, "name": ""}],
    "rooms_room": [
        {"id": 3, "name": "General", "slug": "general", "kind": "public", "topic": "", "seq": COUNT,
         "version": COUNT, "people_key": None, "archived_at": None, "created_at": NOW},
    ],
    "rooms_membership": [
        {"role": "owner", "notify": "all", "read_seq": 1, "joined_at": NOW, "user_id": id, "room_id": 3}
        for id, _name, _active in users
    ],
    "rooms_message": [
        {"id": n, "seq": n, "version": n, "cid": UUID(int=n).hex, "digest": "", "body": f"said {n}",
         "html": f"<p>said {n}</p>", "created_at": NOW, "author_id": users[n % 4][0], "room_id": 3}
        for n in range(1, COUNT + 1)
    ],
    "rooms_reaction": [{"emoji": "👍", "message_id": 1, "user_id": 12}],
    "rooms_mention": [
        {"seq": n, "user_id": 8, "message_id": n, "room_id": 3} for n in (1, 2)
    ],
    "rooms_invitation": [
        {"token": "kept", "created_at": NOW, "uses": 2, "created_by_id": 7},
    ],
}
from django.db import connection
with connection.cursor() as cursor:
    for table, found in rows.items():
        columns = list(found[0])
        marks = ", ".join(["%s"] * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        cursor.executemany(statement, [[row[name] for name in columns] for row in found])
"""

SHOW = """
from rooms.accounts.models import Invitation
print(json.dumps({
    "people": list(Person.objects.order_by("pk").values_list("pk", "handle", "name", "active", "user")),
    "next": Person.objects.create(handle="new").pk,
    "authors": list(Message.objects.order_by("seq").values_list("author", flat=True)[:4]),
    "parts": list(Message.objects.order_by("seq").values_list("parts", flat=True)[:3]),
    "reacted": list(Reaction.objects.values_list("person", "emoji")),
    "mentioned": list(Mention.objects.order_by("seq").values_list("person", flat=True)),
    "members": sorted(Membership.objects.values_list("person", flat=True)),
    "invitations": list(Invitation.objects.values_list("token", "uses", "created_by")),
    "messages": Message.objects.count(),
}))
"""

NOW = "2026-11-01 12:00:00+00:00"


def old(site: Site, messages: int) -> None:
    site.run(OLD)
    site.run(FILL, NOW=NOW, COUNT=messages)


def manage(site: Site, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def require_upgraded(site: Site, messages: int) -> None:
    assert manage(site, "migrate", "--check").returncode == 0
    assert manage(site, "verify").returncode == 0
    shown = site.run(SHOW)
    assert shown["people"] == [
        [7, "ada", "Ada Lovelace", True, 7],
        [8, "Ada-2", "", True, 8],
        [12, "bob", "", False, 12],
        [30, "person", "", True, 30],
    ]
    assert shown["next"] > 30
    assert shown["authors"] == [8, 12, 30, 7]
    assert shown["parts"] == [3, 2, 0]
    assert shown["reacted"] == [[12, "👍"]]
    assert shown["mentioned"] == [8, 8]
    assert shown["members"] == [7, 8, 12, 30]
    assert shown["invitations"] == [["kept", 2, 7]]
    assert shown["messages"] == messages


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_everything_of_before_is_there(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        old(site, 10)
        assert manage(site, "migrate").returncode == 0
        require_upgraded(site, 10)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_an_upgrade_that_is_killed_goes_on_at_the_next_start(
    make_site: MakeSite, database: str
) -> None:
    with make_site(database, serve=False) as site:
        old(site, 20_000)
        for seconds in (0.9, 1.1, 1.3, 1.5):
            migrating = subprocess.Popen(
                [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=site.environment
            )
            time.sleep(seconds)
            migrating.send_signal(signal.SIGKILL)
            migrating.wait()
        wait_until(lambda: manage(site, "migrate").returncode == 0, "the upgrade")
        require_upgraded(site, 20_000)


def test_the_server_keeps_a_backup_of_before(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False, server="serve") as site:
        old(site, 10)
        site.serve()
        [kept] = site.folder.glob("before-upgrade-*.tar.gz")
        assert str(kept) in site.processes[0].log.read_text()
        require_upgraded(site, 10)
        site.processes[0].restart(signal.SIGTERM)
        assert list(site.folder.glob("before-upgrade-*.tar.gz")) == [kept]
        # It is one like any other, and is brought up to date when it is restored.
        assert manage(site, "restore", "--yes", str(kept)).returncode == 0
        assert manage(site, "verify").returncode == 0
