"""Polls, from sockets to the database, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rooms.polls.log import fault
from rooms.polls.protocol import NewPoll
from tests.conftest import MakeSite
from tests.programs import polls
from tests.site import Site
from tests.wire import Frame, Wire, new_cid

LUNCH: dict[str, Any] = {"choices": ["Noodles", "Pizza", "비빔밥"]}


async def ask(wire: Wire, poll: dict[str, Any], body: str = "Lunch?", room: int = 1) -> int:
    """The id of the message."""
    ack = await wire.call(type="send", room=room, cid=new_cid(), body=body, poll=poll)
    assert ack["type"] == "ack", ack
    return ack["id"]


async def vote(wire: Wire, message: int, *choices: int) -> Frame:
    return await wire.call(type="vote", message=message, choices=list(choices))


async def shown(wire: Wire, message: int, version: int = 0) -> Frame:
    """The message as a client sees it that comes back now."""
    changes = await wire.call(type="sync", room=1, version=version)
    return next(found for found in changes["messages"] if found["id"] == message)


async def test_a_poll_comes_with_its_message_and_votes_reach_everybody(site: Site) -> None:
    people = site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        message = await ask(ada, LUNCH)
        first = (await bob.expect("changes"))["messages"][0]
        assert first["body"] == "Lunch?"
        assert first["poll"] == {"choices": [{"text": text} for text in LUNCH["choices"]]}
        ack = await vote(bob, message, 2)
        assert ack["version"] == first["version"] + 1
        live = (await ada.expect("changes", to=ack["version"]))["messages"][0]
        assert live["poll"]["choices"][2] == {
            "text": "비빔밥",
            "votes": 1,
            "people": [people["bob"]],
        }
        assert live["poll"]["voters"] == 1
        assert (await shown(ada, message))["poll"] == live["poll"]
        # Another choice takes the place of the first, and none takes it back.
        assert (await vote(bob, message, 0))["type"] == "ack"
        choices = (await shown(ada, message))["poll"]["choices"]
        assert [choice.get("votes", 0) for choice in choices] == [1, 0, 0]
        assert (await vote(bob, message))["type"] == "ack"
        assert (await shown(ada, message))["poll"] == first["poll"]


async def test_a_vote_that_changes_nothing_takes_no_version(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        message = await ask(ada, LUNCH)
        ack = await vote(ada, message, 1)
        assert (await vote(ada, message, 1, 1))["version"] == ack["version"]


async def test_several_votes_only_where_the_poll_takes_them(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        one, several = await ask(ada, LUNCH), await ask(ada, LUNCH | {"multiple": True})
        assert (await vote(ada, one, 0, 1))["code"] == "invalid"
        assert (await vote(ada, one, 3))["code"] == "invalid"
        assert "votes" not in str((await shown(ada, one))["poll"])
        assert (await vote(ada, several, 2, 0))["type"] == "ack"
        poll = (await shown(ada, several))["poll"]
        assert [choice.get("votes", 0) for choice in poll["choices"]] == [1, 0, 1]
        assert poll["voters"] == 1
        answer = await ada.call(type="votes", messages=[one, several, 10**9])
        assert answer["votes"] == {str(several): [0, 2]}
        many = await ada.call(type="votes", messages=[several, *range(10**9, 10**9 + 199)])
        assert many["votes"] == answer["votes"]
        too_many = await ada.call(type="votes", messages=[*range(201)])
        assert too_many["code"] == "invalid"


async def test_an_anonymous_poll_tells_nobody_who_voted(site: Site) -> None:
    people = site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        message = await ask(ada, LUNCH | {"anonymous": True})
        ack = await vote(bob, message, 1)
        live = (await ada.expect("changes", to=ack["version"]))["messages"][0]
        page = (await ada.call(type="history", room=1))["messages"][0]
        for found in (live, page, await shown(ada, message)):
            assert found["poll"]["choices"][1] == {"text": "Pizza", "votes": 1}
        assert (await ada.call(type="votes", messages=[message]))["votes"] == {}
        assert (await bob.call(type="votes", messages=[message]))["votes"] == {str(message): [1]}
        assert f'"people":[{people["bob"]}]' not in site.get("/rooms/general/", "ada")[1]


async def test_the_same_cid_is_the_same_poll_and_another_poll_is_a_conflict(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        frame: Frame = {"type": "send", "room": 1, "cid": new_cid(), "body": "Lunch?"}
        frame["poll"] = LUNCH
        one, two = await ada.call(**frame), await ada.call(**frame)
        assert one["id"] == two["id"]
        assert (await ada.call(**frame | {"poll": {"choices": ["a", "b"]}}))["code"] == "conflict"
        assert site.run(polls.count) == [1, 0]


async def test_its_author_or_a_moderator_closes_it(site: Site) -> None:
    people = site.people("ada", "bob", "eve")
    async with site.socket("ada") as ada, site.socket("bob") as bob, site.socket("eve") as eve:
        one, two = await ask(ada, LUNCH), await ask(ada, LUNCH)
        await vote(bob, one, 1)
        assert (await bob.call(type="close", message=one))["code"] == "forbidden"
        ack = await ada.call(type="close", message=one)
        assert ack["type"] == "ack"
        assert (await ada.call(type="close", message=one))["version"] == ack["version"]
        assert (await vote(bob, one, 0))["code"] == "conflict"
        poll = (await shown(bob, one))["poll"]
        assert poll["closed"] is True
        assert poll["choices"][1]["votes"] == 1
        site.run(polls.moderate, people["eve"])
        assert (await eve.call(type="close", message=two))["type"] == "ack"


def test_a_vote_right_behind_the_close_comes_too_late(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        ada = site.people("ada")["ada"]
        assert site.run(polls.close_and_vote, ada) == ["ack", "ack", "conflict", "0"]


async def test_it_closes_at_its_time(site: Site) -> None:
    site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        closes_at = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
        message = await ask(ada, LUNCH | {"closes_at": closes_at})
        assert (await shown(ada, message))["poll"]["closes_at"].endswith("Z")
        site.run(polls.make_due, message)
        # Also before anybody was told.
        assert (await vote(bob, message, 0))["code"] == "conflict"
        async with asyncio.timeout(20):
            while not (await shown(bob, message))["poll"].get("closed"):
                await asyncio.sleep(0.1)
        assert site.run(polls.due) == 0


async def test_it_goes_with_its_message(site: Site) -> None:
    site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        message = await ask(ada, LUNCH | {"multiple": True})
        await vote(bob, message, 0, 1)
        assert site.run(polls.count) == [1, 2]
        assert (await ada.call(type="delete", message=message))["type"] == "ack"
        assert "poll" not in await shown(bob, message)
        assert (await vote(bob, message, 0))["code"] == "not_found"
        assert site.run(polls.count) == [0, 0]


async def test_who_may_not_write_may_not_vote(site: Site) -> None:
    people = site.people("ada", "bob", "eve")
    async with site.socket("ada") as ada, site.socket("bob") as bob, site.socket("eve") as eve:
        plain = (await ada.call(type="send", room=1, cid=new_cid(), body="no poll"))["id"]
        assert (await vote(bob, plain, 0))["code"] == "not_found"
        room, message = site.run(polls.ask_in_private, people["ada"], people["bob"])
        assert (await vote(eve, message, 0))["code"] == "not_found"
        assert (await eve.call(type="close", message=message))["code"] == "not_found"
        assert (await eve.call(type="votes", messages=[message]))["votes"] == {}
        site.run(polls.archive, room)
        assert (await vote(bob, message, 0))["code"] == "archived"


BAD = [
    {"choices": ["one"]},
    {"choices": [str(n) for n in range(11)]},
    {"choices": ["a", ""]},
    {"choices": ["a", "  "]},
    {"choices": ["a", "a"]},
    {"choices": ["a", " A"]},
    {"choices": ["Ａ", "a"]},
    {"choices": ["a", "b\nc"]},
    {"choices": ["a", "b\0"]},
    {"choices": ["a", "\u202eb"]},
    {"choices": ["a", "x" * 121]},
    {"choices": ["a", 7]},
    {"choices": "ab"},
    {"choices": ["a", "b"], "closes_at": "yesterday"},
    {"choices": ["a", "b"], "closes_at": "2020-01-01T00:00:00Z"},
    {"choices": ["a", "b"], "closes_at": "2999-01-01T00:00:00Z"},
    {"choices": ["a", "b"], "closes_at": "2027-01-01T00:00:00"},
    {"choices": ["a", "b"], "closes_at": "0001-01-01T00:00:00+23:00"},
    {"choices": ["a", "b"], "closes_at": 7},
    {"choices": ["a", "b"], "colour": "red"},
    {},
    [],
]


async def test_a_wrong_poll_gets_an_error_and_changes_nothing(make_site: MakeSite) -> None:
    with make_site("sqlite") as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            for poll in BAD:
                frame: Frame = {"type": "send", "room": 1, "cid": new_cid(), "body": "?"}
                frame["poll"] = poll
                answer = await ada.call(**frame)
                assert (answer["type"], answer["code"]) == ("error", "invalid"), poll
            frame = {"type": "send", "room": 1, "cid": new_cid(), "body": " ", "poll": LUNCH}
            assert (await ada.call(**frame))["code"] == "invalid"
            assert (await ada.call(type="sync", room=1, version=0))["messages"] == []


@pytest.mark.parametrize("text", ["👨‍👩‍👧", "می‌خواهم", "비빔밥", "x" * 120])
def test_choices_of_any_language_are_taken(text: str) -> None:
    assert fault(NewPoll(["b", text]), datetime.now(UTC)) is None


async def test_beyond_twenty_only_the_number_is_told(make_site: MakeSite) -> None:
    with make_site("sqlite") as site:
        people = site.people("ada")
        async with site.socket("ada") as ada:
            message = await ask(ada, LUNCH)
            site.run(polls.vote_as_many, message, 30)
            await vote(ada, message, 0)
            choice = (await shown(ada, message))["poll"]["choices"][0]
            assert (choice["votes"], len(choice["people"])) == (31, 20)
            assert people["ada"] not in choice["people"]


DAMAGE = {
    "deleted, but its poll is still there": polls.delete_behind_its_back,
    "its parts do not say so": polls.lose_the_bit,
    "a vote for a choice that it does not have": polls.vote_for_nothing,
    "somebody voted 2 times": polls.vote_twice,
}


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_verify_finds_damage(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        ada = site.people("ada")["ada"]
        for problem, damage in DAMAGE.items():
            site.run(polls.ask_and_vote, ada)
            assert site.manage("verify").returncode == 0
            site.run(damage)
            assert problem in site.manage("verify").stdout
            site.run(polls.clear)


def test_the_demo_place_has_polls_and_verifies(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        assert site.manage("seed_demo", "--messages", "2000").returncode == 0
        assert site.run(polls.count)[0] == 3
        assert site.manage("verify").returncode == 0
