"""The client's own tests, under node, and what holds for its source."""

import re
import runpy
import shutil
import subprocess

from tests.services import missing
from tests.site import ROOT

CSS = ROOT / "rooms/static/rooms/css"
COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch|color)\(", re.IGNORECASE
)


def test_its_modules_keep_what_they_promise() -> None:
    node = shutil.which("node")
    if node is None:
        missing("node")
        raise AssertionError
    tests = sorted((ROOT / "tests/client").glob("*.test.js"))
    assert tests
    run = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout


def test_types_of_frames_are_what_the_protocol_says() -> None:
    made = runpy.run_path(str(ROOT / "bin/frame-types"))
    assert made["TARGET"].read_text() == made["frames"](), "Run bin/frame-types."


def test_colours_are_named_in_one_file() -> None:
    named = [
        f"{path.name}: {line.strip()}"
        for path in sorted(CSS.glob("*.css"))
        if path.name not in {"tokens.css", "admin.css"}  # Django's own variables
        for line in path.read_text().splitlines()
        if COLOUR.search(line)
    ]
    assert named == []
