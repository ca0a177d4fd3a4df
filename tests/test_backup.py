"""The promises of docs/backups.md for `manage.py backup` and `restore`, with real processes."""

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
    """Returns the single sentence with which a command failed."""
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
        assert left <= {"b.tar.gz", "before", "chat.sqlite3"}, "there are no leftovers"


def test_uploads_are_restored_and_none_deleted(make_site: MakeSite) -> None:
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
        assert broken.read_text() == "broken", "the previous state has the replaced file"


def test_previous_state_is_kept_and_can_be_restored(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        site.run(messages.say, site.ids["ada"], ["one"])
        file = backup(site)
        site.run(messages.say, site.ids["ada"], ["two"])
        kept = kept_by(restore(site, file))
        assert site.run(messages.bodies) == ["one"]
        restore(site, kept)
        assert site.run(messages.bodies) == ["one", "two"]


def test_restore_asks_for_confirmation(make_site: MakeSite) -> None:
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


# Under load


# Seconds in which every process has compared itself with the database at least twice.
TWO_LOOKS = 2 * FIRST_LOOK
# Seconds after a restore until people have reconnected and talk.
BACK = 1.5


class Speaker:
    """Sends one message after another. Like the browser's outbox, it resends with the same cid
    until acked."""

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
            except (WebSocketException, AssertionError, KeyError):  # closed before an answer
                await asyncio.sleep(0.05)


async def spoken(speakers: list[Speaker], number: int) -> None:
    """Returns when `number` more messages were acked."""
    enough = number + sum(len(speaker.acked) for speaker in speakers)
    async with asyncio.timeout(20):
        while sum(len(speaker.acked) for speaker in speakers) < enough:
            await asyncio.sleep(0.05)


async def test_backup_under_load_is_consistent_and_blocks_nobody(
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
        assert len(meanwhile) > 10, "messages were written while it ran"
        longest = max(b - a for a, b in pairwise(meanwhile))
        assert longest < 1, "nobody was blocked"
        restore(copy, site.folder / "b.tar.gz")
        assert verify(copy) == 0
        saved = set(copy.run(messages.cids))
        before = {cid for s in speakers for cid, at in s.acked.items() if at < began}
        assert before <= saved, "the backup has everything acked before it"
        assert len(saved) < len(times)


async def begun_anew(wire: Wire) -> None:
    assert (await wire.expect("bye", 5))["after_ms"] < 1000
    assert await wire.closed() == 1000


async def test_restore_under_two_servers_resets_clients_and_keeps_outboxes(
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
            assert await ada_again.quiet(FIRST_LOOK) == [heard], "nothing else is sent or closed"
            assert (await ada_again.call(type="ping"))["heads"] == {"1": 2}
        assert site.run(messages.bodies) == ["1st", "2nd"]
        assert verify(site) == 0
        for process in site.processes:
            assert "Traceback" not in process.log.read_text()


async def test_messages_acked_during_a_restore_are_in_the_old_or_new_state(
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


# Invalid archives

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
    """Returns the contents with a changed database."""
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
    "not an archive": (
        "not a backup, or is truncated",
        lambda file, _: file.write_text("hello" * 1000),
    ),
    "truncated": ("not a backup, or is truncated", cut),
    "truncated at the very end": ("not a backup, or is truncated", without_end),
    "one flipped bit": ("not a backup, or is truncated", flipped),
    "another archive": ("holds 'etc/hosts'", lambda f, _: pack(f, {"etc/hosts": b""})),
    "no database": ("no chat.sqlite3", lambda f, c: pack(f, without(c, "chat.sqlite3"))),
    "no manifest": ("no manifest.json", lambda f, c: pack(f, without(c, "manifest.json"))),
    "another format": (
        "unknown kind of manifest.json",
        lambda f, c: pack(f, {**c, "manifest.json": b'{"format": 2}'}),
    ),
    "not a database": (
        "is damaged",
        lambda f, c: pack(f, {**c, "chat.sqlite3": b"nonsense" * 5000}),
    ),
    "a damaged database": ("is damaged", lambda f, c: pack(f, half_overwritten(c))),
    "another program's database": (
        "has no rooms",
        lambda f, c: pack(f, changed(c, "DELETE FROM django_migrations")),
    ),
    "newer version": ("Upgrade first", lambda f, c: pack(f, changed(c, NEWER))),
    "outside its folder": ("holds '../evil'", lambda f, c: pack(f, {**c, "../evil": b"!"})),
    "outside uploads": (
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
    "duplicate file": ("is in it twice", lambda f, c: pack(f, c, entry("chat.sqlite3"))),
    "file inside a file": (
        "is in it twice",
        lambda f, c: pack(f, {**c, "uploads/a": b"", "uploads/a/b": b""}),
    ),
}


def files(folder: Path) -> Iterable[tuple[str, bytes]]:
    return sorted((str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("what", UNSOUND)
def test_invalid_archive_changes_nothing(
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


def test_valid_archive_is_restored(
    make_site: MakeSite, migrated_sqlite: Path, tmp_path: Path
) -> None:
    manifest = b'{"format": 1, "created_at": "2026-11-23T01:02:03Z", "counts": {}}'
    with make_site("sqlite", serve=False) as site:
        contents = {"manifest.json": manifest, "chat.sqlite3": migrated_sqlite.read_bytes()}
        pack(tmp_path / "sound.tar.gz", {**contents, "uploads/a/b": b"!"})
        restore(site, tmp_path / "sound.tar.gz")


# Refusals


def test_invalid_arguments_are_refused(make_site: MakeSite) -> None:
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


def test_without_a_chat_backup_creates_nothing(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        (site.folder / "chat.sqlite3").unlink()
        said = refusal(site.manage("backup", site.folder / "b.tar.gz"))
        assert "There is no chat" in said
        assert list(site.folder.iterdir()) == []


def test_damaged_database_is_neither_backed_up_nor_replaced(make_site: MakeSite) -> None:
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


async def test_people_stay_signed_in_on_another_machine(make_site: MakeSite) -> None:
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


def test_on_postgresql_the_error_refers_to_the_docs(make_site: MakeSite) -> None:
    with make_site("postgres", serve=False) as site:
        for command in ("backup", "restore"):
            said = refusal(site.manage(command, site.folder / "b.tar.gz"))
            assert "docs/backups.md" in said


async def test_new_epoch_after_pg_restore_resets_every_client(make_site: MakeSite) -> None:
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
