"""Followers of the log and due rows, in real processes, with what `tests.recording` writes down."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from rooms.conf import Conf
from rooms.following import cursor, lease
from rooms.following.follower import Changes, Follower
from rooms.models import Cursor, Place, Room
from tests.chaos.database import Database
from tests.conftest import MakeSite
from tests.programs import following, messages, rooms
from tests.recording.followers import SLEEPS
from tests.recording.lines import CURED, read
from tests.site import Site

DATABASES = ["sqlite", "postgres"]
# Of the settings of `tests.recording`.
SHORT_LEASE = 2.0
SLEEP, NAP = SLEEPS["sleep"], SLEEPS["nap"]
TAKEN_OVER_WITHIN = 10.0
# What is left of it for another process to look and to follow, when the product's lease is over.
LOOKS_WITHIN = 3.0
# Seconds in which a follower is done, so that the next message wakes it.
RESTED = 0.3
# Seconds until no other thread of a process writes: stopped, it would keep SQLite's lock.
STILL = 0.5


@contextmanager
def recording(make_site: MakeSite, database: str = "sqlite", **more: Any) -> Iterator[Site]:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.recording.settings"}
    with make_site(database, **{**settings, **more}) as site:
        yield site


def until(ready: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What `ready` returns as soon as it is something."""
    end = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
    return found


def followed(site: Site, name: str, room: int) -> int:
    """The version up to which a follower was given the room, in order and without a hole."""
    version = 0
    for _pid, _time, of, after, to, rows in read(site.folder, name):
        if of == room:
            assert after <= version, f"a hole from {version} to {after}"
            assert after < to
            assert [row[1] for row in rows] == sorted(row[1] for row in rows)
            assert all(after < row[1] <= to for row in rows)
            version = max(version, to)
    return version


def wait_for(site: Site, name: str, room: int, version: int, seconds: float = 10.0) -> None:
    until(lambda: followed(site, name, room) == version, seconds)


def bodies(site: Site, name: str) -> list[str]:
    lines = read(site.folder, name)
    return [body for *_more, rows in lines for _id, _version, body in rows]


def ask(site: Site, query: str) -> list[tuple[Any, ...]]:
    """Rows of the database, without a process for each look."""
    with closing(Database(site.environment["DATABASE_URL"])) as database:
        return database.execute(query)


def cursors(site: Site, follower: str) -> list[tuple[Any, ...]]:
    return ask(site, f"SELECT version FROM rooms_cursor WHERE follower = '{follower}'")


def due_rows(site: Site) -> list[tuple[Any, ...]]:
    return ask(site, "SELECT key, tries, error FROM rooms_due ORDER BY id")


@pytest.mark.parametrize("database", DATABASES)
async def test_every_change_is_followed_in_order(make_site: MakeSite, database: str) -> None:
    with recording(make_site, database) as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            room = ada.hello["rooms"][0]["id"]
            first = await ada.say(room, "one")
            await ada.say(room, "two")
            edited = await ada.call(type="edit", message=first["id"], body="one again")
            await asyncio.to_thread(wait_for, site, "recorder", room, edited["version"])
        # The message is there in its latest state; an earlier one was seen if it was quick.
        assert bodies(site, "recorder")[-1] == "one again"
        # After a restart nothing is followed again, and what was said meanwhile is.
        lines = len(read(site.folder, "recorder"))
        site.processes[0].end()
        version = site.run(messages.say_together, site.ids["ada"], ["three"], room)
        site.processes[0].start()
        async with site.socket("ada"):
            await asyncio.to_thread(wait_for, site, "recorder", room, version)
        assert len(read(site.folder, "recorder")) == lines + 1


async def test_a_commit_of_this_process_is_followed_at_once(make_site: MakeSite) -> None:
    with recording(make_site) as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            room = ada.hello["rooms"][0]["id"]
            took = []
            for n in range(5):
                await asyncio.sleep(RESTED)
                ack, began = await ada.say(room, f"{n}"), time.time()
                await asyncio.to_thread(wait_for, site, "recorder", room, ack["version"])
                took.append(read(site.folder, "recorder")[-1][1] - began)
        assert sorted(took)[2] < 0.5


def test_commits_of_other_processes_are_followed(make_site: MakeSite) -> None:
    with recording(make_site, server="serve") as site:
        ids = site.people("ada")
        version = site.run(messages.say_together, ids["ada"], ["from a command"])
        wait_for(site, "recorder", 1, version, 3)


def test_a_room_far_behind_is_followed_in_bites(make_site: MakeSite) -> None:
    with recording(make_site, server="serve", serve=False) as site:
        ids = site.people("ada")
        site.run(messages.say_much, ids["ada"], batches=50, size=200)
        site.serve()
        wait_for(site, "recorder", 1, 10_000, 20)
        lines = read(site.folder, "recorder")
        assert max(to - after for _pid, _time, _room, after, to, _rows in lines) == 500
        assert len(lines) == 20


def test_a_new_follower_begins_where_it_wants_to(make_site: MakeSite) -> None:
    with recording(make_site, server="serve", serve=False) as site:
        ids = site.people("ada")
        site.run(messages.say, ids["ada"], ["before"])
        site.serve()
        wait_for(site, "recorder", 1, 1)
        site.run(messages.say, ids["ada"], ["after"])
        until(lambda: bodies(site, "recorder") == ["before", "after"])
        until(lambda: bodies(site, "latecomer") == ["after"])


async def test_an_ack_never_waits_for_a_follower(make_site: MakeSite) -> None:
    with recording(make_site) as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            room = ada.hello["rooms"][0]["id"]
            await ada.say(room, "sleep")
            await asyncio.to_thread(until, lambda: read(site.folder, "asleep"))
            slowest, began = 0.0, time.monotonic()
            while not followed(site, "sleeper", room):
                said = time.monotonic()
                last = await ada.say(room, "awake")
                slowest = max(slowest, time.monotonic() - said)
                await asyncio.sleep(0.05)
            assert time.monotonic() - began > SLEEP - 1
            assert slowest < 0.5
            # Others go on meanwhile.
            while_asleep = [line for line in read(site.folder, "recorder") if line[4] > 1]
            assert while_asleep[0][1] < read(site.folder, "sleeper")[0][1] - SLEEP / 2
            # And it does when it is awake.
            await asyncio.to_thread(wait_for, site, "sleeper", room, last["version"])


def test_a_failure_stops_no_other_follower_and_no_other_room(make_site: MakeSite) -> None:
    with recording(make_site, server="serve", serve=False) as site:
        user = site.people("ada")["ada"]
        bad = site.run(rooms.create, user, "Bad")
        site.run(messages.say, user, ["hi"])
        site.run(messages.say, user, ["poison"], bad)
        # Both rooms are in one bite.
        site.serve()
        wait_for(site, "failer", 1, 1)
        wait_for(site, "recorder", bad, 1)
        site.run(messages.say, user, ["hi again"])
        wait_for(site, "failer", 1, 2)
        # In its own room it waits for what failed.
        site.run(messages.say, user, ["later"], bad)
        assert followed(site, "failer", bad) == 0
        (site.folder / CURED).touch()
        wait_for(site, "failer", bad, 2, 20)
        assert "failer failed: Changes(room=1," not in site.processes[0].log.read_text()


# One process at a time


def holder(site: Site, name: str) -> int:
    """The process that followed last."""
    return read(site.folder, name)[-1][0]


@pytest.mark.parametrize("database", DATABASES)
async def test_one_process_follows_and_another_takes_over(
    make_site: MakeSite, database: str
) -> None:
    with recording(make_site, database, redis=True, processes=2, server="serve") as site:
        site.people("ada")
        async with site.socket("ada") as one, site.socket("ada", 1) as two:
            room = one.hello["rooms"][0]["id"]
            for n in range(10):
                await one.say(room, f"one {n}")
                last = await two.say(room, f"two {n}")
                await asyncio.sleep(0.1)
            await asyncio.to_thread(wait_for, site, "recorder", room, last["version"])
            # While it lives no other process does anything.
            [pid] = {line[0] for line in read(site.folder, "recorder")}
            [killed] = [p for p in site.processes if p.process.pid == pid]
            killed.end(signal.SIGKILL)
            version = site.run(messages.say_together, site.ids["ada"], ["anybody?"], room)
            await asyncio.to_thread(
                wait_for, site, "recorder", room, version, SHORT_LEASE + LOOKS_WITHIN
            )
        assert holder(site, "recorder") != pid


def test_a_killed_process_is_replaced_within_ten_seconds(make_site: MakeSite) -> None:
    assert Conf.LEASE.default + LOOKS_WITHIN <= TAKEN_OVER_WITHIN
    with recording(make_site, redis=True, processes=2, server="serve") as site:
        ids = site.people("ada")
        site.run(messages.say, ids["ada"], ["one"])
        wait_for(site, "recorder", 1, 1)
        pid = holder(site, "recorder")
        next(p for p in site.processes if p.process.pid == pid).end(signal.SIGKILL)
        killed = time.time()
        site.run(messages.say, ids["ada"], ["two"])
        wait_for(site, "recorder", 1, 2, TAKEN_OVER_WITHIN)
        assert read(site.folder, "recorder")[-1][1] - killed < SHORT_LEASE + LOOKS_WITHIN


def test_a_process_that_ends_in_order_is_replaced_at_once(make_site: MakeSite) -> None:
    more: dict[str, Any] = {"redis": True, "processes": 2, "server": "serve", "LEASE": "600"}
    with recording(make_site, **more) as site:
        ids = site.people("ada")
        site.run(messages.say, ids["ada"], ["one"])
        wait_for(site, "recorder", 1, 1)
        pid = holder(site, "recorder")
        next(p for p in site.processes if p.process.pid == pid).end(signal.SIGTERM)
        site.run(messages.say, ids["ada"], ["two"])
        wait_for(site, "recorder", 1, 2, 5)


@pytest.mark.parametrize("database", DATABASES)
async def test_a_process_that_stood_still_writes_nothing_over_its_successor(
    make_site: MakeSite, database: str
) -> None:
    with recording(make_site, database, redis=True, processes=2, server="serve") as site:
        ids = site.people("ada")
        site.run(messages.say, ids["ada"], ["nap"])
        [pid, *_time] = until(lambda: read(site.folder, "asleep"))[0]
        still = next(p for p in site.processes if p.process.pid == pid)
        time.sleep(STILL)
        still.process.send_signal(signal.SIGSTOP)
        # The other one takes over, sleeps too, and comes as far as the next message.
        version = site.run(messages.say_together, ids["ada"], ["awake"])
        wait_for(site, "sleeper", 1, version, SHORT_LEASE + NAP + 5)
        still.process.send_signal(signal.SIGCONT)
        # It finishes what it was at, and what it would write down is refused.
        until(lambda: pid in {line[0] for line in read(site.folder, "sleeper")})
        until(lambda: "runs in another process" in still.log.read_text())
        assert cursors(site, "sleeper") == [(version,)]


class Sample(Follower):
    name = "sample"


@pytest.mark.django_db(transaction=True)
def test_only_the_holder_moves_a_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    epoch, one, two = str(Place.get().epoch), uuid4(), uuid4()
    # Also for a process whose clock is ahead.
    ahead = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    room = Room.objects.create(name="Room", slug="room", version=9)
    cursor.register(Sample())
    assert lease.hold(["sample"], one) == {"sample"}
    assert lease.hold(["sample"], two) == set()
    cursor.move("sample", [Changes(room.pk, 0, 3)], one, epoch)
    with pytest.raises(lease.Lost):
        cursor.move("sample", [Changes(room.pk, 3, 4)], two, epoch)
    with pytest.raises(lease.Lost):  # that was read before a restore
        cursor.move("sample", [Changes(room.pk, 3, 4)], one, str(uuid4()))
    lease.give_back(["sample"], one)
    assert lease.hold(["sample"], two) == {"sample"}
    with pytest.raises(lease.Lost):
        cursor.move("sample", [Changes(room.pk, 3, 4)], one, epoch)
    assert Cursor.objects.get().version == 3


@pytest.mark.parametrize("database", DATABASES)
def test_after_a_restore_a_cursor_is_not_ahead_of_its_room(
    make_site: MakeSite, database: str
) -> None:
    with recording(make_site, database, server="serve") as site:
        ids = site.people("ada")
        site.run(messages.say, ids["ada"], ["one"])
        wait_for(site, "recorder", 1, 1)
        until(lambda: cursors(site, "recorder"))
        site.run(following.restore_with_cursors_at, 50)
        until(lambda: not ask(site, "SELECT 1 FROM rooms_cursor WHERE version = 50"))
        site.run(messages.say, ids["ada"], ["two"])
        until(lambda: bodies(site, "recorder") == ["one", "two"])


# Due rows


@pytest.mark.parametrize("database", DATABASES)
def test_a_row_runs_at_its_time(make_site: MakeSite, database: str) -> None:
    # Served when everything is scheduled, so that nothing runs between.
    with recording(make_site, database, server="serve", serve=False) as site:
        soon = site.run(following.change_plans)
        site.serve()
        [[_pid, at, key]] = until(lambda: read(site.folder, "done"), 20)
        assert (key, at >= soon) == ("soon", True)
        until(lambda: due_rows(site) == [("moved", 0, "")])


@pytest.mark.parametrize("database", DATABASES)
def test_a_row_that_fails_is_tried_again_and_stops_no_other(
    make_site: MakeSite, database: str
) -> None:
    with recording(make_site, database, server="serve") as site:
        site.run(following.schedule, {"poison": 0, "good": 0.5})
        until(lambda: read(site.folder, "done"))
        tries = until(lambda: len(lines := read(site.folder, "doer")) == 4 and lines)
        assert sorted((key, n) for _pid, _time, key, n in tries) == [
            ("good", 1),
            ("poison", 1),
            ("poison", 2),
            ("poison", 3),
        ]
        moments = [at for _pid, at, key, _n in tries if key == "poison"]
        assert moments[1] - moments[0] > 0.9
        assert moments[2] - moments[1] > 1.9
        # Then it is given up, for no later time, and people see why.
        given_up = [("poison", 3, "ValueError: cannot be done")]
        until(lambda: due_rows(site) == given_up)
        assert ask(site, "SELECT due_at FROM rooms_due") == [(None,)]
        # Until somebody asks for it again.
        (site.folder / CURED).touch()
        site.run(following.try_again)
        until(lambda: due_rows(site) == [])


def test_a_row_that_is_scheduled_while_it_runs_runs_again(make_site: MakeSite) -> None:
    with recording(make_site, server="serve") as site:
        site.run(following.schedule, {"nap": 0})
        until(lambda: read(site.folder, "doer"))
        site.run(following.schedule, {"nap": 0})
        until(lambda: len(read(site.folder, "done")) == 2, 2 * NAP + 5)
        assert [n for _pid, _time, _key, n in read(site.folder, "doer")] == [1, 1]


def test_a_row_whose_process_was_killed_runs_in_another(make_site: MakeSite) -> None:
    with recording(make_site, redis=True, processes=2, server="serve") as site:
        site.run(following.schedule, {"nap": 0, "next": 0})
        [[pid, *_more]] = until(lambda: read(site.folder, "doer"))
        next(p for p in site.processes if p.process.pid == pid).end(signal.SIGKILL)
        until(lambda: len(read(site.folder, "done")) == 2, SHORT_LEASE + NAP + 5)
        assert due_rows(site) == []
        tried = [[key, n] for _pid, _time, key, n in read(site.folder, "doer")]
        assert ["nap", 2] in tried
