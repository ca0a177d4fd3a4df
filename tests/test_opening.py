"""Data embedded in a room's page: equal to the socket's, with its permissions, never stale."""

import json
import re
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rooms import members, protocol
from rooms.models import Kind, Membership, Mention, Message, Person, Place, Reaction, Room
from rooms.reading import opening, queries
from rooms.reading.query import Asker
from tests.programs import messages
from tests.site import Site
from tests.test_room_pages import say
from tests.web import browser, person

pytestmark = pytest.mark.django_db

EVIL = "</script><script>alert(1)</script><!-- &amp; \u2028 한글"


@pytest.fixture(autouse=True)
def empty_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "shelf", opening._Shelf(opening.MAX_KEPT))


@pytest.fixture
def ada() -> Person:
    return person("ada", name="Ada")


@pytest.fixture
def room(ada: Person) -> Room:
    return members.create_room(ada, "General", Kind.PUBLIC)


def read_all(user: Person, room: Room) -> None:
    Membership.objects.filter(room=room, person=user).update(read_seq=room.seq)


def talk(room: Room, count: int) -> list[Message]:
    """Writes messages by ten people, with mentions, reactions, and some deleted."""
    people = [person(f"p{number}", name=f"P {number}") for number in range(10)]
    said = [say(people[n % 10], room, f"line {n}") for n in range(count)]
    for n, message in enumerate(said):
        for user in people[n % 4 :: 3]:
            Reaction.objects.create(message=message, person=user, emoji="👍" if n % 2 else "🎉")
        Mention.objects.create(message=message, person=people[n % 7], room=room, seq=message.seq)
        Mention.objects.create(message=message, person=people[9], room=room, seq=message.seq)
    Message.objects.filter(pk=said[-3].pk).update(reply_to=said[-5], edited_at=said[0].created_at)
    Message.objects.filter(pk=said[-4].pk).update(body="", deleted_at=said[0].created_at)
    return said


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def script(page: str, name: str) -> Any:
    found = re.findall(rf'<script id="{name}" type="application/json">(.*?)</script>', page)
    assert len(found) == 1
    return json.loads(found[0])


def messages_in(client: Client, path: str = "/rooms/general/") -> Any:
    return script(text_of(client, path), "messages")


def as_history(user: Person, room: Room, **anchor: int) -> Any:
    """The socket's answer to the same request."""
    page = queries.HistoryQuery.answer(Asker(user.pk), protocol.History("page", room.pk, **anchor))
    return msgspec.to_builtins(page)


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 120])
def test_page_shows_the_latest_messages_if_all_are_read(
    ada: Person, room: Room, count: int
) -> None:
    if count > 5:
        talk(room, count)
    else:
        for n in range(count):
            say(ada, room, f"line {n}")
    read_all(ada, room)
    assert messages_in(browser(ada)) == as_history(ada, room)


@pytest.mark.parametrize("read", [0, 10, 60, 94, 95, 96, 119])
def test_page_opens_at_the_first_unread_message(ada: Person, room: Room, read: int) -> None:
    talk(room, 120)
    Membership.objects.filter(room=room, person=ada).update(read_seq=read)
    shown = messages_in(browser(ada))
    assert shown in (as_history(ada, room), as_history(ada, room, around=read + 1))
    assert read + 1 in [message["seq"] for message in shown["messages"]]


@pytest.mark.parametrize("seq", [1, 42, 80, 120])
def test_permalink_shows_its_message(ada: Person, room: Room, seq: int) -> None:
    talk(room, 120)
    read_all(ada, room)
    shown = messages_in(browser(ada), f"/rooms/general/{seq}")
    assert shown in (as_history(ada, room), as_history(ada, room, around=seq))
    assert seq in [message["seq"] for message in shown["messages"]]
    assert messages_in(browser(ada), "/rooms/general/9999") == as_history(ada, room)


def test_pages_room_equals_hello(ada: Person) -> None:
    bob = person("bob", name="Bob")
    rooms = [
        members.create_room(ada, "General", Kind.PUBLIC, "Tea"),
        members.create_room(ada, "Private", Kind.PRIVATE),
        members.direct_room(ada, [bob.pk, person("cid").pk]),
    ]
    for room in rooms:
        message = say(bob, room, "hi")
        Mention.objects.create(message=message, person=ada, room=room, seq=1)
    members.set_archived(None, rooms[1], True)
    hello = msgspec.to_builtins(queries.hello(ada.pk))
    for room in rooms:
        boot = script(text_of(browser(ada), f"/rooms/{room.slug}/"), "chat")
        assert boot["room"] in hello["rooms"]
        assert (boot["epoch"], boot["person"], boot["joined"]) == (
            hello["epoch"],
            hello["person"],
            True,
        )


def test_direct_room_opens_after_an_account_was_deleted(ada: Person) -> None:
    bob = person("bob", name="Bob")
    direct = members.direct_room(ada, [bob.pk])
    say(ada, direct, "Are you there?")
    User.objects.get(username="bob").delete()
    shown = script(text_of(browser(ada), f"/rooms/{direct.slug}/"), "chat")["room"]
    assert [person["name"] for person in shown["people"]] == ["Bob"]


def test_messages_cannot_break_out_of_the_script(ada: Person, room: Room) -> None:
    say(ada, room, EVIL)
    Person.objects.update(name=EVIL)
    Room.objects.update(name=EVIL)
    page = text_of(browser(ada), "/rooms/general/")
    assert "alert(1)</script>" not in page
    assert "<!--" not in page
    shown = script(page, "messages")["messages"][0]
    assert (shown["body"], shown["author"]["name"]) == (EVIL, EVIL)
    assert script(page, "chat")["room"]["name"] == EVIL


def asked(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def test_room_page_takes_at_most_five_queries(ada: Person, room: Room) -> None:
    said = talk(room, 50)
    read_all(ada, room)
    direct = members.direct_room(ada, [message.author_id for message in said[:8]])
    say(said[0].author, direct, "psst")
    client = browser(ada)
    client.get("/settings/")
    for path in ("/rooms/general/", f"/rooms/{direct.slug}/", "/rooms/general/3"):
        assert len(asked(client, path)) <= 5
        assert len(asked(client, path)) == 3, "the session, the room, and the authors' names"
    assert len(asked(client, "/rooms/")) == 2
    assert len(asked(browser(person("new")), "/rooms/general/")) <= 9, "noting a new device"


def test_changes_show_on_the_next_page(ada: Person, room: Room) -> None:
    client = browser(ada)
    message = say(ada, room, "before")
    assert messages_in(client)["messages"][0]["body"] == "before"
    Room.objects.update(version=2)
    Message.objects.filter(pk=message.pk).update(body="after", version=2)
    shown = messages_in(client)
    assert (shown["version"], shown["messages"][0]["body"]) == (2, "after")
    say(ada, Room.objects.get(), "another")
    assert len(messages_in(client)["messages"]) == 2


def test_new_name_shows_on_the_next_page(ada: Person, room: Room) -> None:
    client, bob = browser(ada), person("bob", name="Bob")
    say(bob, room, "hi")
    assert messages_in(client)["messages"][0]["author"]["name"] == "Bob"
    Person.objects.filter(pk=bob.pk).update(name="Robert")
    assert messages_in(client)["messages"][0]["author"]["name"] == "Robert"
    Person.objects.filter(pk=bob.pk).update(name="", handle="robert")
    assert messages_in(client)["messages"][0]["author"]["name"] == "robert"


def test_cache_is_invalid_after_a_restore(ada: Person, room: Room) -> None:
    client, message = browser(ada), say(ada, room, "of the first life")
    first = text_of(client, "/rooms/general/")
    # A different history of the same length.
    Message.objects.filter(pk=message.pk).update(body="of the second life")
    epoch = Place.new_epoch()
    second = text_of(client, "/rooms/general/")
    assert script(first, "chat")["epoch"] != script(second, "chat")["epoch"] == str(epoch)
    assert script(second, "messages")["messages"][0]["body"] == "of the second life"


def test_only_members_see_messages(ada: Person, room: Room) -> None:
    private = members.create_room(ada, "Private", Kind.PRIVATE)
    bob = person("bob")
    members.add_member(None, private, bob)
    members.add_member(None, room, bob)
    for place in (room, private):
        say(ada, place, "between us")
    theirs = browser(bob)
    assert "between us" in text_of(theirs, "/rooms/general/")
    assert "between us" in text_of(theirs, "/rooms/private/1")
    members.remove_member(None, private, bob)
    members.remove_member(None, room, bob)
    for client in (theirs, browser(person("stranger"))):
        preview = text_of(client, "/rooms/general/1")
        assert "between us" not in preview
        assert script(preview, "messages") is None
        assert set(script(preview, "chat")["room"]) == {
            *("id", "slug", "name", "kind", "topic", "archived")
        }
        for path in ("/rooms/private/", "/rooms/private/1", "/rooms/none/"):
            answer = client.get(path)
            assert answer.status_code == 404
            assert b"between us" not in answer.content
    assert browser().get("/rooms/general/").status_code == 302


def test_cache_size_is_bounded() -> None:
    shelf = opening._Shelf(1000)
    for number in range(100):
        shelf.put((number, None), opening._Kept("", 1, {}, b"x" * 300))
        shelf.put((number, None), opening._Kept("", 2, {}, b"x" * 300))
        assert shelf.get((0, None)) is not None, "recently used pages stay"
    assert shelf.size == 900
    assert shelf.get((50, None)) is None


def test_browsers_do_not_store_pages(ada: Person, room: Room) -> None:
    assert "no-store" in browser(ada).get("/rooms/general/")["Cache-Control"]


def test_page_equals_the_socket_on_a_real_server(site: Site) -> None:
    site.people("ada", "bob")
    site.run(messages.talk)
    for _ in range(2):
        status, page = site.get("/rooms/general/", "ada")
        assert status == 200
        assert script(page, "messages") == site.run(messages.history, site.ids["ada"])
