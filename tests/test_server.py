"""What `manage.py serve` adds to daphne: limits on memory, and a graceful shutdown."""

import asyncio
import json
import random
import signal
import socket
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from chatsite import server
from rooms.live.limits import MAX_SOCKETS
from rooms.protocol import MAX_FRAME
from tests.conftest import MakeSite
from tests.programs import messages, people
from tests.site import Daphne, Site
from tests.wire import Wire, new_cid

# Duration of a handshake, and interval of memory measurements, in seconds.
ON_THE_WAY = LOOK_EVERY = 0.05


def memory(process: Daphne) -> int:
    """Resident memory of the process in bytes."""
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


async def deaf(site: Site, name: str) -> Wire:
    """A socket whose client stops reading after hello."""
    wire = site.socket(name)
    await wire.__aenter__()
    wire.connection.transport.pause_reading()
    return wire


async def test_client_that_does_not_read_is_closed_and_uses_little_memory(
    make_site: MakeSite,
) -> None:
    with make_site(
        "sqlite", server="serve", SEND_RATE="1000", SEND_BURST="10000", DEBUG="off"
    ) as site:
        site.people("ada", "bob", "eve")
        async with site.socket("ada") as ada, site.socket("eve") as eve:
            room = ada.room("general")["id"]
            for _ in range(60):  # until the process has reached its normal size
                await ada.say(room, "x" * 16_000)
            silent, chatty = await deaf(site, "bob"), await deaf(site, "bob")
            before = memory(site.processes[0])
            for number in range(300):
                await ada.say(room, "x" * 16_000)
                with suppress(
                    ConnectionClosed
                ):  # on a slow machine it may be closed before the last
                    await chatty.send({"type": "ping", "ref": number})
            grown = memory(site.processes[0]) - before
            assert grown < 8 * 2**20, f"{grown / 2**20:.0f} MiB"
            for wire in (silent, chatty):
                # A client that starts reading again in time sees the reason.
                wire.connection.transport.resume_reading()
                assert await wire.closed() in {4408, 1006}
            version = 0
            while version < 360:
                version = (await eve.expect("changes", **{"from": version}))["to"]


async def test_slow_reader_is_not_closed(make_site: MakeSite) -> None:
    with make_site(
        "sqlite", server="serve", SEND_RATE="1000", SEND_BURST="10000", DEBUG="off"
    ) as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            room = ada.room("general")["id"]
            for number in range(60):
                await ada.say(room, "x" * 16_000)
                if number % 10 == 0:
                    bob.connection.transport.pause_reading()
                elif number % 10 == 5:
                    bob.connection.transport.resume_reading()
            bob.connection.transport.resume_reading()
            version = 0
            while version < 60:
                version = (await bob.expect("changes", **{"from": version}))["to"]


async def test_flood_pauses_reading(make_site: MakeSite) -> None:
    """Frames that wait for the application do not pile up without limit."""
    with make_site("sqlite", server="serve", SEND_RATE="1000000", SEND_BURST="1000000") as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            room = ada.room("general")["id"]
            before = memory(site.processes[0])
            frame = {"type": "history", "room": room, "limit": 200}
            padding = " " * 20_000

            async def flood() -> None:
                for number in range(2000):
                    await ada.send(json.dumps({**frame, "ref": number}) + padding)

            flooding = asyncio.create_task(flood())
            most = 0
            while not flooding.done():
                await asyncio.sleep(LOOK_EVERY)
                most = max(most, memory(site.processes[0]))
            await ada.answer(1999, timeout=60)
            assert most - before < 16 * 2**20, f"{(most - before) / 2**20:.0f} MiB"


async def test_oversized_frames_get_an_error(make_site: MakeSite) -> None:
    with make_site("sqlite", server="serve") as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            for size in (MAX_FRAME + 1, 3 * MAX_FRAME, 2**23):
                await ada.send(json.dumps({"type": "ping", "ref": 1, "x": "가" * (size // 3)}))
                error = await ada.expect("error")
                assert (error["ref"], error["code"]) == (None, "too_large")
                assert (await ada.call(type="ping"))["type"] == "pong"


async def test_large_changes_are_split(make_site: MakeSite) -> None:
    """Even on plain daphne, which sends no more than 1 MiB at once."""
    for kind in ("daphne", "serve"):
        with make_site("sqlite", server=kind) as site:
            user = site.people("ada", "bob")["bob"]
            async with site.socket("ada") as ada:
                # A control character takes six bytes in JSON, in both body and HTML.
                site.run(messages.say, user, ["\x01" * 16_000] * 20)
                got: list[int] = []
                more, anchor = True, dict[str, int]()
                while more:
                    page = await ada.call(type="history", room=1, **anchor)
                    seqs = [message["seq"] for message in page["messages"]]
                    got = seqs + got
                    more, anchor = page["more_before"], {"before": seqs[0]}
                assert got == [*range(1, 21)]
                reset = await ada.call(type="sync", room=1, version=0)
                assert reset["type"] == "reset"
                assert [message["seq"] for message in reset["messages"]][-1] == 20
                middle = await ada.call(type="history", room=1, around=10)
                assert 10 in [message["seq"] for message in middle["messages"]]
                hint = await ada.expect("changes")
                assert (hint["from"], hint["to"], hint["messages"]) == (20, 20, [])


async def changes_to(wire: Wire, version: int) -> list[int]:
    """Returns the seqs of all frames until this version, in order and without holes."""
    seqs: list[int] = []
    at = 0
    while at < version:
        changes = await wire.expect("changes", **{"from": at})
        seqs += [message["seq"] for message in changes["messages"]]
        at = changes["to"]
    return seqs


async def test_large_broadcasts_are_split(make_site: MakeSite) -> None:
    with make_site("sqlite", SEND_RATE="1000", SEND_BURST="10000", DEBUG="off") as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            room = ada.room("general")["id"]
            for number in range(60):
                await ada.send(
                    {
                        "type": "send",
                        "ref": number,
                        "room": room,
                        "cid": new_cid(),
                        "body": "\x01" * 9_000,
                    }
                )
            for number in range(60):
                assert (await ada.answer(number))["type"] == "ack"
            seqs = await changes_to(bob, 60)
            assert seqs == [*range(1, 61)]


def post(site: Site, head: str, body: bytes) -> bytes:
    """Sends as much of the body as the server accepts. Returns the response."""
    port = site.processes[0].port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            f"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n".encode()
        )
        try:
            for _ in range(200):
                connection.sendall(body)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            return connection.recv(4096)
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("chunked", [False, True])
def test_large_body_is_rejected_before_it_is_read(make_site: MakeSite, chunked: bool) -> None:
    with make_site("sqlite", server="serve") as site:
        before = memory(site.processes[0])
        megabyte = b"x" * 2**20
        if chunked:
            head, body = "Transfer-Encoding: chunked\r\n", b"100000\r\n" + megabyte + b"\r\n"
        else:
            head, body = f"Content-Length: {200 * 2**20}\r\n", megabyte
        answer = post(site, head, body)
        assert answer in {b""} or answer.startswith(b"HTTP/1.1 413")
        assert memory(site.processes[0]) - before < 8 * 2**20
        assert site.get("/accounts/login/")[0] == 200


async def test_sigterm_acks_writes_in_flight_and_sends_bye(
    make_site: MakeSite,
) -> None:
    with make_site(
        "sqlite", server="serve", SEND_RATE="1000", SEND_BURST="10000", DEBUG="off"
    ) as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            room = ada.room("general")["id"]
            cids = [new_cid() for _ in range(150)]
            for number, cid in enumerate(cids):
                await ada.send(
                    {"type": "send", "ref": number, "room": room, "cid": cid, "body": "x"}
                )
                if number == 100:
                    began = time.monotonic()
                    site.processes[0].process.send_signal(signal.SIGTERM)
            for wire in (ada, bob):
                assert 0 <= (await wire.expect("bye"))["after_ms"] <= 5000
                assert await wire.closed() == 1001
            await asyncio.to_thread(site.processes[0].process.wait, 10)
            assert time.monotonic() - began < 10
        acked = {answer["cid"] for answer in ada.answers.values() if answer["type"] == "ack"}
        written = site.run(messages.cids)
        assert acked == set(written), "exactly the written messages were acked"
        assert "Traceback" not in site.processes[0].log.read_text()


async def test_sigterm_right_after_a_connect_is_clean(make_site: MakeSite) -> None:
    with make_site("sqlite", server="serve") as site:
        site.people("ada")
        wires = [site.socket("ada") for _ in range(5)]
        opening = [asyncio.create_task(wire.__aenter__()) for wire in wires]
        await asyncio.sleep(ON_THE_WAY)
        site.processes[0].process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(site.processes[0].process.wait, 10)
        await asyncio.gather(*opening, return_exceptions=True)
        assert site.processes[0].process.returncode == 0
        assert "Traceback" not in site.processes[0].log.read_text()


async def test_sockets_per_person_are_limited(make_site: MakeSite) -> None:
    with make_site("sqlite") as site:
        site.people("ada", "bob")
        wires = [site.socket("ada") for _ in range(MAX_SOCKETS)]
        for wire in wires:
            await wire.__aenter__()
        with pytest.raises(AssertionError, match="4429"):
            await site.socket("ada").__aenter__()
        async with site.socket("bob") as bob:
            assert (await bob.call(type="ping"))["type"] == "pong"
        await wires[0].__aexit__()
        async with site.socket("ada") as again:
            assert (await again.call(type="ping"))["type"] == "pong"
        for wire in wires[1:]:
            await wire.__aexit__()


async def test_flooding_person_is_rate_limited_and_then_closed(make_site: MakeSite) -> None:
    with make_site("sqlite", SEND_RATE="5", SEND_BURST="10") as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            room = ada.room("general")["id"]
            for number in range(20):
                await ada.send({"type": "ping", "ref": number})
            answers = [await ada.answer(number) for number in range(20)]
            assert [answer["type"] for answer in answers[:10]] == ["pong"] * 10
            refused = answers[-1]
            assert refused["code"] == "rate_limited"
            assert 0 < refused["retry_after"] <= 0.2
            await asyncio.sleep(refused["retry_after"] + 0.05)
            assert (await ada.say(room, "patient"))["type"] == "ack"
            assert (await bob.say(room, "somebody else"))["type"] == "ack"
            for _ in range(3):
                for number in range(90):
                    await ada.send({"type": "ping", "ref": number})
                answers = [await ada.answer(number) for number in range(90)]
                await asyncio.sleep(answers[-1]["retry_after"] + 0.05)
                assert (await ada.say(room, "patient again"))["type"] == "ack"
            for number in range(300):
                await ada.send({"type": "ping", "ref": f"more {number}"})
            assert await ada.closed() == 4429
            assert (await bob.call(type="ping"))["type"] == "pong"


def test_what_somebody_may_ask_is_a_setting(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False, SEND_RATE="1", SEND_BURST="30") as site:
        number, wait = site.run(people.ask_at_once)
        assert number == 30
        # At the default rate it would be a twentieth of a second.
        assert 0.5 < wait <= 1


async def test_who_has_more_sockets_may_ask_no_more(make_site: MakeSite) -> None:
    with make_site("sqlite", SEND_RATE="1", SEND_BURST="20") as site:
        site.people("ada")
        async with site.socket("ada") as tab:
            async with site.socket("ada") as ada:
                for _ in range(20):
                    assert (await ada.call(type="ping"))["type"] == "pong"
                assert await refused(tab) > 0
            async with site.socket("ada") as again:
                assert await refused(again) > 0


async def refused(wire: Wire) -> int:
    """Of twenty pings, which take less time than as many tokens."""
    for number in range(20):
        await wire.send({"type": "ping", "ref": number})
    answers = [await wire.answer(number) for number in range(20)]
    return sum(answer.get("code") == "rate_limited" for answer in answers)


def test_server_limits_match_the_protocol() -> None:
    assert server.MAX_MESSAGE == MAX_FRAME


# Seconds after which daphne has logged the failure of an application: it looks every second.
LOGGED = 1.5
# A close frame with the code 4401.
REFUSED = b"\x88\x02" + (4401).to_bytes(2, "big")


def masked(opcode: int, payload: bytes, final: bool = True) -> bytes:
    """Encodes a frame as a client would."""
    head = bytes([opcode | (0x80 if final else 0)])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    else:
        head += b"\xfe" + len(payload).to_bytes(2, "big")
    mask = bytes(random.randrange(256) for _ in range(4))
    return head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


@pytest.mark.parametrize("seed", range(4))
async def test_frames_survive_any_tcp_segmentation(make_site: MakeSite, seed: int) -> None:
    rng = random.Random(seed)
    with make_site("sqlite", server="serve") as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            stream = b""
            kinds: list[str] = []
            for ref in range(40):
                frame = json.dumps({"type": "ping", "ref": ref}).encode()
                kinds.append(rng.choice(["pong", "error"]))
                if kinds[ref] == "error":
                    unknown = {"x": "안녕" * rng.choice([0, 9, 99])}
                    frame = json.dumps({"type": "ping", "ref": ref, **unknown}).encode()
                if rng.random() < 0.2:
                    middle = rng.randrange(1, len(frame) - 1)
                    stream += masked(1, frame[:middle], final=False) + masked(9, b"are you there")
                    stream += masked(0, frame[middle:])
                else:
                    stream += masked(1, frame)
            while stream:
                size = rng.choice([1, 3, 7, 50, 400, 3000])
                ada.connection.transport.write(stream[:size])
                stream = stream[size:]
                await asyncio.sleep(rng.choice([0, 0.001]))
            for ref in range(40):
                # An unknown field is rejected, so its name and its text arrived.
                assert (await ada.answer(ref))["type"] == kinds[ref]


@pytest.mark.parametrize("server", ["daphne", "serve"])
def test_a_socket_that_is_refused_answers_nothing(make_site: MakeSite, server: str) -> None:
    with make_site("sqlite", server=server) as site:
        port = site.processes[0].port
        head = f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {site.url}\r\n"
        head += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        head += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(head.encode())
            said = b""
            while b"\r\n\r\n" not in said:
                said += connection.recv(4096)
            # At once: before the server has asked its database who this is.
            connection.sendall(masked(1, b'{"type":"ping","ref":1}'))
            while REFUSED not in said and (more := connection.recv(4096)):
                said += more
        assert said.partition(b"\r\n\r\n")[2] == REFUSED
        time.sleep(LOGGED)
        assert "Traceback" not in site.processes[0].log.read_text()


@pytest.mark.parametrize("server", ["daphne", "serve"])
def test_client_cannot_choose_where_the_site_is_mounted(make_site: MakeSite, server: str) -> None:
    with make_site("sqlite", server=server) as site:
        site.people("ada")
        request = urllib.request.Request(f"{site.url}/rooms/general/")
        request.add_header("Cookie", f"sessionid={site.keys['ada']}")
        request.add_header("Daphne-Root-Path", "/elsewhere")
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert b"elsewhere" not in answer.read()


async def test_binary_frame_closes_the_socket(make_site: MakeSite) -> None:
    with make_site("sqlite", server="serve") as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            ada.connection.transport.write(masked(1, b"\xff\xfe"))
            assert await ada.closed() in {1006, 1007}
