"""Frames: whatever comes in is a command or a clear error, never anything else."""

import json
import math
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from chatsite.server import bounds
from rooms import capability, protocol

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
types = st.sampled_from([command.__name__.lower() for command in protocol.COMMANDS])
FIELDS = sorted({name for command in protocol.COMMANDS for name in command.__struct_fields__})
almost = st.builds(
    lambda kind, fields: {"type": kind, **fields},
    types | st.text(),
    st.dictionaries(st.sampled_from(FIELDS) | st.text(), anything, max_size=8),
)


@given(anything | almost)
def test_any_json_is_a_command_or_an_error(frame: Any) -> None:
    text = json.dumps(frame)
    try:
        command = protocol.parse(text)
    except protocol.BadFrame as bad:
        assert bad.error.code in {"invalid", "too_large"}
        assert bad.error.detail
        protocol.encode(bad.error).encode()
        is_ours = isinstance(frame, dict) and isinstance(frame.get("type"), str)
        if bad.alien:
            assert not is_ours or "NaN" in text or "Infinity" in text
        else:
            assert is_ours
    else:
        assert isinstance(command, protocol.COMMANDS)
        assert "\0" not in getattr(command, "body", "")
        getattr(command, "body", "").encode()


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_command_or_an_error(text: str) -> None:
    try:
        protocol.parse(text)
    except protocol.BadFrame as bad:
        protocol.encode(bad.error)


@given(st.text(min_size=1))
def test_a_good_body_arrives_as_it_was_sent(body: str) -> None:
    frame = {"type": "send", "ref": 1, "room": 1, "cid": "0" * 32, "body": body}
    frame["cid"] = "00000000-0000-4000-8000-000000000000"
    size = len(body.encode("utf-8", "surrogatepass"))
    has_surrogate = any(0xD800 <= ord(character) < 0xE000 for character in body)
    good = body.strip() and "\0" not in body and size <= protocol.MAX_BODY and not has_surrogate
    try:
        command = protocol.parse(json.dumps(frame))
    except protocol.BadFrame as bad:
        assert not good
        assert bad.error.ref == 1
    else:
        assert good
        assert command.body == body  # type: ignore[attr-defined]


@given(st.integers() | st.text())
def test_a_ref_comes_back_as_it_was(ref: int | str) -> None:
    good = (isinstance(ref, int) and abs(ref) < 2**53) or (isinstance(ref, str) and len(ref) <= 64)
    frame = json.dumps({"type": "nonsense", "ref": ref})
    with pytest.raises(protocol.BadFrame) as caught:
        protocol.parse(frame)
    assert caught.value.error.ref == (ref if good else None)


def test_times_are_in_utc_with_milliseconds() -> None:
    seoul = datetime(2026, 11, 23, 10, 2, 3, 456_789, timezone(timedelta(hours=9)))
    assert protocol.time(seoul) == "2026-11-23T01:02:03.456Z"
    assert protocol.time(datetime(2026, 11, 23, 1, 2, 3)) == "2026-11-23T01:02:03.000Z"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_not_json_is_not_read(number: float) -> None:
    with pytest.raises(protocol.BadFrame) as caught:
        protocol.parse(json.dumps({"type": "ping", "ref": number}))
    assert caught.value.alien


@pytest.mark.parametrize("emoji", ["👍", "👍🏽", "❤️", "👨‍👩‍👧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇰🇷", "1️⃣", "‼️", "☕"])
def test_emoji_are_reactions(emoji: str) -> None:
    assert protocol.is_emoji(emoji)


@pytest.mark.parametrize("text", ["a", "1", "가", " ", "👍a", "\u200d", "<b>", "👍\n", "!", "-1"])
def test_words_are_no_reactions(text: str) -> None:
    assert not protocol.is_emoji(text)


class Wave(protocol.Command, frozen=True):
    message: protocol.Number


class Gift(Struct):
    question: str


@pytest.fixture
def gifts() -> Iterator[None]:
    """A server with a capability."""
    protocol.register(commands=[Wave], along={"gift": Gift}, parts={"gift": Gift, "waves": int})
    yield
    capability.install()


FACTS: dict[str, Any] = {
    "id": 1,
    "seq": 1,
    "version": 1,
    "cid": UUID(int=1),
    "body": "",
    "html": "",
    "author": protocol.Person(1, "ada", "Ada"),
    "created_at": "",
}
SEND = {"type": "send", "ref": 1, "room": 1, "cid": "00000000-0000-4000-8000-000000000000"}
LARGEST = 2**53 - 1
# A good frame, a field of it, the largest or smallest value that it takes, and one beyond.
BOUNDS: list[tuple[dict[str, Any], str, Any, Any]] = [
    (SEND, "body", "x" * 16_384, "x" * 16_385),
    (SEND, "body", "가" * 5_461, "가" * 5_462),
    (SEND | {"body": "x"}, "room", LARGEST, LARGEST + 1),
    (SEND | {"body": "x"}, "room", 0, -1),
    ({"type": "edit", "ref": 1, "message": 1}, "body", "x" * 16_384, "x" * 16_385),
    ({"type": "edit", "ref": 1, "message": 1}, "body", "x", " \n"),
    ({"type": "edit", "ref": 1, "message": 1}, "body", "x", "x\0"),
    ({"type": "react", "ref": 1, "message": 1, "on": True}, "emoji", "👍" * 32, "👍" * 33),
    ({"type": "react", "ref": 1, "message": 1, "emoji": "👍"}, "on", True, 1),
    ({"type": "read", "ref": 1, "room": 1}, "seq", LARGEST, LARGEST + 1),
    ({"type": "sync", "ref": 1, "room": 1}, "version", LARGEST, LARGEST + 1),
    ({"type": "history", "ref": 1, "room": 1}, "limit", 1, 0),
    ({"type": "history", "ref": 1, "room": 1}, "limit", 200, 201),
    ({"type": "members", "ref": 1, "room": 1}, "limit", 1, 0),
    ({"type": "members", "ref": 1, "room": 1}, "limit", 500, 501),
    ({"type": "ping"}, "ref", LARGEST, LARGEST + 1),
    ({"type": "ping"}, "ref", -LARGEST, -LARGEST - 1),
    ({"type": "ping"}, "ref", "x" * 64, "x" * 65),
]


@pytest.mark.parametrize(
    ("frame", "field", "at", "beyond"), BOUNDS, ids=lambda value: str(value)[:20]
)
def test_a_bound_is_taken_and_what_is_beyond_it_is_not(
    frame: dict[str, Any], field: str, at: Any, beyond: Any
) -> None:
    command = protocol.parse(json.dumps(frame | {field: at}))
    assert getattr(command, field) == at
    with pytest.raises(protocol.BadFrame):
        protocol.parse(json.dumps(frame | {field: beyond}))


def test_a_frame_of_the_largest_size_is_read() -> None:
    for size, code in ((protocol.MAX_FRAME, "invalid"), (protocol.MAX_FRAME + 1, "too_large")):
        frame = json.dumps({"type": "ping", "ref": 1, "x": ""})
        frame = frame.replace('""', f'"{"y" * (size - len(frame))}"')
        assert len(frame) == size
        with pytest.raises(protocol.BadFrame) as caught:
            protocol.parse(frame)
        assert caught.value.error.code == code


@pytest.mark.usefixtures("gifts")
def test_a_message_with_something_along_needs_no_text() -> None:
    command = protocol.parse(json.dumps({**SEND, "body": "", "gift": {"question": "Tea?"}}))
    assert isinstance(command, protocol.Send)
    assert command.along == {"gift": Gift("Tea?")}
    with pytest.raises(protocol.BadFrame, match="needs some text"):
        protocol.parse(json.dumps({**SEND, "body": ""}))
    with pytest.raises(protocol.BadFrame, match="too long"):
        protocol.parse(json.dumps({**SEND, "body": "x" * 16_385, "gift": {"question": "Tea?"}}))


@pytest.mark.usefixtures("gifts")
def test_commands_and_fields_of_a_capability_are_read_and_written() -> None:
    assert protocol.parse('{"type":"wave","ref":1,"message":7}') == Wave(1, 7)
    shape = protocol.registry.message
    plain = shape(**FACTS)
    asked = shape(**FACTS, gift=Gift("Tea?"))  # type: ignore[call-arg]
    frame = json.loads(protocol.encode(protocol.Changes(1, 0, 1, [plain, asked])))
    assert ["gift" in message for message in frame["messages"]] == [False, True]
    assert frame["messages"][1]["gift"] == {"question": "Tea?"}


@pytest.mark.usefixtures("gifts")
def test_the_size_of_parts_counts() -> None:
    message = protocol.registry.message(
        **FACTS,
        gift=Gift("x" * protocol.MAX_EVENT),  # type: ignore[call-arg]
    )
    assert not protocol.is_small([message])


def test_without_a_capability_its_frames_are_unknown() -> None:
    for frame in ({"type": "wave", "ref": 1, "message": 7}, {**SEND, "body": "x", "gift": None}):
        with pytest.raises(protocol.BadFrame) as caught:
            protocol.parse(json.dumps(frame))
        assert caught.value.error.code == "invalid"


def test_a_site_and_the_protocol_close_slow_sockets_alike() -> None:
    assert bounds.TOO_SLOW == protocol.closing.TOO_SLOW
