"""Backups of a chat on SQLite: its database, uploads and secret key in one file.

Made while people write, and put back while servers run. How to do it: docs/backups.md.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from rooms.conf import conf
from rooms.models import Message, Place, Room
from rooms.upkeep import copying, tarball

User = get_user_model()


class BackupError(Exception):
    """Nothing was changed; `str()` is the sentence for a person."""


def database() -> Path:
    """The file that the chat's database lies in. Raises BackupError where it is no file."""
    if connection.vendor != "sqlite":
        raise BackupError(
            "The database is PostgreSQL: use pg_dump and pg_restore as docs/backups.md says."
        )
    return Path(connection.settings_dict["NAME"])


@contextmanager
def pointed_at(file: Path) -> Iterator[None]:
    """Within it Django's one connection leads to the SQLite database `file`.

    An alias of its own would not do: migrations of others, like allauth's, look at no alias.
    """
    connection.close()
    live = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = str(file)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = live


def _holds_chat(live: Path) -> bool:
    """Whether the tables were made there. Raises copying.Damaged."""
    return live.exists() and Message._meta.db_table in copying.tables(live)


def _secret_key() -> Path:
    return Path(conf.DATA_DIR, tarball.SECRET_KEY)


def _uploads() -> Path | None:
    """The folder of uploads; None where the site has none, which for Django is the text ""."""
    return Path(settings.MEDIA_ROOT) if settings.MEDIA_ROOT else None


def _files_in(folder: Path) -> Iterator[Path]:
    """All files below the folder, which may be missing; links are not followed."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


# Making


def make(file: Path, uploads: Iterable[Path] | None = None) -> tarball.Manifest:
    """Writes the backup `file`, which must not be there: whole, or not at all.

    `uploads` are all, or only these. Raises BackupError, copying.Damaged, OSError, sqlite3.Error.
    """
    live, root = database(), _uploads()
    if not _holds_chat(live):
        raise BackupError(f"There is no chat in {live} yet.")
    if file.exists():
        raise BackupError(f"{file} is there already: give another name, or move it away.")
    if root and file.resolve().is_relative_to(root.resolve()):
        raise BackupError(f"A backup cannot lie in {root}, which is part of it.")
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
        copy, draft = Path(folder, tarball.DATABASE), Path(folder, file.name)
        copying.take(live, copy)
        copying.check(copy)
        manifest = _describe(copy)
        parts = [(tarball.DATABASE, copy), (tarball.SECRET_KEY, _secret_key())]
        # Uploads after the database: what it names is there by then.
        if root:
            for path in _files_in(root) if uploads is None else uploads:
                parts.append((f"{tarball.UPLOADS}/{path.relative_to(root).as_posix()}", path))
        tarball.write(draft, manifest, parts)
        draft.rename(file)
    _sync_folder(file.parent)
    return manifest


def _describe(copy: Path) -> tarball.Manifest:
    with pointed_at(copy):
        # Only counts: a backup before an update has older columns.
        counts = {
            "people": User.objects.count(),
            "rooms": Room.objects.count(),
            "messages": Message.objects.count(),
        }
    return tarball.Manifest(created_at=timezone.now(), counts=counts)


def _sync_folder(folder: Path) -> None:
    """A new name in it survives a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


# Putting back


@contextmanager
def unpacked(file: Path) -> Iterator["Unpacked"]:
    """The backup, read and checked whole. Raises BackupError; nothing was touched by then."""
    database()
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=conf.DATA_DIR) as made:
        folder = Path(made)
        try:
            backup = Unpacked(folder, tarball.unpack(file, folder))
            copying.check(backup.database)
        except tarball.Unsound as problem:
            raise BackupError(f"{file} {problem}.") from problem
        except copying.Damaged as problem:
            raise BackupError(f"The database in {file} is damaged: {problem}.") from problem
        backup.require_known()
        yield backup


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did beside replacing the database."""

    kept: Path | None  # the state before; None where there was none
    new_key: bool  # the backup's secret key is in use from the next start on


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A sound backup in a folder of its own, on the data folder's disk."""

    folder: Path
    manifest: tarball.Manifest

    @property
    def database(self) -> Path:
        return self.folder / tarball.DATABASE

    def require_known(self) -> None:
        """Raises BackupError where the database is newer than this program, or another's."""
        with pointed_at(self.database):
            ours = MigrationLoader(connection)
        applied = set(ours.applied_migrations)
        if ("rooms", "0001_initial") not in applied:
            raise BackupError("This is not the backup of a chat: its database has no rooms.")
        replaced = (
            name for migration in ours.disk_migrations.values() for name in migration.replaces
        )
        newer = applied - set(ours.disk_migrations) - set(replaced)
        if newer := {name for name in newer if name[0] in ours.migrated_apps}:
            raise BackupError(
                "The backup was made by a newer version of this program "
                f"({'.'.join(min(newer))}): update first."
            )

    def put_back(self) -> Restored:
        """Makes it the present state. When anything fails before the end, the old one stays.

        Raises BackupError, copying.Busy, OSError, sqlite3.Error and what a migration raises.
        """
        with pointed_at(self.database):
            call_command("migrate", interactive=False, verbosity=0)
            # Before it goes live: nobody may see the old content under a cursor of today.
            Place.new_epoch()
        live = database()
        uploads = list(self._new_uploads())
        kept = Path(conf.DATA_DIR, f"before-restore-{timezone.now():%Y%m%d-%H%M%S-%f}.tar.gz")

        def first() -> None:
            if filled:
                make(kept, [target for _source, target in uploads if target.exists()])
            for source, target in uploads:
                _place(source, target)
            os.sync()

        try:
            filled = _holds_chat(live)
            copying.put(self.database, live, first)
        except copying.Damaged as problem:
            raise BackupError(
                f"The present database is damaged ({problem}): stop the servers, move {live} and "
                f"its -wal and -shm elsewhere, and restore again."
            ) from problem
        return Restored(kept if filled else None, self._bring_key())

    def _new_uploads(self) -> Iterator[tuple[Path, Path]]:
        """From where to where those go that are not there, or are but with another content."""
        for source in _files_in(self.folder / tarball.UPLOADS):
            target = Path(settings.MEDIA_ROOT) / source.relative_to(self.folder / tarball.UPLOADS)
            if not target.exists() or not cmp(source, target, shallow=False):
                yield source, target

    def _bring_key(self) -> bool:
        """With the key of the machine that it was made on everybody stays signed in."""
        theirs, ours = self.folder / tarball.SECRET_KEY, _secret_key()
        if not theirs.exists() or (ours.exists() and ours.read_bytes() == theirs.read_bytes()):
            return False
        theirs.replace(ours)
        return True


def _place(source: Path, target: Path) -> None:
    """An upload to where it belongs, in one step. None is ever deleted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside it first: the uploads may lie on another disk.
    draft = target.with_name(f".restore-{secrets.token_hex(8)}")
    shutil.move(source, draft)
    draft.replace(target)
