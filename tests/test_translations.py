"""Every string in the source has a Korean translation, and the catalogues are compiled."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext

from tests.services import missing
from tests.site import ROOT

CATALOGUES = Path("rooms/locale/ko/LC_MESSAGES")
DOMAINS = ["django", "djangojs"]


# The shared fixtures take seconds.
pytestmark = pytest.mark.xdist_group("translations")


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    if not (shutil.which("xgettext") and shutil.which("msgfmt")):
        missing("gettext")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogues as makemessages would leave them, in a copy of the source."""
    copy = tmp_path_factory.mktemp("source")
    for folder in ("chatsite", "rooms", "templates"):
        shutil.copytree(
            ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("vendor", "__pycache__")
        )
    shutil.copy(ROOT / "manage.py", copy)
    for domain in DOMAINS:
        subprocess.run(
            [
                *(sys.executable, "manage.py", "makemessages", "-l", "ko", "-d", domain),
                *("--no-obsolete", "--no-wrap", "--add-location", "file"),
            ],
            cwd=copy,
            env={
                **os.environ,
                "DATA_DIR": str(copy / "data"),
                "DJANGO_SETTINGS_MODULE": "chatsite.settings",
            },
            check=True,
            capture_output=True,
        )
    return copy / CATALOGUES


def _listed(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _sentences(catalogue: Path, *which: str) -> set[str]:
    """The msgids of a catalogue, without the header's empty one."""
    text = _listed("msgattrib", "--no-wrap", "--no-obsolete", *which, catalogue)
    return {
        "".join(ast.literal_eval(line) for line in lines.split("\n") if line)
        for lines in re.findall(r'^msgid ((?:".*"\n)+)', text + "\n", re.MULTILINE)
    } - {""}


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_string_is_translated(domain: str, extracted: Path) -> None:
    new = extracted / f"{domain}.po"
    assert len(_sentences(new)) > 100
    assert _sentences(new, "--untranslated") == set()
    assert _sentences(new, "--only-fuzzy") == set()


@pytest.mark.parametrize("domain", DOMAINS)
def test_catalogue_matches_the_source(domain: str, extracted: Path) -> None:
    assert _sentences(ROOT / CATALOGUES / f"{domain}.po") == _sentences(extracted / f"{domain}.po")


@pytest.mark.parametrize("domain", DOMAINS)
def test_compiled_catalogue_is_current(domain: str, tmp_path: Path) -> None:
    catalogue = ROOT / CATALOGUES / f"{domain}.po"
    compiled = tmp_path / "compiled.mo"
    subprocess.run(["msgfmt", "--check", "-o", compiled, catalogue], check=True)
    committed = _listed("msgunfmt", "--sort-output", catalogue.with_suffix(".mo"))
    assert committed == _listed("msgunfmt", "--sort-output", compiled)


# Messages that come from allauth and Django.
OF_OTHERS = [
    "Password",
    "Current Password",
    "New Password",
    "The username and/or password you specified are not correct.",
    "The email address and/or password you specified are not correct.",
    "Too many failed login attempts. Try again later.",
    "A user with that username already exists.",
    "A user is already registered with this email address.",
    "Please type your current password.",
    "Password successfully changed.",
    "You have signed out.",
    "This field is required.",
    "This password is too common.",
    "Null characters are not allowed.",
]


@pytest.mark.parametrize("sentence", OF_OTHERS)
def test_library_messages_are_translated(sentence: str) -> None:
    with translation.override("ko"):
        assert re.search("[가-힣]", gettext(sentence))
