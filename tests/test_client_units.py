"""The modules of the client that need no browser, tested under node."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.services import missing

TESTS = sorted((Path(__file__).parent / "unit_js").glob("*.test.js"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_under_node(path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        missing("node")
        raise AssertionError
    ran = subprocess.run([node, "--test", path], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "# tests 0" not in ran.stdout
