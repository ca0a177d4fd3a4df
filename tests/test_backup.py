"""`manage.py backup` and `restore`: what they promise in docs/backups.md, with real processes."""

import asyncio
import io
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException

from tests.conftest import MakeSite
from tests.programs import messages
from tests.services import missing
from tests.site import COMPARES_SOON, FIRST_LOOK, Site
from tests.wire import Frame, Wire, new_cid

Finished = subprocess.CompletedProcess[str]


async def manage_meanwhile(site: Site, *arguments: str | Path) -> None:
    done = await asyncio.to_thread(site.manage, *arguments)
    assert done.returncode == 0, done.stderr


def backup(site: Site, name: str = "backup.tar.gz") -> Path:
    file = site.folder / name
    made = site.manage("backup", file)
    assert made.returncode == 0, made.stderr
    return file


def restore(site: Site, file: Path) -> Finished:
    done = site.manage("restore", file, "--yes")
    assert done.returncode == 0, done.stderr
    return done


def kept_by(done: Finished) -> Path:
    [kept] = re.findall(r"The previous state is in (\S+tar\.gz),", done.stdout)
    return Path(kept)


def refusal(done: Finished) -> str:
    """The one sentence with which a command ended."""
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    return line


def members(file: Path) -> list[str]:
    with tarfile.open(file) as tar:
        return tar.getnames()


def verify(site: Site) -> int:
    return site.manage("verify").returncode


def upload(site: Site, name: str, content: str) -> Path:
    path = site.folder / "uploads" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_it_works(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        site.run(messages.say, site.ids["ada"], ["one", "two"])
        made = site.manage("backup", site.folder / "b.tar.gz")
        assert re.fullmatch(
            r"\S+b\.tar\.gz: 1 people, 1 rooms, 2 messages; \d\.\d MB\.\n", made.stdout
        )
        assert (site.folder / "b.tar.gz").stat().st_mode & 0o777 == 0o600
        site.run(messages.say, site.ids["ada"], ["three"])
        restore(site, site.folder / "b.tar.gz")
        assert site.run(messages.bodies) == ["one", "two"]
        assert verify(site) == 0
        left = {path.name.partition("-")[0] for path in site.folder.iterdir()}
        assert left <= {"b.tar.gz", "before", "chat.sqlite3"}, "nothing else is left behind"


def test_uploads_come_back_and_none_is_deleted(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        lost, broken = upload(site, "aa/lost", "lost"), upload(site, "broken", "whole")
        (site.folder / "uploads/link").symlink_to("/etc/passwd")
        file = backup(site)
        assert {"uploads/aa/lost", "uploads/broken"} == {
            name for name in members(file) if name.startswith("uploads")
        }
        lost.unlink()
        broken.write_text("broken")
        new = upload(site, "bb/new", "new")
        done = restore(site, file)
        assert (lost.read_text(), broken.read_text(), new.read_text()) == ("lost", "whole", "new")
        restore(site, kept_by(done))
        assert broken.read_text() == "broken", "what was replaced is in the state before"


def test_the_state_before_is_kept_and_can_be_restored(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        site.run(messages.say, site.ids["ada"], ["one"])
        file = backup(site)
        site.run(messages.say, site.ids["ada"], ["two"])
        kept = kept_by(restore(site, file))
        assert site.run(messages.bodies) == ["one"]
        restore(site, kept)
        assert site.run(messages.bodies) == ["one", "two"]


def test_it_asks_and_takes_only_yes(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        file = backup(site)
        site.run(messages.say, site.ids["ada"], ["one"])
        for answer in ("", "what?\n"):
            asked = site.manage("restore", file, answer=answer)
            assert refusal(asked) == "CommandError: Not restored. Nothing was changed."
            assert str(site.folder / "chat.sqlite3") in asked.stdout
            assert site.run(messages.bodies) == ["one"]
        assert site.manage("restore", file, answer="y\n").returncode == 0
        assert site.run(messages.bodies) == []


# While people use it


# Seconds in which every process has compared itself with the database twice, and more.
TWO_LOOKS = 2 * FIRST_LOOK
# Seconds after a restore in which people have come back and talk.
BACK = 1.5


class Speaker:
    """Somebody who says one thing after the other and, like the browser's outbox, says it again
    with the same cid until it is acked."""

    def __init__(self, site: Site, name: str, process: int) -> None:
        self.site, self.name, self.process = site, name, process
        self.acked: dict[str, float] = {}
        self.ending = False

    async def speak(self) -> None:
        cid = new_cid()
        while not self.ending:
            try:
                async with self.site.socket(self.name, self.process) as wire:
                    while not self.ending:
                        answer = await wire.call(type="send", room=1, cid=cid, body=f"hi {cid}")
                        if answer["type"] == "ack":
                            self.acked[cid] = time.monotonic()
                            cid = new_cid()
            except (WebSocketException, AssertionError, KeyError):  # closed, before an answer
                await asyncio.sleep(0.05)


async def spoken(speakers: list[Speaker], number: int) -> None:
    """Returns when so many more messages were acked."""
    enough = number + sum(len(speaker.acked) for speaker in speakers)
    async with asyncio.timeout(20):
        while sum(len(speaker.acked) for speaker in speakers) < enough:
            await asyncio.sleep(0.05)


async def test_a_backup_under_full_speed_is_one_moment_and_holds_nobody(
    make_site: MakeSite,
) -> None:
    unlimited = {"SEND_RATE": "100000", "SEND_BURST": "100000"}
    with (
        make_site("sqlite", processes=2, redis=True, server="serve", **unlimited) as site,
        make_site("sqlite", serve=False) as copy,
    ):
        names = [f"user{n}" for n in range(6)]
        site.people(*names)
        speakers = [Speaker(site, name, n % 2) for n, name in enumerate(names)]
        async with asyncio.TaskGroup() as group:
            for speaker in speakers:
                group.create_task(speaker.speak())
            await spoken(speakers, 100)
            began = time.monotonic()
            await manage_meanwhile(site, "backup", site.folder / "b.tar.gz")
            ended = time.monotonic()
            await spoken(speakers, 10)
            for speaker in speakers:
                speaker.ending = True
        times = sorted(at for speaker in speakers for at in speaker.acked.values())
        meanwhile = [at for at in times if began < at < ended]
        assert len(meanwhile) > 10, "people wrote while it ran"
        longest = max(b - a for a, b in pairwise(meanwhile))
        assert longest < 1, "nobody was held"
        restore(copy, site.folder / "b.tar.gz")
        assert verify(copy) == 0
        saved = set(copy.run(messages.cids))
        before = {cid for s in speakers for cid, at in s.acked.items() if at < began}
        assert before <= saved, "what was acked before is in it"
        assert len(saved) < len(times)


async def begun_anew(wire: Wire) -> None:
    assert (await wire.expect("bye", 5))["after_ms"] < 1000
    assert await wire.closed() == 1000


async def test_a_restore_under_two_servers_resets_every_client_and_an_outbox_arrives_once(
    make_site: MakeSite,
) -> None:
    with make_site("sqlite", processes=2, redis=True, server="serve", **COMPARES_SOON) as site:
        site.people("ada", "bob")
        first: Frame = {"type": "send", "room": 1, "cid": new_cid(), "body": "1st"}
        second: Frame = {"type": "send", "room": 1, "cid": new_cid(), "body": "2nd"}
        async with site.socket("ada", 0) as ada, site.socket("bob", 1) as bob:
            assert (await ada.call(**first))["seq"] == 1
            await asyncio.to_thread(backup, site)
            assert (await ada.call(**second))["seq"] == 2
            await bob.expect("changes", to=2)
            await asyncio.sleep(FIRST_LOOK)
            began = time.monotonic()
            await asyncio.to_thread(restore, site, site.folder / "backup.tar.gz")
            await asyncio.gather(begun_anew(ada), begun_anew(bob))
            assert time.monotonic() - began < 8
        async with site.socket("ada", 0) as ada_again, site.socket("bob", 1) as bob_again:
            epoch = ada_again.hello["epoch"]
            assert epoch == bob_again.hello["epoch"] != ada.hello["epoch"]
            old = ada.hello["epoch"]
            reset = await bob_again.call(type="sync", room=1, version=2, epoch=old)
            assert (reset["type"], reset["epoch"]) == ("reset", epoch)
            assert [message["body"] for message in reset["messages"]] == ["1st"]
            for _again in range(2):
                assert (await ada_again.call(**first))["seq"] == 1
                assert (await ada_again.call(**second))["seq"] == 2
            heard = await bob_again.expect("changes", **{"from": 1, "to": 2})
            assert [message["body"] for message in heard["messages"]] == ["2nd"]
            assert await ada_again.quiet(FIRST_LOOK) == [heard], "nothing else is told, nor closed"
            assert (await ada_again.call(type="ping"))["heads"] == {"1": 2}
        assert site.run(messages.bodies) == ["1st", "2nd"]
        assert verify(site) == 0
        for process in site.processes:
            assert "Traceback" not in process.log.read_text()


async def test_what_is_acked_during_a_restore_is_in_the_state_before_or_after(
    make_site: MakeSite,
) -> None:
    with (
        make_site("sqlite", processes=2, redis=True, server="serve", **COMPARES_SOON) as site,
        make_site("sqlite", serve=False) as before,
    ):
        names = [f"user{n}" for n in range(4)]
        site.people(*names)
        file = backup(site)
        speakers = [Speaker(site, name, n % 2) for n, name in enumerate(names)]
        async with asyncio.TaskGroup() as group:
            for speaker in speakers:
                group.create_task(speaker.speak())
            await spoken(speakers, 100)
            done = await asyncio.to_thread(restore, site, file)
            restored = time.monotonic()
            await asyncio.sleep(TWO_LOOKS)
            for speaker in speakers:
                speaker.ending = True
        assert max(at for s in speakers for at in s.acked.values()) > restored + BACK
        restore(before, kept_by(done))
        assert verify(before) == verify(site) == 0
        old, new = before.run(messages.cids), site.run(messages.cids)
        assert not set(old) & set(new)
        assert len(set(new)) == len(new)
        assert {cid for s in speakers for cid in s.acked} <= {*old, *new}
        for process in site.processes:
            assert "Traceback" not in process.log.read_text()


# Archives that are none

Contents = dict[str, bytes]


def entry(name: str, type: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = type, to
    return made


def pack(file: Path, contents: Contents, *more: tarfile.TarInfo) -> None:
    with tarfile.open(file, "w:gz") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for member in more:
            tar.addfile(member, io.BytesIO(bytes(member.size)))


def changed(contents: Contents, sql: str) -> Contents:
    """The same with another database."""
    file = Path(os.environ["DATA_DIR"], "changed.sqlite3")
    file.write_bytes(contents["chat.sqlite3"])
    with sqlite3.connect(file) as connection:
        connection.execute(sql)
    connection.close()
    return {**contents, "chat.sqlite3": file.read_bytes()}


def without(contents: Contents, name: str) -> Contents:
    return {key: value for key, value in contents.items() if key != name}


def cut(file: Path, contents: Contents) -> None:
    pack(file, contents)
    os.truncate(file, file.stat().st_size * 2 // 3)


def without_end(file: Path, contents: Contents) -> None:
    pack(file, contents)
    os.truncate(file, file.stat().st_size - 1)


def flipped(file: Path, contents: Contents) -> None:
    pack(file, contents)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def half_overwritten(contents: Contents) -> Contents:
    database = bytearray(contents["chat.sqlite3"])
    middle = len(database) // 2
    database[middle : middle + 8192] = bytes(8192)
    return {**contents, "chat.sqlite3": bytes(database)}


NEWER = "INSERT INTO django_migrations (app, name, applied) VALUES ('rooms', '9999_later', '2030')"

UNSOUND: dict[str, tuple[str, Callable[[Path, Contents], object]]] = {
    "empty": ("not a backup, or is truncated", lambda file, _: file.touch()),
    "no archive": (
        "not a backup, or is truncated",
        lambda file, _: file.write_text("hello" * 1000),
    ),
    "cut off": ("not a backup, or is truncated", cut),
    "cut off at the very end": ("not a backup, or is truncated", without_end),
    "one bit wrong": ("not a backup, or is truncated", flipped),
    "of something else": ("holds 'etc/hosts'", lambda f, _: pack(f, {"etc/hosts": b""})),
    "no database": ("no chat.sqlite3", lambda f, c: pack(f, without(c, "chat.sqlite3"))),
    "no manifest": ("no manifest.json", lambda f, c: pack(f, without(c, "manifest.json"))),
    "another format": (
        "unknown kind of manifest.json",
        lambda f, c: pack(f, {**c, "manifest.json": b'{"format": 2}'}),
    ),
    "a database that is none": (
        "is damaged",
        lambda f, c: pack(f, {**c, "chat.sqlite3": b"nonsense" * 5000}),
    ),
    "a damaged database": ("is damaged", lambda f, c: pack(f, half_overwritten(c))),
    "another program's database": (
        "has no rooms",
        lambda f, c: pack(f, changed(c, "DELETE FROM django_migrations")),
    ),
    "of a newer version": ("Upgrade first", lambda f, c: pack(f, changed(c, NEWER))),
    "out of its folder": ("holds '../evil'", lambda f, c: pack(f, {**c, "../evil": b"!"})),
    "out of uploads": (
        "holds 'uploads/../../evil'",
        lambda f, c: pack(f, {**c, "uploads/../../evil": b"!"}),
    ),
    "an absolute path": ("holds '/tmp/evil'", lambda f, c: pack(f, {**c, "/tmp/evil": b"!"})),
    "a link": (
        "not an ordinary file",
        lambda f, c: pack(f, c, entry("uploads/evil", tarfile.SYMTYPE, "/etc/passwd")),
    ),
    "a hard link": (
        "not an ordinary file",
        lambda f, c: pack(f, c, entry("uploads/evil", tarfile.LNKTYPE, "/etc/passwd")),
    ),
    "a device": (
        "not an ordinary file",
        lambda f, c: pack(f, c, entry("uploads/evil", tarfile.CHRTYPE)),
    ),
    "a file twice": ("is in it twice", lambda f, c: pack(f, c, entry("chat.sqlite3"))),
    "a file in a file": (
        "is in it twice",
        lambda f, c: pack(f, {**c, "uploads/a": b"", "uploads/a/b": b""}),
    ),
}


def files(folder: Path) -> Iterable[tuple[str, bytes]]:
    return sorted((str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("what", UNSOUND)
def test_an_archive_that_is_unsound_changes_nothing(
    make_site: MakeSite, migrated_sqlite: Path, tmp_path: Path, what: str
) -> None:
    sentence, make = UNSOUND[what]
    manifest = b'{"format": 1, "created_at": "2026-11-23T01:02:03Z", "counts": {}}'
    contents = {"manifest.json": manifest, "chat.sqlite3": migrated_sqlite.read_bytes()}
    with make_site("sqlite", serve=False) as site:
        file = tmp_path / "unsound.tar.gz"
        make(file, contents)
        around = site.folder.parent / "evil"
        before = files(site.folder)
        said = refusal(site.manage("restore", file, "--yes"))
        assert sentence in said
        assert said.endswith("Nothing was changed.")
        assert files(site.folder) == before
        assert not around.exists()
        assert list(tmp_path.iterdir()) == [file]


def test_the_same_archive_with_nothing_wrong_is_restored(
    make_site: MakeSite, migrated_sqlite: Path, tmp_path: Path
) -> None:
    manifest = b'{"format": 1, "created_at": "2026-11-23T01:02:03Z", "counts": {}}'
    with make_site("sqlite", serve=False) as site:
        contents = {"manifest.json": manifest, "chat.sqlite3": migrated_sqlite.read_bytes()}
        pack(tmp_path / "sound.tar.gz", {**contents, "uploads/a/b": b"!"})
        restore(site, tmp_path / "sound.tar.gz")


# What is refused


def test_a_taken_name_and_a_wrong_place_are_refused(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        taken = upload(site, "../taken.tar.gz", "precious")
        assert "already exists" in refusal(site.manage("backup", taken))
        assert taken.read_text() == "precious"
        assert ".tar.gz" in refusal(site.manage("backup", site.folder / "backup.zip"))
        assert "No backup" in refusal(site.manage("backup", site.folder / "none/b.tar.gz"))
        inside = upload(site, "some", "thing").with_name("b.tar.gz")
        assert "is part of the backup" in refusal(site.manage("backup", inside))
        assert not inside.exists()
        assert "Name a backup file" in refusal(site.manage("restore"))
        assert "Name a backup file" in refusal(site.manage("restore", taken, "--new-epoch"))
        assert "No such file" in refusal(site.manage("restore", site.folder / "none.tar.gz"))


def test_no_chat_makes_no_backup_and_no_database(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        (site.folder / "chat.sqlite3").unlink()
        said = refusal(site.manage("backup", site.folder / "b.tar.gz"))
        assert "There is no chat" in said
        assert list(site.folder.iterdir()) == []


def test_a_damaged_database_is_not_backed_up_nor_overwritten(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        site.run(messages.say, site.ids["ada"], ["one"])
        file = backup(site)
        live = site.folder / "chat.sqlite3"
        for damaged in (
            half_overwritten({"chat.sqlite3": live.read_bytes()})["chat.sqlite3"],
            b"nonsense" * 5000,
        ):
            live.write_bytes(damaged)
            assert "damaged" in refusal(site.manage("backup", site.folder / "again.tar.gz"))
            assert not (site.folder / "again.tar.gz").exists()
            assert f"move {live}" in refusal(site.manage("restore", file, "--yes"))
            assert live.read_bytes() == damaged
        for path in site.folder.glob("chat.sqlite3*"):
            path.unlink()
        assert "The state before" not in restore(site, file).stdout
        assert site.run(messages.bodies) == ["one"]


# Another machine


async def test_on_another_machine_people_stay_signed_in(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False, SECRET_KEY="") as site:
        site.people("ada")
        site.run(messages.say, site.ids["ada"], ["one"])
        file = backup(site)
        with make_site("sqlite", serve=False, SECRET_KEY="") as other:
            for path in other.folder.iterdir():
                path.unlink()
            assert "Restart the servers" in restore(other, file).stdout
            assert (other.folder / "secret_key").stat().st_mode & 0o777 == 0o600
            other.serve()
            other.keys = site.keys
            async with other.socket("ada") as ada:
                page = await ada.call(type="history", room=1)
                assert [message["body"] for message in page["messages"]] == ["one"]
        assert "restart" not in restore(site, file).stdout


# PostgreSQL


def test_on_postgresql_the_page_is_named(make_site: MakeSite) -> None:
    with make_site("postgres", serve=False) as site:
        for command in ("backup", "restore"):
            said = refusal(site.manage(command, site.folder / "b.tar.gz"))
            assert "docs/backups.md" in said


async def test_after_pg_restore_a_new_epoch_resets_every_client(make_site: MakeSite) -> None:
    if not shutil.which("pg_dump"):
        missing("pg_dump")
    with make_site("postgres", processes=2, redis=True, server="serve", **COMPARES_SOON) as site:
        site.people("ada", "bob")
        site.run(messages.say, site.ids["ada"], ["one"])
        url, dump = site.environment["DATABASE_URL"], site.folder / "chat.dump"
        subprocess.run(["pg_dump", "--format=custom", f"--file={dump}", url], check=True)
        site.run(messages.say, site.ids["ada"], ["two"])
        async with site.socket("ada", 0) as ada, site.socket("bob", 1) as bob:
            await asyncio.sleep(FIRST_LOOK)
            arguments = ["--clean", "--if-exists", "--single-transaction", "--no-owner"]
            subprocess.run(["pg_restore", *arguments, f"--dbname={url}", dump], check=True)
            await manage_meanwhile(site, "restore", "--new-epoch")
            await asyncio.gather(begun_anew(ada), begun_anew(bob))
        async with site.socket("ada", 0) as ada_again:
            assert ada_again.hello["epoch"] != ada.hello["epoch"]
            reset = await ada_again.call(type="sync", room=1, version=2, epoch=ada.hello["epoch"])
            assert [message["body"] for message in reset["messages"]] == ["one"]
        assert verify(site) == 0
