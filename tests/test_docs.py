"""Documentation that cannot drift: what is in the code is in docs/, and the other way round."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from chatsite.environment import Environment
from chatsite.server import bounds
from rooms import protocol
from rooms.conf import Conf, Setting
from rooms.live import consumer, limits
from rooms.log.reacting import MAX_EMOJI
from rooms.polls import log as polls_log
from rooms.polls import protocol as polls
from rooms.protocol import closing
from rooms.protocol.people import PresenceState
from tests.chaos import checker, fault, place
from tests.chaos.faults import FAULTS

ROOT = Path(__file__).resolve().parent.parent
PROTOCOL = (ROOT / "docs/protocol.md").read_text()
RELIABILITY = (ROOT / "docs/reliability.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
EVENTS = {protocol.wire_name(event): event for event in protocol.EVENTS}
PEOPLE = [protocol.Person, protocol.MemberState]


def section(title: str) -> str:
    return PROTOCOL.split(f"## {title}", 1)[1].split("\n## ", 1)[0]


def rows(title: str) -> dict[str, str]:
    """The second column of a section's table, by the name in the first."""
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section(title), re.MULTILINE))


def names(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


def fields(shape: Any, *, optional: bool = True) -> set[str]:
    """On the wire, without `type`."""
    facts = msgspec.structs.fields(shape)
    return {field.encode_name for field in facts if optional or field.required}


def frames() -> Iterator[dict[str, Any]]:
    """Those that the page shows whole, each "…" replaced by something of its kind."""
    blocks = re.findall(r"```json\n(.*?)```", PROTOCOL, re.DOTALL)
    for text in blocks + re.findall(r'`({"type":.*?})`', PROTOCOL):
        text = text.replace('"cid":"…"', '"cid":"00000000-0000-4000-8000-000000000000"')
        text = text.replace('"code":"…"', '"code":"invalid"').replace('"ref":…', '"ref":1')
        yield json.loads(re.sub(r'\[(?:…|the latest page|{["\w,]+})\]', "[]", text))


def test_every_command_and_its_fields_are_documented() -> None:
    documented = rows("Commands")
    assert set(documented) == {protocol.wire_name(command) for command in protocol.COMMANDS}
    for command in protocol.COMMANDS:
        row = documented[protocol.wire_name(command)]
        assert names(row) == fields(command) - {"ref"}, row


def test_every_event_is_documented_with_its_fields_and_their_types() -> None:
    shown = {frame["type"]: set(frame) - {"type"} for frame in frames()}
    told = {name: names(row.split(":")[0]) for name, row in rows("Events").items()}
    told["pong"] = {"ref", *names(section("Commands").split("`pong` with ")[1].split(":")[0])}
    assert shown.keys() | told.keys() == EVENTS.keys()
    for name, documented in [*shown.items(), *told.items()]:
        kind = EVENTS[name]
        assert fields(kind, optional=False) <= documented <= fields(kind), name
        assert fields(kind) - documented <= names(PROTOCOL), name
    for frame in frames():
        # Raises where a type is another one.
        event = msgspec.convert(frame, EVENTS[frame["type"]])
        assert json.loads(protocol.encode(event)) == frame


def test_every_field_of_a_shape_is_documented() -> None:
    """Those that may be absent are named; the others stand in every example, and no more."""
    [message] = next(frame for frame in frames() if frame["type"] == "changes")["messages"]
    [room] = next(frame for frame in frames() if frame["type"] == "hello")["rooms"]
    assert room.keys() == fields(protocol.RoomState, optional=False)
    assert fields(protocol.MessageState, optional=False) < message.keys()
    assert message.keys() < fields(protocol.MessageState)
    assert fields(protocol.MessageState) - message.keys() <= names(PROTOCOL)
    lists = re.findall(r'{((?:"\w+",?)+)}', PROTOCOL)
    assert {frozenset(re.findall(r"\w+", found)) for found in lists} == {
        frozenset(fields(shape) - {"avatar"}) for shape in PEOPLE
    }
    assert {"avatar", "people"} <= names(PROTOCOL)


def of_the_client(name: str) -> int:
    """A constant of the browser's log, in milliseconds."""
    for path in (ROOT / "rooms/static/rooms/js/log").glob("*.js"):
        if found := re.search(rf"^const {name} = ([\d_]+);", path.read_text(), re.MULTILINE):
            return int(found[1])
    raise AssertionError(name)


SAID_OF_THE_PROTOCOL = [
    f"# The wire protocol, version {protocol.PROTOCOL}\n",
    f'"protocol":{protocol.PROTOCOL},"epoch":"…","heartbeat":{protocol.HEARTBEAT},',
    f"`body` (1 to {protocol.MAX_BODY:,} UTF-8 bytes)",
    f"`limit` (1 to 200, default {protocol.PAGE}) | `history`",
    "`limit` (1 to 500) | `members`",
    f"for all my rooms, at most {Conf.REPAIR_EVERY.default:g} s old",
    "(integer or string up to 64 characters)",
    f"a frame has at most {protocol.MAX_FRAME:,} bytes; an id, seq, version or integer `ref` "
    "is at most 2^53 - 1",
    f"`emoji` is one emoji (1 to 32 characters); a message has at most {MAX_EMOJI} different ones",
    f"after {limits.MAX_REFUSED} more commands without waiting it closes the socket with "
    f"{closing.FLOODING}. A user's sockets beyond {limits.MAX_SOCKETS} in one process",
    f"waits up to {of_the_client('HOLE_PATIENCE_MS')} ms for the missing frame",
    f"or more than {protocol.MAX_BEHIND} changes or one frame behind",
    f"A frame to a client has at most {protocol.MAX_EVENT:,} bytes of messages",
    f"| `room`, `person` | for {of_the_client('TYPING_MS') / 1000:g} seconds;",
    f"correct again within {Conf.PRESENCE_LIFETIME.default:g} s",
    f"{closing.NOT_THIS_PROTOCOL} protocol error (five frames in a row",
    f"{closing.TOO_SLOW} reading too slowly ({bounds.MAX_OUTBOUND // 2**20} MiB was waiting)",
    f"{closing.ORDINARY} and {bounds.GOING_AWAY} ordinary",
    f"full-jitter backoff from {of_the_client('BACKOFF_FIRST_MS') / 1000:g} s "
    f"to {of_the_client('BACKOFF_LIMIT_MS') / 1000:g} s",
    f"on every code but\n{closing.FINAL[0]}, {closing.FINAL[1]} and {closing.FINAL[2]},",
    f"database {checker.CONVERGE_WITHIN:g} s after the fault ends",
    f"`choices` ({polls.MIN_CHOICES} to {polls.MAX_CHOICES} different texts of 1 to "
    f"{polls.MAX_CHOICE} characters)",
    f"`messages`: up to {polls.MAX_ASKED} ids",
    f"first {polls.MAX_SHOWN} who voted for a choice",
]
SAID_OF_RELIABILITY = [
    f"{fault.FULL_CLIENTS} clients follow\n",
    "fourth ack is checked on another connection",
    f"equal to the database at most {checker.CONVERGE_WITHIN:g} s after the fault",
    f"back within {checker.SHARE:.0%}".replace("%", " %"),
]


@pytest.mark.parametrize("sentence", SAID_OF_THE_PROTOCOL)
def test_the_protocol_page_says_the_numbers_of_the_code(sentence: str) -> None:
    assert PROTOCOL.count(sentence) == 1


@pytest.mark.parametrize("sentence", SAID_OF_RELIABILITY)
def test_the_page_about_reliability_says_the_numbers_of_the_code(sentence: str) -> None:
    assert RELIABILITY.count(sentence) == 1


def test_numbers_that_a_page_says_in_words() -> None:
    assert consumer.MAX_ALIEN_FRAMES == 5
    assert place.SAMPLE_ACKS == 4
    assert polls_log.SOONEST.total_seconds() == 60
    assert 365 <= polls_log.LATEST.days <= 366


def test_every_error_code_and_state_is_documented() -> None:
    one_of = PROTOCOL.split("`code` one of ")[1].split("`retry_after`")[0]
    assert names(one_of) == set(get_args(protocol.Code))
    states = re.search(r"`{id: (.*?)}`", PROTOCOL)
    assert states
    assert set(re.findall(r"\w+", states[1])) == set(get_args(PresenceState))


def test_every_close_code_is_documented() -> None:
    codes = {c for n, c in vars(closing).items() if n.isupper() and isinstance(c, int)}
    text = section("Opening and closing")
    assert {int(code) for code in re.findall(r"\b(4\d\d\d|1000)\b", text)} == codes


def test_the_fault_that_is_named_is_there() -> None:
    named = re.search(r"--only ([\w-]+) --seed", RELIABILITY)
    assert named
    assert named[1] in {fault.name for fault in FAULTS}


def test_every_setting_is_documented() -> None:
    code = (ROOT / "chatsite/environment.py").read_text()
    used = set(re.findall(r'self\._\w+\("(\w+)"', code))
    assert used == set(re.findall(r"^\| `(\w+)` \|", SETTINGS, re.MULTILINE))
    assert len(used) > 5


def test_every_setting_of_the_app_is_documented_with_its_default() -> None:
    page = (ROOT / "docs/embedding.md").read_text()
    documented = dict(re.findall(r"^\| `(CHAT_\w+)` \| (.+?) \|", page, re.MULTILINE))
    settings = [value for value in vars(Conf).values() if isinstance(value, Setting)]
    assert set(documented) == {setting.name for setting in settings}
    for setting in settings:
        if isinstance(setting.default, float):
            assert documented[setting.name] == f"`{setting.default:g}`"


def test_the_page_about_embedding_quotes_the_site_of_the_tests() -> None:
    site = [*(ROOT / "tests/bare").rglob("*.py"), *(ROOT / "tests/bare").rglob("*.html")]
    code = "".join(path.read_text() for path in site)
    page = (ROOT / "docs/embedding.md").read_text()
    quoted = re.findall(r"```(?:python|html)\n(.*?)```", page, re.DOTALL)
    assert len(quoted) > 5
    for block in quoted:
        assert block in code


def test_the_defaults_of_settings_are_those_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)`", SETTINGS, re.MULTILINE))
    for name in re.findall(r"^\| `(\w+)` \|", SETTINGS, re.MULTILINE):
        monkeypatch.setenv(name, "")  # as good as not set
    ours = Environment(tmp_path)
    data = ours.data_dir()
    urls = ours.chat_urls(ours.port())
    assert data == tmp_path / documented["DATA_DIR"]
    assert data.stat().st_mode & 0o777 == 0o700, "closed to other users of the machine"
    assert ours.port() == int(documented["PORT"])
    assert urls == documented["CHAT_URL"].replace("$PORT", documented["PORT"]).split(",")
    assert documented["DATABASE_URL"] == "sqlite:///$DATA_DIR/chat.sqlite3"
    assert ours.database(data)["NAME"] == str(data / "chat.sqlite3")
    assert ours.trusted_proxies() == int(documented["TRUSTED_PROXIES"])
    assert ours.send_rate() == Conf.SEND_RATE.default == int(documented["SEND_RATE"])
    assert ours.send_burst() == Conf.SEND_BURST.default == int(documented["SEND_BURST"])
    assert ours.debug() is (documented["DEBUG"] == "on")
    assert ours.mail_from("https://chat.example.org:8443") == "chat@chat.example.org"
    assert (ours.redis_url(), ours.email()) == ("", {})
    key = ours.secret_key(data)
    assert len(key) >= 32
    assert (data / "secret_key").read_text() == key == Environment(tmp_path).secret_key(data)


def test_every_command_is_documented() -> None:
    docs = (ROOT / "docs/commands.md").read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = {
        path.stem
        for folder in ("chatsite", "rooms")
        for path in (ROOT / folder).glob("**/management/commands/*.py")
        if path.stem != "__init__"
    }
    assert targets == set(re.findall(r"^\| `make (\w+)`", docs, re.MULTILINE))
    assert commands == set(re.findall(r"^\| `manage.py (\w+)`", docs, re.MULTILINE))


def test_every_direct_dependency_has_its_reason() -> None:
    rows = re.findall(r"^\| (.+?) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    documented = {name.strip() for row in rows for name in row.split(",")} - {"package", "---"}
    direct = {
        re.split(r"[=<>\[]", line)[0]
        for name in ("requirements.in", "requirements-dev.in")
        for line in (ROOT / name).read_text().splitlines()
        if line and not line.startswith(("#", "-"))
    }
    direct |= set(json.loads((ROOT / "package.json").read_text())["devDependencies"])
    direct |= {"lit", "idb", "axe-core"}
    assert documented == direct


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), (page.name, link)
