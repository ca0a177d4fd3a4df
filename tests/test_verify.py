"""`manage.py verify` finds damage, and nothing where there is none."""

import sqlite3

import pytest

from tests.conftest import MakeSite

SOME = """
from uuid import uuid4
ada, bob = (Person.objects.get(handle=name).pk for name in ("ada", "bob"))
say = lambda body, **more: log.Request(ada, protocol.Send(1, 1, uuid4(), body, **more))
one, two, three = log.commit([say("one @bob"), say("two"), say("three")]).answers
log.commit([say("four", reply_to=two.id, thread=two.id)])
log.commit([
    log.Request(bob, protocol.React(1, one.id, "👍", True)),
    log.Request(ada, protocol.Edit(1, two.id, "changed")),
    log.Request(ada, protocol.Delete(1, three.id)),
])
members.create_room(Person.objects.get(pk=ada), "Empty", "public")
"""

DAMAGE = {
    "Room 1: 3 messages with seqs 2 to 4.": "Message.objects.filter(seq=1).update(seq=2 ** 20)\n"
    "Mention.objects.all().delete()\nReaction.objects.all().delete()\n"
    "Message.objects.filter(seq=2 ** 20).delete()",
    "Room 1: its seq is 9, its last message's 4.": "Room.objects.filter(pk=1).update(seq=9)",
    "Room 1: its version is 99, its newest 7.": "Room.objects.filter(pk=1).update(version=99)",
    "Room 1: 4 messages with 3 versions.": "Message.objects.filter(seq=4).update(version=7)",
    "its version is beyond its room's": "Message.objects.filter(seq=4).update(version=1000)",
    "its text is still there": "Message.objects.filter(seq=3).update(body='still')",
    "it has reactions": "Reaction.objects.update(message=Message.objects.get(seq=3))",
    "what it answers is in another room": "room = Room.objects.get(name='Empty')\n"
    "Message.objects.filter(seq=2).update(room=room, seq=1)",
    "a mention names another place": "Mention.objects.update(seq=3)",
    "it is ahead of its room": "Cursor.objects.create(follower='some', room_id=1, version=8)",
    "its activity is not that of its latest message": "Cursor.objects.create("
    "follower='rooms.activity', room_id=1, version=7)",
    "more is read than was said": "Membership.objects.filter(room=1).update(read_seq=100)",
}


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_it_works(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.people("ada", "bob")
        site.run(SOME)
        fine = site.manage("verify")
        assert (fine.returncode, fine.stdout) == (0, "2 rooms, 4 messages: no problems.\n")
        assert site.manage("verify", "--quiet").stdout == ""
        site.run("Room.objects.filter(pk=1).update(seq=9, version=99)")
        broken = site.manage("verify")
        assert broken.returncode == 1
        assert broken.stdout.endswith("2 rooms, 4 messages: 2 problems.\n")


@pytest.mark.parametrize("words", DAMAGE)
def test_each_damage_is_found(make_site: MakeSite, words: str) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada", "bob")
        site.run(SOME + DAMAGE[words])
        broken = site.manage("verify", "--quiet")
        assert broken.returncode == 1, broken.stderr
        assert words in broken.stdout


def test_a_cid_said_twice_is_found(make_site: MakeSite) -> None:
    with make_site("postgres", serve=False) as site:
        site.people("ada", "bob")
        site.run(SOME)
        # The database itself refuses it; without its constraint it cannot.
        site.run(
            "from django.db import connection\n"
            "connection.cursor().execute('ALTER TABLE rooms_message DROP CONSTRAINT said_once')\n"
            "Message.objects.update(cid='00000000-0000-4000-8000-000000000000')"
        )
        assert "stands 4 times" in site.manage("verify").stdout


def test_it_holds_nobody_up(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada", "bob")
        site.run(SOME)
        writer = sqlite3.connect(site.folder / "chat.sqlite3", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        assert site.manage("verify").returncode == 0, "nor does it wait for who writes"
        writer.execute("ROLLBACK")


def test_a_database_that_cannot_be_read_is_named(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        (site.folder / "chat.sqlite3").write_bytes(b"no database at all" * 1000)
        broken = site.manage("verify")
        assert broken.returncode == 2
        assert "DATABASE_URL" in broken.stderr
        assert "Traceback" not in broken.stderr
