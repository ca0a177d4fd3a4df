"""Keeps docs/ and the code in sync."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from rooms import protocol
from rooms.live import limits
from rooms.log.reacting import MAX_EMOJI

ROOT = Path(__file__).resolve().parent.parent
PROTOCOL = (ROOT / "docs/protocol.md").read_text()


def wire_name(frame: type) -> str:
    return msgspec.inspect.type_info(frame).tag  # type: ignore[attr-defined]


def section(title: str) -> str:
    return PROTOCOL.split(f"## {title}", 1)[1].split("\n## ", 1)[0]


def test_every_command_and_its_fields_are_documented() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section("Commands"), re.MULTILINE))
    assert set(rows) == {wire_name(command) for command in protocol.COMMANDS}
    for command in protocol.COMMANDS:
        fields = {f.encode_name for f in msgspec.structs.fields(command)} - {"ref"}
        row = rows[wire_name(command)].split(" | ")[0]
        named = set(re.findall(r"`(\w+)`", row))
        assert fields == named, wire_name(command)


def test_every_event_and_its_fields_are_documented() -> None:
    documented = set(re.findall(r'"type":"(\w+)"', PROTOCOL))
    documented |= set(re.findall(r"^\| `(\w+)` \|", section("Events"), re.MULTILINE)) | {"pong"}
    assert documented == {wire_name(event) for event in protocol.EVENTS}
    for event in protocol.EVENTS:
        for field in msgspec.structs.fields(event):
            assert re.search(rf"\b{field.encode_name}\b", PROTOCOL), (event, field.name)


@pytest.mark.parametrize(
    "shape", [protocol.Person, protocol.RoomState, protocol.MessageState, protocol.MemberState]
)
def test_every_field_of_a_shape_is_documented(shape: type) -> None:
    for field in msgspec.structs.fields(shape):
        assert re.search(rf'["`]{field.encode_name}["`]|\b{field.encode_name}\b', PROTOCOL), field


def test_examples_are_valid_frames() -> None:
    hello, changes = re.findall(r"```json\n(.*?)```", PROTOCOL, re.DOTALL)
    cid = "00000000-0000-4000-8000-000000000000"
    for text, kind in ((hello, protocol.Hello), (changes, protocol.Changes)):
        frame = json.loads(text.replace('"cid":"…"', f'"cid":"{cid}"'))
        back = json.loads(protocol.encode(msgspec.convert(frame, kind)))
        assert back == frame


def test_every_error_code_and_bound_is_documented() -> None:
    one_of = PROTOCOL.split("`code` one of ")[1].split("`retry_after`")[0]
    codes = re.findall(r"`(\w+)`", one_of)
    assert set(codes) == set(protocol.Code.__args__)  # type: ignore[attr-defined]
    bounds = [protocol.MAX_BODY, protocol.MAX_FRAME, protocol.MAX_EVENT, protocol.MAX_BEHIND]
    bounds += [MAX_EMOJI, limits.MAX_SOCKETS, limits.MAX_REFUSED]
    for bound in bounds:
        assert f"{bound:,}" in PROTOCOL, bound
    assert f"default {protocol.PAGE})" in PROTOCOL
    assert f'"heartbeat":{protocol.HEARTBEAT},' in PROTOCOL


def test_every_close_code_is_documented() -> None:
    named = vars(protocol.closing).items()
    codes = {code for name, code in named if name.isupper() and isinstance(code, int)}
    documented = re.findall(r"\b(4\d\d\d|1000)\b", section("Opening and closing"))
    assert {int(code) for code in documented} == codes


def test_every_setting_is_documented() -> None:
    code = (ROOT / "chatsite/environment.py").read_text()
    used = set(re.findall(r'self\._\w+\("(\w+)"', code))
    documented = set(
        re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    )
    assert used == documented
    assert len(used) > 5


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


def test_every_direct_dependency_has_a_reason() -> None:
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


def test_links_are_valid() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), (page.name, link)
