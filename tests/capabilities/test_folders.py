"""A capability is a folder and a line of settings: without them, the rest of the product works."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from rooms.polls import protocol
from tests.site import ROOT

LEFT_OUT = (".git", ".venv", "__pycache__", "bench", "data", "node_modules", "polls")
LINE = '    "rooms.polls",\n'
# Two people talk through a real server.
TALKING = "tests/test_socket.py::test_it_works"


def test_people_talk_without_the_folder_of_polls(tmp_path: Path) -> None:
    copy = tmp_path / "product"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    assert not (copy / "rooms/polls").exists()
    settings = copy / "chatsite/settings.py"
    text = settings.read_text()
    assert LINE in text
    settings.write_text(text.replace(LINE, ""))
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=copy,
            env={**ours, "DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": ""},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("manage.py", "check", "--fail-level", "WARNING")
    run("manage.py", "makemigrations", "--check", "--dry-run")
    run("manage.py", "migrate", "-v", "0")
    run("manage.py", "verify")
    assert "1 passed" in run("-m", "pytest", "-p", "no:cacheprovider", f"{TALKING}[sqlite]")


def test_the_page_about_extending_quotes_the_code() -> None:
    code = {".py": "", ".js": ""}
    for path in (ROOT / "rooms/polls").rglob("*"):
        if path.suffix in code:
            code[path.suffix] += path.read_text()
    page = (ROOT / "docs/extending.md").read_text()
    quoted = re.findall(r"```(python|js)\n(.*?)```", page, re.DOTALL)
    assert len(quoted) > 5
    for language, block in quoted:
        for line in filter(None, block.splitlines()):
            assert f"{line}\n" in code[".py" if language == "python" else ".js"], line


def fields(shape: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(shape)} - {"ref"}


def test_every_frame_of_polls_is_documented() -> None:
    """Those fields and no others; what the page shows is a poll as it is sent."""
    section = (ROOT / "docs/protocol.md").read_text().split("## Polls", 1)[1]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \| (?:.*) \|$", section, re.MULTILINE))
    named = {name: set(re.findall(r"`(\w+)`", row)) for name, row in rows.items()}
    assert named == {
        "send": {"poll", *fields(protocol.NewPoll)},
        "vote": fields(protocol.Vote),
        "close": fields(protocol.Close),
        "votes": fields(protocol.Votes),
    }
    shown, rest = re.findall(r"has the field `poll`: `(.*?)`, and (.*?) where", section)[0]
    poll = json.loads(shown)
    assert json.loads(msgspec.json.encode(msgspec.convert(poll, protocol.PollState))) == poll
    assert {*poll, *re.findall(r"`(\w+)`", rest)} == fields(protocol.PollState)
    assert {*poll["choices"][0]} == fields(protocol.ChoiceState)
    [answer] = re.findall(r"`votes` with `(\w+)`", section)
    assert {answer} == fields(protocol.MyVotes)
