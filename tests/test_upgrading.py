"""A database of version 0.1, in which the chat spoke of users, becomes one of today."""

import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import MakeSite
from tests.programs import upgrading
from tests.services import wait_until
from tests.site import ROOT, Site


def old(site: Site, messages: int) -> None:
    site.run(upgrading.make_old_tables)
    site.run(upgrading.fill_old_tables, messages)


def require_upgraded(site: Site, messages: int) -> None:
    assert site.manage("migrate", "--check").returncode == 0
    assert site.manage("verify").returncode == 0
    shown = site.run(upgrading.content)
    assert shown["people"] == [
        [7, "ada", "Ada Lovelace", True, 7],
        [8, "Ada-2", "", True, 8],
        [12, "bob", "", False, 12],
        [30, "person", "", True, 30],
    ]
    assert shown["next"] > 30
    assert shown["authors"] == [8, 12, 30, 7]
    assert shown["parts"] == [3, 2, 0]
    assert shown["reacted"] == [[12, "👍"]]
    assert shown["mentioned"] == [8, 8]
    assert shown["members"] == [7, 8, 12, 30]
    assert shown["invitations"] == [["kept", 2, 7]]
    assert shown["messages"] == messages


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_everything_of_before_is_there(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        old(site, 10)
        assert site.manage("migrate").returncode == 0
        require_upgraded(site, 10)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_an_upgrade_that_is_killed_goes_on_at_the_next_start(
    make_site: MakeSite, database: str
) -> None:
    with make_site(database, serve=False) as site:
        old(site, 20_000)
        for seconds in (0.9, 1.1, 1.3, 1.5):
            migrating = subprocess.Popen(
                [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=site.environment
            )
            time.sleep(seconds)
            migrating.send_signal(signal.SIGKILL)
            migrating.wait()
        wait_until(lambda: site.manage("migrate").returncode == 0, "the upgrade")
        require_upgraded(site, 20_000)


def test_the_server_keeps_a_backup_of_before(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False, server="serve") as site:
        old(site, 10)
        site.serve()
        [kept] = site.folder.glob("before-upgrade-*.tar.gz")
        assert str(kept) in site.processes[0].log.read_text()
        require_upgraded(site, 10)
        site.processes[0].restart(signal.SIGTERM)
        assert list(site.folder.glob("before-upgrade-*.tar.gz")) == [kept]
        # It is one like any other, and is brought up to date when it is restored.
        assert site.manage("restore", "--yes", str(kept)).returncode == 0
        assert site.manage("verify").returncode == 0


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_deleted_people_lose_the_name_that_was_in_one_language(
    make_site: MakeSite, database: str
) -> None:
    with make_site(database, serve=False) as site:
        assert site.manage("migrate", "rooms", "0005").returncode == 0
        deleted, other = site.run(upgrading.delete_people_as_before)
        assert site.manage("migrate").returncode == 0
        people = {id: names for id, *names in site.run(upgrading.people)}
        assert people == {deleted: [f"~{deleted}", ""], other: [f"deleted-{other}", "Eve"]}
        assert site.manage("verify").returncode == 0
