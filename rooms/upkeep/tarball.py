"""The file of a backup, a .tar.gz. Reading it assumes a hostile author.

    manifest.json   when it was made, and how much it contains
    chat.sqlite3    the database
    secret_key      if the data folder has one
    uploads/…       as in the data folder

This module does not know the content of these files.
"""

import gzip
import io
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Literal

import msgspec

MANIFEST, DATABASE, SECRET_KEY, UPLOADS = "manifest.json", "chat.sqlite3", "secret_key", "uploads"

# gzip's levels 1 and 6 compressed a database of 60 MB to 39 and 38 %, in 0.65 and 1.5 s.
COMPRESSION = 1
# Bytes per read.
CHUNK = 1024 * 1024
# Errors from reading; the last two come from impossible sizes.
BROKEN = (
    *(EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError),
    *(ValueError, OverflowError),
)


class Manifest(msgspec.Struct, kw_only=True):
    """What a backup says about itself. A different `format` means a different archive layout."""

    format: Literal[1] = 1
    created_at: datetime
    counts: dict[str, int]


class Unsound(Exception):
    """Not a complete backup. `str()` continues a sentence after its name: "is not a backup"."""


def write(file: Path, manifest: Manifest, parts: Iterable[tuple[str, Path]]) -> None:
    """Writes a new file, synced to disk: the manifest, then `parts`, as names and paths."""

    def add(name: str, part: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size, manifest.created_at.timestamp(), 0o600
        tar.addfile(member, part)

    with file.open("xb") as raw:
        os.fchmod(raw.fileno(), 0o600)
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=COMPRESSION) as tar:
            text = msgspec.json.format(msgspec.json.encode(manifest))
            add(MANIFEST, io.BytesIO(text), len(text))
            for name, path in parts:
                # An upload may have been deleted since its folder was listed.
                with suppress(FileNotFoundError), path.open("rb") as part:
                    add(name, part, os.fstat(part.fileno()).st_size)
        raw.flush()
        os.fsync(raw.fileno())


def unpack(file: Path, folder: Path) -> Manifest:
    """Reads the whole file and unpacks it into the empty `folder`. Raises Unsound.

    Never writes outside `folder`, whatever the archive contains.
    """
    try:
        with gzip.open(file) as stream:
            with tarfile.open(fileobj=stream, mode="r:") as tar:
                for member in tar:
                    _unpack(tar, member, folder)
            # Read to the end, where the checksum is.
            while stream.read(CHUNK):
                pass
    except BROKEN as problem:
        raise Unsound("is not a backup, or is truncated or damaged") from problem
    for needed in (MANIFEST, DATABASE):
        if not Path(folder, needed).exists():
            raise Unsound(f"is not a backup: it has no {needed}")
    try:
        return msgspec.json.decode(Path(folder, MANIFEST).read_bytes(), type=Manifest)
    except msgspec.DecodeError as problem:
        raise Unsound(f"has an unknown kind of {MANIFEST}: {problem}") from problem


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    path = PurePosixPath(member.name)
    if not (
        str(path) == member.name
        and (path.parts[0] == UPLOADS or member.name in (MANIFEST, DATABASE, SECRET_KEY))
        and ".." not in path.parts
        and "\0" not in member.name
    ):
        raise Unsound(f"is not a backup: it holds {member.name!r}")
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise Unsound(f"is not a backup: {member.name!r} in it is not an ordinary file")
    source = tar.extractfile(member)
    assert source is not None
    try:
        Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
        with Path(folder, path).open("xb") as copy:
            os.fchmod(copy.fileno(), 0o600)
            shutil.copyfileobj(source, copy, CHUNK)
    except (FileExistsError, NotADirectoryError) as problem:
        raise Unsound(f"is not a backup: {member.name!r} is in it twice") from problem
