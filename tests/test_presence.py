"""Who is online, in all processes."""

import asyncio
import signal
from typing import Any

from tests.conftest import MakeSite
from tests.programs import rooms
from tests.wire import Wire

QUICK: dict[str, Any] = {
    "CHAT_PRESENCE_EVERY": "0.3",
    "CHAT_PRESENCE_SETTLE": "0.1",
    "CHAT_PRESENCE_LIFETIME": "2",
}

# Seconds for which a second tab is open, and in which its closing would have been told.
A_TAB, TOLD = 0.5, 0.8
# Longer than one message about who is online holds.
EXPIRED = 2.5


async def told(wire: Wire, person: int, state: str) -> None:
    """Waits until a socket was told that somebody is in this state."""
    async with asyncio.timeout(10):
        while (await wire.expect("presence"))["people"].get(str(person)) != state:
            pass


async def shown(wire: Wire, person: int) -> str:
    """What the list of a room's members says now."""
    members = (await wire.call(type="members", room=wire.room("general")["id"]))["members"]
    return {member["id"]: member["presence"] for member in members}[person]


async def test_a_socket_is_told_who_comes_and_who_goes(make_site: MakeSite) -> None:
    with make_site("sqlite", redis=True, processes=2, **QUICK) as site:
        bob = site.people("ada", "bob")["bob"]
        async with site.socket("ada", 0) as ada:
            for process in (0, 1):
                async with site.socket("bob", process):
                    await told(ada, bob, "online")
                await told(ada, bob, "offline")


async def test_somebody_with_another_tab_open_stays_online(make_site: MakeSite) -> None:
    with make_site("sqlite", **QUICK) as site:
        bob = site.people("ada", "bob")["bob"]
        async with site.socket("ada") as ada, site.socket("bob"):
            await told(ada, bob, "online")
            async with site.socket("bob"):
                await asyncio.sleep(A_TAB)
            await asyncio.sleep(TOLD)
            assert not [event for event in ada.events if event["type"] == "presence"]
            assert await shown(ada, bob) == "online"


async def test_nobody_stays_online_in_a_process_that_was_killed(make_site: MakeSite) -> None:
    with make_site("sqlite", redis=True, processes=2, **QUICK) as site:
        bob = site.people("ada", "bob")["bob"]
        async with site.socket("ada", 0) as ada, site.socket("bob", 1):
            await told(ada, bob, "online")
            site.processes[1].end(signal.SIGKILL)
            await told(ada, bob, "offline")
            assert await shown(ada, bob) == "offline"


async def test_a_process_that_goes_on_saying_so_keeps_its_people_online(
    make_site: MakeSite,
) -> None:
    with make_site("sqlite", redis=True, processes=2, **QUICK) as site:
        bob = site.people("ada", "bob")["bob"]
        async with site.socket("ada", 0) as ada, site.socket("bob", 1):
            await told(ada, bob, "online")
            await asyncio.sleep(EXPIRED)
            assert not [event for event in ada.events if event["type"] == "presence"]
            assert await shown(ada, bob) == "online"


async def test_a_new_socket_is_told_who_of_its_direct_rooms_is_online(make_site: MakeSite) -> None:
    with make_site("sqlite", **QUICK) as site:
        people = site.people("ada", "bob", "eve", "kim")
        for other in ("bob", "kim"):
            site.run(rooms.direct, people["ada"], [people[other]])
        async with site.socket("ada") as ada, site.socket("bob"), site.socket("eve"):
            for name in ("bob", "eve"):
                await told_once(ada, people[name])
            async with site.socket("ada") as tab:
                greeting = await tab.expect("presence")
                assert greeting["people"] == {str(people["bob"]): "online"}


async def told_once(wire: Wire, person: int) -> None:
    """Waits until a socket was told that somebody is online; earlier frames stay."""
    async with asyncio.timeout(10):
        while not any(
            event["type"] == "presence" and event["people"].get(str(person)) == "online"
            for event in wire.events
        ):
            await asyncio.sleep(0.02)
