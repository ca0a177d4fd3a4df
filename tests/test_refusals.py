"""Whatever is refused says why in the language of the page."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import get_args

import pytest
from django.utils.translation import gettext, override

from rooms.protocol.frames import Code
from tests.conftest import MakeSite
from tests.programs import rooms
from tests.site import ROOT, Site
from tests.wire import Frame, Wire, new_cid

KOREAN = re.compile(r"[^A-Za-z]*[가-힣][^A-Za-z]*")


def refusals() -> Iterator[tuple[str, ast.expr]]:
    """What stands after a code, in every call and tuple of the source, with its place."""
    for path in sorted((ROOT / "rooms").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            parts = getattr(node, "args" if isinstance(node, ast.Call) else "elts", [])
            for code, sentence in pairwise(parts):
                if isinstance(code, ast.Constant) and code.value in get_args(Code):
                    yield f"{path.name}:{sentence.lineno}", sentence


def test_every_refusal_of_the_source_is_there_in_korean() -> None:
    found = list(refusals())
    assert len(found) > 30
    for place, sentence in found:
        if isinstance(sentence, ast.Name | ast.Constant) and not _is_sentence(sentence):
            continue
        assert isinstance(sentence, ast.Call), f"{place}: a sentence that is not marked"
        [text] = [str(part.value) for part in sentence.args if isinstance(part, ast.Constant)]
        with override("ko"):
            assert KOREAN.fullmatch(gettext(text)), f"{place}: {text}"


def _is_sentence(node: ast.Name | ast.Constant) -> bool:
    return isinstance(node, ast.Constant) and " " in str(node.value)


@pytest.fixture
def korean(make_site: MakeSite) -> Iterator[Site]:
    with make_site("sqlite") as site:
        yield site


def in_korean(site: Site, name: str) -> Wire:
    wire = site.socket(name)
    wire.path = "/ws/?language=ko"
    return wire


async def test_a_korean_page_gets_korean(korean: Site) -> None:
    people = korean.people("ada", "bob")
    poll = {"choices": ["a", "b"]}
    send: Frame = {"type": "send", "room": 1, "body": "?"}
    async with korean.socket("ada") as ada, in_korean(korean, "bob") as bob:
        cid = new_cid()
        message = (await ada.call(**send, cid=new_cid(), poll=poll))["id"]
        await bob.call(**send, cid=cid)
        archived = korean.run(rooms.create, people["bob"], "Old")
        korean.run(rooms.archive, archived)
        refused: list[tuple[str, Frame]] = [
            ("invalid", {"type": "edit", "message": "one", "body": "?"}),
            ("invalid", {"type": "nonsense"}),
            ("invalid", {**send, "cid": new_cid(), "body": "\ud800"}),
            ("invalid", {**send, "cid": new_cid(), "body": "\0"}),
            ("invalid", {**send, "cid": new_cid(), "body": " "}),
            ("invalid", {"type": "react", "message": message, "emoji": "a", "on": True}),
            ("invalid", {"type": "history", "room": 1, "before": 1, "after": 1}),
            ("invalid", {"type": "vote", "message": message, "choices": [0, 1]}),
            ("invalid", {"type": "vote", "message": message, "choices": [5]}),
            *(
                ("invalid", {**send, "cid": new_cid(), "poll": poll | wrong})
                for wrong in (
                    {"choices": ["a", ""]},
                    {"choices": ["a", "a"]},
                    {"choices": ["a", "\n"]},
                    {"closes_at": "soon"},
                    {"closes_at": "9999-12-31T23:59:59Z"},
                )
            ),
            ("invalid", {**send, "cid": new_cid(), "body": " ", "poll": poll}),
            ("too_large", {**send, "cid": new_cid(), "body": "x" * 16_385}),
            ("too_large", {**send, "cid": new_cid(), "body": "x" * 65_537}),
            ("not_found", {**send, "cid": new_cid(), "room": 999}),
            ("not_found", {**send, "cid": new_cid(), "reply_to": 999}),
            ("not_found", {"type": "edit", "message": 999, "body": "?"}),
            ("not_found", {"type": "history", "room": 999}),
            ("conflict", {**send, "cid": cid, "body": "another"}),
            ("forbidden", {"type": "edit", "message": message, "body": "?"}),
            ("forbidden", {"type": "delete", "message": message}),
            ("forbidden", {"type": "close", "message": message}),
            ("archived", {**send, "cid": new_cid(), "room": archived}),
        ]
        for code, frame in refused:
            answer = await bob.call(**frame)
            assert answer["code"] == code, frame
            assert KOREAN.fullmatch(answer["detail"]), (frame, answer)
        # Who asks for no language gets the site's.
        assert not KOREAN.search((await ada.call(type="history", room=999))["detail"])


async def test_too_much_at_once_is_refused_in_korean(make_site: MakeSite) -> None:
    with make_site("sqlite", SEND_RATE="1", SEND_BURST="1") as site:
        site.people("ada")
        async with in_korean(site, "ada") as ada:
            await ada.call(type="ping")
            answer = await ada.call(type="ping")
            assert answer["code"] == "rate_limited"
            assert KOREAN.fullmatch(answer["detail"])


@pytest.mark.parametrize("language", ["", "xx", "../ko", "ko" * 100, "%00"])
async def test_a_language_that_is_none_is_the_sites(make_site: MakeSite, language: str) -> None:
    with make_site("sqlite") as site:
        site.people("ada")
        wire = site.socket("ada")
        wire.path = f"/ws/?language={language}"
        async with wire as ada:
            answer = await ada.call(type="history", room=999)
            assert answer["detail"] == "There is no such room."
