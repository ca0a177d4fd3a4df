"""Malformed frames from hypothesis, using the strategies of tests/test_protocol.py."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_protocol import almost, anything

# Valid fields except for one value, to get past the first checks.
numbers = st.integers(-1, 40) | st.sampled_from([0, -1, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 1.5])
words = st.text(max_size=40) | st.sampled_from(["", " ", "\0", "\ud800", "x" * 16_385, "🌊"])
plausible = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["edit", "delete", "react", "read", "typing", "sync", "history", "members", "ping"]
        ),
        "ref": numbers | words,
    },
    optional={
        "room": numbers,
        "message": numbers,
        "seq": numbers,
        "version": numbers,
        "before": numbers,
        "after": numbers,
        "around": numbers,
        "limit": numbers,
        "epoch": words,
        "emoji": words,
        "body": words,
        "on": st.booleans() | numbers,
    },
)
texts = (
    (anything | almost | plausible).map(json.dumps)
    | st.text()
    | st.sampled_from(["", "[" * 5000, "{" * 5000, '{"type":"ping","ref":' + "9" * 5000 + "}"])
)


def frames(number: int) -> list[str]:
    """Returns `number` texts, the same each time."""
    found: list[str] = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(texts)
    def collect(text: str) -> None:
        if all(not 0xD800 <= ord(character) < 0xE000 for character in text):
            found.append(text)

    collect()
    return found
