"""Client modules that need no browser, under node, and rules for the client's source."""

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.services import missing
from tests.site import ROOT

TESTS = sorted((ROOT / "tests/unit_js").glob("*.test.js"))
CSS = ROOT / "rooms/static/rooms/css"
COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch|color)\(", re.IGNORECASE
)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_under_node(path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        missing("node")
        raise AssertionError
    ran = subprocess.run([node, "--test", path], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# tests 0" not in ran.stdout


def test_frame_types_match_the_protocol() -> None:
    made = runpy.run_path(str(ROOT / "bin/frame-types"))
    assert made["TARGET"].read_text() == made["frames"](), "Run bin/frame-types."


def test_colours_are_defined_in_one_file() -> None:
    named = [
        f"{path.name}: {line.strip()}"
        for path in sorted(CSS.glob("*.css"))
        if path.name not in {"tokens.css", "admin.css"}  # Django's own variables
        for line in path.read_text().splitlines()
        if COLOUR.search(line)
    ]
    assert named == []
