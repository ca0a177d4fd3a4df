"""`manage.py backup FILE.tar.gz`: all data in one file."""

import sqlite3
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from rooms.upkeep import backup, copying


class Command(BaseCommand):
    help = "Backs up a chat on SQLite while people use it (docs/backups.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a new file ending in .tar.gz")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if not file.name.endswith(".tar.gz"):
            raise CommandError(f"The file name must end in .tar.gz. Did you mean {file}.tar.gz?")
        try:
            made = backup.make(file)
        except backup.BackupError as problem:
            raise CommandError(str(problem)) from problem
        except copying.Damaged as problem:
            raise CommandError(
                f"The database is damaged, so no backup was written: {problem}"
            ) from problem
        except (OSError, sqlite3.Error, Error) as problem:
            raise CommandError(f"No backup was written: {problem}") from problem
        what = ", ".join(f"{number:,} {name}" for name, number in made.counts.items())
        size = file.stat().st_size / 1_000_000
        self.stdout.write(f"{file}: {what}; {size:,.1f} MB.")
