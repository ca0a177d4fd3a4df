"""`manage.py seed_demo` makes a place that is whole, believable and the same each time."""

from typing import Any

import pytest

from tests.conftest import MakeSite
from tests.site import Site

CONTENT = """
import hashlib
from rooms.reading import queries
rows = list(Message.objects.order_by("id").values_list(
    "id", "room__slug", "seq", "version", "author__handle", "cid", "digest", "body", "html",
    "reply_to", "created_at", "edited_at", "deleted_at",
))
rows += Reaction.objects.order_by("message", "pk").values_list("message", "person__handle", "emoji")
rows += Mention.objects.order_by("message", "person").values_list("message", "person__handle", "seq")
rows += Membership.objects.order_by("pk").values_list(
    "person__handle", "room__slug", "role", "read_seq"
)
owner = Person.objects.get(handle="ada")
texts = Message.objects.filter(deleted_at=None)
print(json.dumps({
    "hash": hashlib.sha256(repr(rows).encode()).hexdigest(),
    "messages": Message.objects.count(),
    "days": Message.objects.dates("created_at", "day").count(),
    "korean": texts.filter(body__regex="[가-힣]").count(),
    "markdown": texts.filter(html__contains="<strong>").count(),
    "replies": Message.objects.exclude(reply_to=None).count(),
    "edited": Message.objects.exclude(edited_at=None).count(),
    "deleted": Message.objects.exclude(deleted_at=None).count(),
    "reactions": Reaction.objects.count(),
    "mentions": Mention.objects.count(),
    "rooms": len(queries.hello(owner.pk).rooms),
    "is_owner": owner.user.is_superuser,
}))
"""

# What the log renders and numbers itself, of the same texts.
GO_ON = """
from uuid import uuid4
ada = Person.objects.get(handle="ada")
said = Message.objects.filter(room__archived_at=None, deleted_at=None, edited_at=None)
said = said.exclude(mentions=None).first()
room = said.room
[ack] = log.commit([log.Request(ada.pk, protocol.Send(1, room.pk, uuid4(), said.body))]).answers
new = Message.objects.get(pk=ack.id)
mentions = [{m.person_id for m in message.mentions.all()} for message in (said, new)]
print(json.dumps([
    new.id == Message.objects.count() == Message.objects.order_by("-id")[0].id,
    new.seq == room.seq + 1, new.version == room.version + 1,
    new.html == said.html, mentions[0] == mentions[1],
]))
"""


def seeded(site: Site, *arguments: str) -> Any:
    done = site.manage("seed_demo", "--messages", "3000", *arguments)
    assert done.returncode == 0, done.stderr
    assert "44 people, 3,000 messages in" in done.stdout
    verified = site.manage("verify")
    assert verified.returncode == 0, verified.stdout
    return site.run(CONTENT)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_it_works(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        place = seeded(site)
        assert place["messages"] == 3000
        assert place["rooms"] == 50
        assert place["is_owner"]
        assert place["days"] > 150
        for some in ("korean", "markdown", "replies", "mentions", "edited", "reactions"):
            assert place[some] > 30, some
        assert place["deleted"] > 3
        assert site.run(GO_ON) == [True] * 5, "and people can go on from there"


def test_the_same_seed_gives_the_same_place(make_site: MakeSite) -> None:
    places = []
    for database, seed in (("sqlite", "7"), ("sqlite", "7"), ("postgres", "7"), ("sqlite", "8")):
        with make_site(database, serve=False) as site:
            places.append(seeded(site, "--seed", seed)["hash"])
    same, again, on_postgres, other = places
    assert same == again == on_postgres != other


def test_it_refuses_a_place_with_messages(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        seeded(site)
        before = site.run(CONTENT)
        refused = site.manage("seed_demo", "--messages", "10")
        assert refused.returncode == 1
        [sentence] = refused.stderr.strip().splitlines()
        assert "has messages already" in sentence
        assert site.run(CONTENT) == before


def test_who_is_there_already_sees_the_public_rooms(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("owner", "Ada")
        site.run("User.objects.filter(username='owner').update(is_superuser=True)")
        done = site.manage("seed_demo", "--messages", "100")
        assert done.stdout.startswith("43 people"), "nobody speaks by another's account"
        public, rooms, owners = site.run(
            "from rooms.reading import queries\n"
            "rooms = queries.hello(Person.objects.get(handle='owner').pk).rooms\n"
            "public = Room.objects.filter(kind='public').count()\n"
            "owners = User.objects.filter(is_superuser=True).count()\n"
            "print(json.dumps([public, len(rooms), owners]))"
        )
        assert (public, owners) == (rooms, 1)
        assert site.manage("verify").returncode == 0


def test_people_sign_in_with_the_printed_password_only(make_site: MakeSite) -> None:
    check = (
        "from django.contrib.auth import authenticate\n"
        "people = [authenticate(username=name, password=PASSWORD) for name in ('ada', 'minji')]\n"
        "print(json.dumps([person is not None for person in people]))"
    )
    with make_site("sqlite", serve=False) as site:
        done = site.manage("seed_demo", "--messages", "10", "--password")
        assert "Sign in as ada" in done.stdout
        assert site.run(check, PASSWORD=done.stdout.split()[-1]) == [True, True]
    with make_site("sqlite", serve=False) as site:
        done = site.manage("seed_demo", "--messages", "10")
        assert "Nobody can sign in yet" in done.stdout
        assert not site.run("print(json.dumps(User.objects.get(pk=1).has_usable_password()))")


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_wrong_number_is_named(make_site: MakeSite, number: str) -> None:
    with make_site("sqlite", serve=False) as site:
        refused = site.manage("seed_demo", f"--messages={number}")
        assert refused.returncode != 0
        assert "is not a number of messages" in refused.stderr
