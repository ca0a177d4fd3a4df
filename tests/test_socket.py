"""The protocol's promises, with a real daphne, on each database and layer."""

import asyncio
import json
from contextlib import closing
from typing import Any

import pytest

from rooms.protocol import MAX_BODY, MAX_FRAME
from tests.chaos.database import Database
from tests.conftest import MakeSite
from tests.programs import people, rooms
from tests.site import Site
from tests.wire import Wire, new_cid


async def test_it_works(site: Site) -> None:
    site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        room = ada.room("general")["id"]
        cid = new_cid()
        ack = await ada.call(type="send", room=room, cid=cid, body="hi **all**")
        assert ack["type"] == "ack"
        assert (ack["room"], ack["cid"], ack["seq"], ack["version"]) == (room, cid, 1, 1)
        changes = await bob.expect("changes")
        assert (changes["room"], changes["from"], changes["to"]) == (room, 0, 1)
        [message] = changes["messages"]
        assert message["html"] == "<p>hi <strong>all</strong></p>"
        assert message["cid"] == cid
        assert message["author"]["name"] == "Ada"
        assert message["created_at"] == ack["created_at"]
        assert message["created_at"].endswith("Z")


async def test_every_change_of_a_message_reaches_everybody(site: Site) -> None:
    people = site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        room = ada.room("general")["id"]
        sent = await ada.say(room, "first")
        await bob.expect("changes", to=1)

        edited = await ada.call(type="edit", message=sent["id"], body="second @bob")
        place = {"id": sent["id"], "seq": 1}
        assert edited == {"type": "ack", "ref": edited["ref"], **place, "version": 2}
        [message] = (await bob.expect("changes", to=2, **{"from": 1}))["messages"]
        assert message["body"] == "second @bob"
        assert message["mentions"] == [people["bob"]]
        assert message["edited_at"]
        again = await ada.call(type="edit", message=sent["id"], body="second @bob")
        assert again["version"] == 2, "the same text takes no new version"

        await bob.call(type="react", message=sent["id"], emoji="👍", on=True)
        again = await bob.call(type="react", message=sent["id"], emoji="👍", on=True)
        assert again["version"] == 3, "a repeated reaction takes no new version"
        await ada.call(type="react", message=sent["id"], emoji="👍", on=True)
        [message] = (await bob.expect("changes", to=4))["messages"]
        assert message["reactions"] == [{"emoji": "👍", "people": [people["bob"], people["ada"]]}]
        await bob.call(type="react", message=sent["id"], emoji="👍", on=False)
        [message] = (await bob.expect("changes", to=5))["messages"]
        assert message["reactions"] == [{"emoji": "👍", "people": [people["ada"]]}]

        reply = await bob.say(room, "yes", reply_to=sent["id"], thread=sent["id"])
        [message] = (await ada.expect("changes", to=6))["messages"]
        assert (message["reply_to"], message["thread"]) == (sent["id"], sent["id"])

        deleted = await ada.call(type="delete", message=sent["id"])
        assert (await ada.call(type="delete", message=sent["id"]))["version"] == deleted["version"]
        [message] = (await bob.expect("changes", to=7))["messages"]
        assert message["deleted"] is True
        assert (message["body"], message["html"]) == ("", "")
        assert message.keys().isdisjoint({"reactions", "mentions"})

        synced = await bob.call(type="sync", room=room, version=0)
        assert synced["type"] == "changes"
        assert (synced["from"], synced["to"]) == (0, 7)
        assert [m["id"] for m in synced["messages"]] == [sent["id"], reply["id"]]
        empty = await bob.call(type="sync", room=room, version=7)
        assert (empty["from"], empty["to"], empty["messages"]) == (7, 7, [])


# White space at both ends, bytes that mean something to JSON, SQL and HTML, both ways to write é.
BODIES = [
    " a\n\n",
    "\t\x01\x7f\u2028",
    "'\"\\%s$1",
    "<b>&amp;</b>",
    "e\u0301 é",
    "가👩‍👩‍👧",
    "\r\n x",
]


async def test_a_body_is_kept_as_it_was_sent(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        room = ada.room("general")["id"]
        for body in BODIES:
            await ada.say(room, body)
        page = await ada.call(type="history", room=room)
        assert [message["body"] for message in page["messages"]] == BODIES


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_what_is_acked_another_connection_finds(make_site: MakeSite, database: str) -> None:
    with make_site(database) as site:
        person = site.people("ada")["ada"]
        async with site.socket("ada") as ada:
            room = ada.room("general")["id"]
            with closing(Database(site.environment["DATABASE_URL"])) as other:
                for _ in range(20):
                    ack = await ada.say(room, "x")
                    assert other.has(person, ack["cid"])


async def test_same_cid_is_the_same_message(site: Site) -> None:
    site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("ada") as tab, site.socket("bob") as bob:
        room = ada.room("general")["id"]
        frame = {"type": "send", "room": room, "cid": new_cid(), "body": "once"}
        for number in range(50):
            await ada.send({**frame, "ref": number})
            await tab.send({**frame, "ref": number})
        acks = [await wire.answer(n) for wire in (ada, tab) for n in range(50)]
        assert {(a["type"], a["id"], a["seq"], a["version"], a["created_at"]) for a in acks} == {
            ("ack", acks[0]["id"], 1, 1, acks[0]["created_at"])
        }
        await ada.call(type="edit", message=acks[0]["id"], body="changed")
        assert (await ada.call(**frame))["id"] == acks[0]["id"], "also after an edit"
        other = await ada.call(**{**frame, "body": "another"})
        assert other["code"] == "conflict"
        bobs = await bob.call(**frame)
        assert bobs["seq"] == 2, "cids are per author"


async def test_read_marks_sync_between_tabs_and_never_move_back(site: Site) -> None:
    site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob, site.socket("bob") as tab:
        room = ada.room("general")["id"]
        for number in range(3):
            await ada.say(room, f"{number} @bob")
        async with site.socket("bob") as fresh:
            state = fresh.room("general")
            assert (state["unread"], state["mentions"], state["read_seq"]) == (3, 3, 0)
        ack = await bob.call(type="read", room=room, seq=2)
        assert ack == {"type": "ack", "ref": ack["ref"], "room": room, "seq": 2}
        assert (await tab.expect("read"))["seq"] == 2
        assert (await bob.call(type="read", room=room, seq=1))["seq"] == 2
        assert (await bob.call(type="read", room=room, seq=99))["seq"] == 3, "clamped to the head"
        async with site.socket("ada") as fresh:
            assert fresh.room("general")["unread"] == 0, "my own messages are not unread"
        await ada.say(room, "4")
        await bob.say(room, "5")
        async with site.socket("bob") as fresh:
            unread = fresh.room("general")["unread"]
            assert unread == 2, "but earlier messages of others are"


async def test_history_pages_have_no_holes_or_overlaps(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        room = ada.room("general")["id"]
        for number in range(1, 31):
            await ada.send(
                {"type": "send", "ref": number, "room": room, "cid": new_cid(), "body": "x"}
            )
        for number in range(1, 31):
            await ada.answer(number)

        async def page(**anchor: int) -> tuple[list[int], bool, bool]:
            got = await ada.call(type="history", room=room, limit=10, **anchor)
            seqs = [message["seq"] for message in got["messages"]]
            return seqs, got["more_before"], got["more_after"]

        assert await page() == ([*range(21, 31)], True, False)
        assert await page(before=21) == ([*range(11, 21)], True, True)
        assert await page(before=12) == ([*range(2, 12)], True, True)
        assert await page(before=11) == ([*range(1, 11)], False, True)
        assert await page(before=1) == ([], False, True)
        assert await page(after=0) == ([*range(1, 11)], False, True)
        assert await page(after=19) == ([*range(20, 30)], True, True)
        assert await page(after=20) == ([*range(21, 31)], True, False)
        assert await page(after=30) == ([], True, False)
        assert await page(around=15) == ([*range(10, 20)], True, True)
        assert await page(around=999) == ([*range(25, 31)], True, False)
        two = await ada.call(type="history", room=room, before=1, after=1)
        assert two["code"] == "invalid"


async def test_invalid_cursor_is_reset(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        room = ada.room("general")["id"]
        await ada.say(room, "x")
        ahead = await ada.call(type="sync", room=room, version=5)
        assert (ahead["type"], ahead["version"], len(ahead["messages"])) == ("reset", 1, 1)
        assert ahead["epoch"] == ada.hello["epoch"]
        foreign = await ada.call(type="sync", room=room, version=0, epoch="another")
        assert foreign["type"] == "reset"
        good = await ada.call(type="sync", room=room, version=0, epoch=ada.hello["epoch"])
        assert good["type"] == "changes"


async def test_ping_returns_heads_and_members_returns_presence(site: Site) -> None:
    people = site.people("ada", "bob", "eve")
    async with site.socket("ada") as ada, site.socket("bob"):
        room = ada.room("general")["id"]
        await ada.say(room, "x")
        pong = await ada.call(type="ping")
        assert set(pong["heads"]) == {str(room)}
        members = await ada.call(type="members", room=room)
        presence = {member["id"]: member["presence"] for member in members["members"]}
        assert presence == {
            people["ada"]: "online",
            people["bob"]: "online",
            people["eve"]: "offline",
        }
        site.run(rooms.make_moderator, room, people["bob"])
        members = await ada.call(type="members", room=room)
        roles = {member["handle"]: member["role"] for member in members["members"]}
        assert roles == {"ada": "member", "bob": "moderator", "eve": "member"}
        first = await ada.call(type="members", room=room, limit=1)
        assert (len(first["members"]), first["more"]) == (1, True)
        rest = await ada.call(type="members", room=room, after=first["members"][0]["id"])
        assert (len(rest["members"]), rest["more"]) == (2, False)


async def test_typing_reaches_others_and_is_throttled(site: Site) -> None:
    site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        room = ada.room("general")["id"]
        for _ in range(5):
            await ada.send({"type": "typing", "room": room})
        assert (await bob.expect("typing", room=room))["person"]["name"] == "Ada"
        assert await bob.quiet() == []


async def test_strangers_learn_nothing_about_a_private_room(site: Site) -> None:
    people = site.people("ada", "bob")
    secret = site.run(rooms.create, people["ada"], "Secret", "private")
    public = site.run(rooms.create, people["ada"], "Open")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        message = (await ada.say(secret, "hush"))["id"]
        for room_id, code in ((secret, "not_found"), (99999, "not_found"), (public, "forbidden")):
            answers = [
                await bob.say(room_id, "x"),
                await bob.call(type="read", room=room_id, seq=1),
                await bob.call(type="sync", room=room_id, version=0),
                await bob.call(type="history", room=room_id),
                await bob.call(type="members", room=room_id),
            ]
            assert {answer["code"] for answer in answers} == {code}
            if code == "not_found":
                assert {answer["detail"] for answer in answers} == {"There is no such room."}
        missing = await bob.call(type="edit", message=99999, body="x")
        for frame in (
            {"type": "edit", "body": "x"},
            {"type": "delete"},
            {"type": "react", "emoji": "👍", "on": True},
        ):
            hidden = await bob.call(message=message, **frame)
            assert (hidden["code"], hidden["detail"]) == (missing["code"], missing["detail"])
        assert await bob.quiet() == []
    assert site.get("/rooms/secret/", "bob")[0] == 404
    assert site.get("/rooms/secret/1", "bob")[0] == 404
    assert site.get("/rooms/secret/", "ada")[0] == 200


async def test_only_authors_edit_and_only_moderators_delete_others_messages(
    site: Site,
) -> None:
    people = site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        room = ada.room("general")["id"]
        message = (await ada.say(room, "mine"))["id"]
        edit = await bob.call(type="edit", message=message, body="yours")
        assert edit["code"] == "forbidden"
        assert (await bob.call(type="delete", message=message))["code"] == "forbidden"
        site.run(rooms.make_moderator, room, people["bob"])
        assert (await bob.call(type="delete", message=message))["type"] == "ack"
        assert (await ada.call(type="edit", message=message, body="x"))["code"] == "not_found"


async def test_archived_room_is_read_only(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        room = ada.room("general")["id"]
        message = (await ada.say(room, "before"))["id"]
        site.run(rooms.archive, room)
        for frame in (
            {"type": "send", "room": room, "cid": new_cid(), "body": "x"},
            {"type": "edit", "message": message, "body": "x"},
            {"type": "delete", "message": message},
            {"type": "react", "message": message, "emoji": "👍", "on": True},
        ):
            assert (await ada.call(**frame))["code"] == "archived"
        assert len((await ada.call(type="history", room=room))["messages"]) == 1
        assert (await ada.call(type="read", room=room, seq=1))["type"] == "ack"


SEND: dict[str, Any] = {"type": "send", "room": 1, "cid": new_cid(), "body": "x"}
BAD: list[tuple[Any, str]] = [
    ({"type": "nonsense", "ref": 7}, "invalid"),
    ({"type": "ping"}, "invalid"),
    ({"type": "ping", "ref": 7, "more": 1}, "invalid"),
    ({"type": "ping", "ref": "x" * 65}, "invalid"),
    ({"type": "ping", "ref": [7]}, "invalid"),
    ({**SEND, "ref": 7, "body": ""}, "invalid"),
    ({**SEND, "ref": 7, "body": " \n"}, "invalid"),
    ({**SEND, "ref": 7, "body": "a\0b"}, "invalid"),
    (json.dumps({**SEND, "ref": 7, "body": "\ud800"}), "invalid"),
    ({**SEND, "ref": 7, "body": 5}, "invalid"),
    ({**SEND, "ref": 7, "cid": "no uuid"}, "invalid"),
    ({**SEND, "ref": 7, "room": -1}, "invalid"),
    ({**SEND, "ref": 7, "room": 2**60}, "invalid"),
    ({**SEND, "ref": 7, "room": True}, "invalid"),
    ({**SEND, "ref": 7, "attachments": [1]}, "invalid"),
    ({**SEND, "ref": 7, "reply_to": 99999}, "not_found"),
    ({**SEND, "ref": 7, "body": "가" * (MAX_BODY // 3 + 1)}, "too_large"),
    ({"type": "react", "ref": 7, "message": 1, "emoji": "words", "on": True}, "invalid"),
    ({"type": "react", "ref": 7, "message": 1, "emoji": "", "on": True}, "invalid"),
    ({"type": "history", "ref": 7, "room": 1, "limit": 0}, "invalid"),
    ({"type": "history", "ref": 7, "room": 1, "limit": 201}, "invalid"),
    ("", "invalid"),
    ("[]", "invalid"),
    ("null", "invalid"),
    ('{"type":"ping","ref":NaN}', "invalid"),
    ("[" * 60000, "invalid"),
    ('{"type":"ping","ref":' + "9" * 5000 + "}", "invalid"),
    (b"\x00\x01", "invalid"),
]


async def test_bad_frames_get_an_error_and_change_nothing(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        assert ada.room("general")["id"] == 1
        for frame, code in BAD:
            await ada.send(frame)
            if (isinstance(frame, dict) and frame.get("ref") == 7) or (
                isinstance(frame, str) and '"ref": 7' in frame
            ):
                error = await ada.answer(7)
            else:
                error = await ada.expect("error")
                assert error["ref"] is None
            assert (error["type"], error["code"]) == ("error", code), frame
            assert len(error["detail"]) < 300
            # A good frame in between, so that four bad ones in a row never become five.
            assert (await ada.call(type="ping"))["type"] == "pong"
        history = await ada.call(type="history", room=1)
        assert history["version"] == 0


async def test_five_alien_frames_close_the_socket(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        for _ in range(2):
            for _ in range(4):
                await ada.send("not json")
            assert (await ada.call(type="ping"))["type"] == "pong"
        for _ in range(5):
            await ada.send('{"type":"nonsense","ref":1}')
        assert (await ada.call(type="ping"))["type"] == "pong", (
            "an error does not count as an alien frame"
        )
        for _ in range(5):
            await ada.send('{"no":"type"}')
        assert await ada.closed() == 4400


async def test_too_large_frame_is_refused(make_site: MakeSite) -> None:
    with make_site("sqlite") as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            await ada.send(json.dumps({"type": "ping", "ref": 1, "x": "y" * MAX_FRAME}))
            assert (await ada.answer(1))["code"] == "too_large"


@pytest.mark.parametrize(
    "origin",
    [None, "null", "", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1", "::"],
)
async def test_foreign_origin_with_a_cookie_is_refused(make_site: MakeSite, origin: str) -> None:
    with make_site("sqlite") as site:
        site.people("ada")
        # autobahn itself answers 400 if the value is not an origin at all.
        with pytest.raises(Exception, match=r"HTTP 40[03]"):
            async with Wire(site.url, site.keys["ada"], origin):
                pass


async def test_socket_without_a_session_is_closed_with_4401(make_site: MakeSite) -> None:
    with make_site("sqlite") as site:
        site.people("ada")
        for session in (None, "nonsense"):
            wire = Wire(site.url, None)
            wire.session = None
            if session:
                site.keys["ghost"] = session
            async with wire:
                assert await wire.closed() == 4401
        # A program has neither an Origin nor a cookie.
        async with Wire(site.url, None, origin=None) as program:
            assert await program.closed() == 4401


async def test_rooms_span_processes(make_site: MakeSite) -> None:
    for database in ("sqlite", "postgres"):
        with make_site(database, redis=True, processes=2) as site:
            people = site.people("ada", "bob")
            async with site.socket("ada", 0) as ada, site.socket("bob", 1) as bob:
                room = ada.room("general")["id"]
                for number in range(20):
                    await ada.say(room, f"a{number}")
                    await bob.say(room, f"b{number}")
                for wire in (ada, bob):
                    version = 0
                    while version < 40:
                        changes = await wire.expect("changes", **{"from": version})
                        version = changes["to"]
                direct = site.run(rooms.direct, people["ada"], [people["bob"]])
                for wire in (ada, bob):
                    new = (await wire.expect("room"))["room"]
                    assert (new["id"], new["kind"], len(new["people"])) == (direct, "direct", 1)
                    assert new["name"] == "", "it is called by its people"
                await ada.say(direct, "psst")
                assert (await bob.expect("changes", room=direct))["to"] == 1


async def test_removed_member_gets_left_and_then_nothing(make_site: MakeSite) -> None:
    with make_site("sqlite", redis=True, processes=2) as site:
        people = site.people("ada", "bob")
        async with site.socket("ada", 0) as ada, site.socket("bob", 1) as bob:
            room = ada.room("general")["id"]
            site.run(rooms.remove, room, people["bob"])
            assert (await bob.expect("left"))["room"] == room
            await ada.say(room, "they are gone")
            assert await bob.quiet() == []
            assert (await bob.say(room, "x"))["code"] == "forbidden"


async def test_rename_reaches_open_sockets(make_site: MakeSite) -> None:
    with make_site("sqlite", redis=True) as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            room = ada.room("general")
            site.run(rooms.rename, room["id"], "수다")
            for wire in (ada, bob):
                renamed = (await wire.expect("room"))["room"]
                assert (renamed["name"], renamed["slug"]) == ("수다", "general")


async def test_an_archive_and_a_role_reach_open_sockets(make_site: MakeSite) -> None:
    with make_site("sqlite", redis=True) as site:
        people = site.people("ada", "bob")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            room = ada.room("general")["id"]
            site.run(rooms.make_moderator, room, people["bob"])
            assert (await bob.expect("room"))["room"]["role"] == "moderator"
            site.run(rooms.archive, room)
            for wire in (ada, bob):
                assert (await wire.expect("room"))["room"]["archived"] is True


async def test_stock_layer_works(make_site: MakeSite) -> None:
    with make_site(
        "sqlite",
        redis=True,
        processes=2,
        DJANGO_SETTINGS_MODULE="tests.settings.stock_layer",
    ) as site:
        site.people("ada", "bob")
        async with site.socket("ada", 0) as ada, site.socket("bob", 1) as bob:
            room = ada.room("general")["id"]
            for number in range(10):
                await ada.say(room, str(number))
            version = 0
            while version < 10:
                version = (await bob.expect("changes", **{"from": version}))["to"]
            await ada.send({"type": "typing", "room": room})
            await bob.expect("typing")
            async with site.socket("bob", 0) as tab:
                await bob.call(type="read", room=room, seq=5)
                assert (await tab.expect("read"))["seq"] == 5


async def test_signing_out_ends_the_session_in_every_tab_and_process(make_site: MakeSite) -> None:
    with make_site("sqlite", redis=True, processes=2) as site:
        site.people("ada", "bob")
        site.keys["phone"] = site.run(people.sign_in_again, "ada")
        async with (
            site.socket("ada", 0) as ada,
            site.socket("ada", 1) as tab,
            site.socket("phone", 0) as phone,
            site.socket("bob", 0) as bob,
        ):
            assert (await asyncio.to_thread(site.post, "/accounts/logout/", {}, "ada"))[0] == 200
            # At the next comparison with the database it would be 20 s.
            assert (await ada.closed(), await tab.closed()) == (4401, 4401)
            for wire in (phone, bob):
                assert (await wire.call(type="ping"))["type"] == "pong"
