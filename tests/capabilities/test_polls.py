"""Polls, from sockets to the database, on both databases."""

import asyncio
import signal
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rooms.polls.log import fault
from rooms.polls.protocol import NewPoll
from tests.conftest import MakeSite
from tests.programs import polls
from tests.site import FIRST_LOOK, Site
from tests.wire import Frame, Wire, new_cid

LUNCH: dict[str, Any] = {"choices": ["Noodles", "Pizza", "비빔밥"]}


async def ask(wire: Wire, poll: dict[str, Any], body: str = "Lunch?", room: int = 1) -> int:
    """Creates a poll and returns the message's id."""
    ack = await wire.call(type="send", room=room, cid=new_cid(), body=body, poll=poll)
    assert ack["type"] == "ack", ack
    return ack["id"]


async def vote(wire: Wire, message: int, *choices: int) -> Frame:
    return await wire.call(type="vote", message=message, choices=list(choices))


async def shown(wire: Wire, message: int, version: int = 0) -> Frame:
    """The message as seen by a client that reconnects now."""
    changes = await wire.call(type="sync", room=1, version=version)
    return next(found for found in changes["messages"] if found["id"] == message)


async def test_poll_comes_with_its_message_and_votes_reach_everybody(site: Site) -> None:
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
        # Another choice replaces the first; no choice withdraws the vote.
        assert (await vote(bob, message, 0))["type"] == "ack"
        choices = (await shown(ada, message))["poll"]["choices"]
        assert [choice.get("votes", 0) for choice in choices] == [1, 0, 0]
        assert (await vote(bob, message))["type"] == "ack"
        assert (await shown(ada, message))["poll"] == first["poll"]


async def test_unchanged_vote_takes_no_version(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        message = await ask(ada, LUNCH)
        ack = await vote(ada, message, 1)
        assert (await vote(ada, message, 1, 1))["version"] == ack["version"]


async def test_several_votes_only_in_a_multiple_choice_poll(site: Site) -> None:
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


async def test_anonymous_poll_hides_its_voters(site: Site) -> None:
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


async def test_same_cid_with_another_poll_is_a_conflict(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        frame: Frame = {"type": "send", "room": 1, "cid": new_cid(), "body": "Lunch?"}
        frame["poll"] = LUNCH
        one, two = await ada.call(**frame), await ada.call(**frame)
        assert one["id"] == two["id"]
        assert (await ada.call(**frame | {"poll": {"choices": ["a", "b"]}}))["code"] == "conflict"
        assert site.run(polls.count) == [1, 0]


async def test_only_author_and_moderators_can_close(site: Site) -> None:
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


async def test_poll_closes_at_its_time(site: Site) -> None:
    site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        closes_at = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
        message = await ask(ada, LUNCH | {"closes_at": closes_at})
        assert (await shown(ada, message))["poll"]["closes_at"].endswith("Z")
        site.run(polls.make_due, message)
        # Even before anybody was notified.
        assert (await vote(bob, message, 0))["code"] == "conflict"
        async with asyncio.timeout(20):
            while not (await shown(bob, message))["poll"].get("closed"):
                await asyncio.sleep(0.1)
        assert site.run(polls.due) == 0


async def test_poll_due_while_all_processes_are_dead_closes_once(
    make_site: MakeSite,
) -> None:
    with make_site("sqlite", processes=2, redis=True) as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada:
            closes_at = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
            message = await ask(ada, LUNCH | {"closes_at": closes_at})
            version = (await vote(ada, message, 1))["version"]
            for process in site.processes:
                process.end(signal.SIGKILL)
        site.run(polls.make_due, message)
        for process in site.processes:
            process.start()
        async with site.socket("ada", process=0) as ada, site.socket("bob", process=1) as bob:
            # The killed process still holds its lease for seconds, so both sockets connect first.
            assert ada.room("general")["version"] == bob.room("general")["version"] == version
            for wire in (ada, bob):
                changes = await wire.expect("changes", timeout=30, to=version + 1)
                [closed] = changes["messages"]
                assert (closed["id"], closed["poll"]["closed"]) == (message, True)
                assert closed["poll"]["choices"][1]["votes"] == 1
            assert await bob.quiet(FIRST_LOOK) == []
        assert site.run(polls.due) == 0


def test_backup_includes_polls_and_votes(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.run(polls.ask_and_vote, site.people("ada")["ada"])
        before, file = site.run(polls.everything), site.folder / "backup.tar.gz"
        assert site.manage("backup", file).returncode == 0
        site.run(polls.clear)
        assert site.manage("restore", file, "--yes").returncode == 0
        assert site.run(polls.everything) == before
        assert site.manage("verify").returncode == 0


async def test_poll_is_deleted_with_its_message(site: Site) -> None:
    site.people("ada", "bob")
    async with site.socket("ada") as ada, site.socket("bob") as bob:
        message = await ask(ada, LUNCH | {"multiple": True})
        await vote(bob, message, 0, 1)
        assert site.run(polls.count) == [1, 2]
        assert (await ada.call(type="delete", message=message))["type"] == "ack"
        assert "poll" not in await shown(bob, message)
        assert (await vote(bob, message, 0))["code"] == "not_found"
        assert site.run(polls.count) == [0, 0]


async def test_deleted_poll_is_not_due_any_more(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        closes_at = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        message = await ask(ada, LUNCH | {"closes_at": closes_at})
        assert site.run(polls.due) == 1
        await ada.call(type="delete", message=message)
        assert site.run(polls.due) == 0


async def test_poll_closed_by_hand_is_not_due_any_more(site: Site) -> None:
    site.people("ada")
    async with site.socket("ada") as ada:
        closes_at = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        message = await ask(ada, LUNCH | {"closes_at": closes_at})
        assert (await ada.call(type="close", message=message))["type"] == "ack"
        assert site.run(polls.due) == 0


BLANKS = ["\u3164", "\u2800", "\u115f", "\uffa0", "\u034f", "\ufe0f", "\u200d\u3164 "]


@pytest.mark.parametrize("blank", BLANKS)
def test_choice_that_shows_nothing_is_refused_and_a_blank_makes_no_other(blank: str) -> None:
    now = datetime.now(UTC)
    assert fault(NewPoll(choices=["rice", blank]), now) == "A choice is empty or too long."
    assert fault(NewPoll(choices=["rice", "rice" + blank]), now) == "Two choices are the same."
    assert fault(NewPoll(choices=["❤️", "rice"]), now) is None


async def test_voting_requires_write_permission(site: Site) -> None:
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


ANY_TEXT = st.text() | st.text("aA \t\n\0\u200d\u202e\ud800Ａß가", max_size=6)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)  # others are not JSON
ANYTHING = ANY_TEXT | NUMBERS | st.booleans() | st.none() | st.lists(ANY_TEXT)
ANY_TIME = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()
AB = {"choices": ["a", "b"]}
UNREADABLE = {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_any_poll_is_stored_or_refused_without_a_trace(make_site: MakeSite, database: str) -> None:
    @settings(max_examples=150, deadline=None, database=None)
    @given(
        body=st.just("?") | ANYTHING,
        poll=st.fixed_dictionaries(
            {"choices": st.lists(ANY_TEXT, max_size=11) | ANYTHING},
            optional={
                "multiple": st.booleans() | ANYTHING,
                "anonymous": st.booleans() | ANYTHING,
                "closes_at": ANY_TIME | st.just(SOON) | ANYTHING,
                "colour": ANYTHING,
            },
        ),
    )
    @example(body="?", poll={"choices": ["one"]})
    @example(body="?", poll={"choices": [str(n) for n in range(11)]})
    @example(body="?", poll={"choices": ["a", ""]})
    @example(body="?", poll={"choices": ["a", "  "]})
    @example(body="?", poll={"choices": ["a", "\u200d"]})
    @example(body="?", poll={"choices": ["a", "a"]})
    @example(body="?", poll={"choices": ["a", " A"]})
    @example(body="?", poll={"choices": ["a", "a\u200d"]})
    @example(body="?", poll={"choices": ["Ａ", "a"]})
    @example(body="?", poll={"choices": ["Maße", "MASSE"]})
    @example(body="?", poll={"choices": ["a", "b\nc"]})
    @example(body="?", poll={"choices": ["a", "b\0"]})
    @example(body="?", poll={"choices": ["a", "\u202eb"]})
    @example(body="?", poll={"choices": ["a", "\ud800"]})
    @example(body="?", poll={"choices": ["a", "x" * 121]})
    @example(body="?", poll={"choices": ["a", "x" * 10_001]})
    @example(body="?", poll={"choices": ["a", 7]})
    @example(body="?", poll={"choices": "ab"})
    @example(body="?", poll=AB | {"closes_at": "yesterday"})
    @example(body="?", poll=AB | {"closes_at": "2020-01-01T00:00:00Z"})
    @example(body="?", poll=AB | {"closes_at": "9999-12-31T23:59:59Z"})
    @example(body="?", poll=AB | {"closes_at": "9999-12-31T23:59:59-12:00"})
    @example(body="?", poll=AB | {"closes_at": "0001-01-01T00:00:00+23:00"})
    @example(body="?", poll=AB | {"closes_at": SOON.removesuffix("+00:00")})
    @example(body="?", poll=AB | {"closes_at": 7})
    @example(body="?", poll=AB | {"multiple": "true"})
    @example(body="?", poll=AB | {"colour": "red"})
    @example(body="?", poll={})
    @example(body="?", poll=[])
    @example(body=" \n", poll=AB)
    @example(body="\0", poll=AB)
    @example(body="\ud800", poll=AB)
    @example(body="x" * 16_385, poll=AB)
    def asked(body: Any, poll: Any) -> None:
        runner.run(_ask_anything(ada, body, poll))

    with make_site(database, SEND_RATE="10000", SEND_BURST="10000") as site:
        site.people("ada")
        ada = site.socket("ada")
        with asyncio.Runner() as runner:
            runner.run(ada.__aenter__())
            asked()
            runner.run(ada.__aexit__())
        assert site.manage("verify").returncode == 0


async def _ask_anything(ada: Wire, body: Any, poll: Any) -> None:
    before = await ada.call(type="sync", room=1, version=0)
    answer = await ada.call(type="send", room=1, cid=new_cid(), body=body, poll=poll)
    after = await ada.call(type="sync", room=1, version=before["to"])
    if answer["type"] == "error":
        assert answer["code"] in {"invalid", "too_large"}
        assert answer["detail"]
        assert after["messages"] == []
        return
    [message] = after["messages"]
    assert message["body"] == body
    assert [choice["text"] for choice in message["poll"]["choices"]] == [
        choice.strip() for choice in poll["choices"]
    ]
    for choice in poll["choices"]:
        assert 1 <= len(choice.strip()) <= 120
        assert not {unicodedata.category(character) for character in choice} & UNREADABLE
    assert 2 <= len({choice.strip().casefold() for choice in poll["choices"]}) <= 10
    assert message["poll"].get("multiple", False) is poll.get("multiple", False)
    assert message["poll"].get("anonymous", False) is poll.get("anonymous", False)
    if (closes_at := poll.get("closes_at")) is not None:
        assert message["poll"]["closes_at"][:19] == closes_at[:19] == SOON[:19]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_any_vote_counts_or_is_refused_without_a_trace(make_site: MakeSite, database: str) -> None:
    place = st.integers(-1, 4) | ANYTHING

    @settings(max_examples=100, deadline=None, database=None)
    @given(choices=st.lists(st.integers(0, 2)) | st.lists(place) | ANYTHING)
    @example(choices=["1"])
    @example(choices=[1.0])
    @example(choices=[True])
    @example(choices=[2**63])
    @example(choices=[0] * 11)
    @example(choices=[3])
    @example(choices=[-1])
    def voted(choices: Any) -> None:
        runner.run(_vote_anything(ada, message, choices))

    with make_site(database, SEND_RATE="10000", SEND_BURST="10000") as site:
        site.people("ada")
        ada = site.socket("ada")
        with asyncio.Runner() as runner:
            runner.run(ada.__aenter__())
            message = runner.run(ask(ada, LUNCH | {"multiple": True}))
            voted()
            runner.run(ada.__aexit__())
        assert site.manage("verify").returncode == 0


async def _vote_anything(ada: Wire, message: int, choices: Any) -> None:
    before = await ada.call(type="votes", messages=[message])
    answer = await ada.call(type="vote", message=message, choices=choices)
    after = await ada.call(type="votes", messages=[message])
    if answer["type"] == "error":
        assert answer["code"] == "invalid"
        assert answer["detail"]
        assert after["votes"] == before["votes"]
    else:
        assert after["votes"].get(str(message), []) == sorted(set(choices))
        assert set(choices) <= {0, 1, 2}


@pytest.mark.parametrize("text", ["👨‍👩‍👧", "می‌خواهم", "비빔밥", "x" * 120])
def test_choices_can_be_in_any_language(text: str) -> None:
    assert fault(NewPoll(["b", text]), datetime.now(UTC)) is None


async def test_more_than_twenty_voters_are_only_counted(make_site: MakeSite) -> None:
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
    "deleted, but it has poll": polls.delete_behind_its_back,
    "its parts are wrong about poll": polls.lose_the_poll,
    "a vote for a choice that it does not have": polls.vote_for_nothing,
    "somebody voted 2 times": polls.vote_twice,
    "the choices of its poll are not 2 to 10 texts": polls.lose_the_choices,
    "nothing is due to close it": polls.lose_the_closing,
}


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_verify_finds_damage(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        ada = site.people("ada")["ada"]
        site.run(polls.ask_and_vote, ada)
        assert site.manage("verify").returncode == 0
        for problem, damage in DAMAGE.items():
            site.run(damage)
            assert problem in site.manage("verify").stdout
            site.run(polls.ask_and_vote, ada)


def test_demo_data_has_valid_polls(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        assert site.manage("seed_demo", "--messages", "2000").returncode == 0
        assert site.run(polls.count)[0] == 3
        assert site.manage("verify").returncode == 0
