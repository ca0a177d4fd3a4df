"""`manage.py restore FILE.tar.gz`: restores a backup and resets every client."""

import sqlite3
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from rooms.models import Place
from rooms.upkeep import backup, copying


class Command(BaseCommand):
    help = "Restores a backup, even while servers run (docs/backups.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="a file written by `backup`")
        parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
        parser.add_argument(
            "--new-epoch",
            action="store_true",
            help="only reset every client, after pg_restore",
        )

    def handle(
        self, *args: Any, file: Path | None, yes: bool, new_epoch: bool, **options: Any
    ) -> None:
        if (file is None) != new_epoch:
            raise CommandError("Name a backup file, or give --new-epoch.")
        try:
            if file is None:
                self.stdout.write(f"The epoch is now {Place.new_epoch()}. Every client resets.")
            else:
                self._restore(file, yes)
        except backup.BackupError as problem:
            raise CommandError(f"{problem} Nothing was changed.") from problem
        except copying.Busy as problem:
            raise CommandError(
                "Nothing was changed: another program kept the database locked. Try again."
            ) from problem
        except (OSError, sqlite3.Error, Error) as problem:
            raise CommandError(
                f"The restore failed and the database is unchanged: {problem}"
            ) from problem

    def _restore(self, file: Path, yes: bool) -> None:
        with backup.unpacked(file) as found:
            made, counts = found.manifest.created_at, found.manifest.counts
            what = ", ".join(f"{number:,} {name}" for name, number in counts.items())
            self.stdout.write(f"{file} was made on {made:%Y-%m-%d %H:%M} UTC: {what}.")
            if not yes and not self._agreed():
                raise backup.BackupError("Not restored.")
            done = found.put_back()
        say = self.stdout.write
        say("Restored. Clients reset and resend unacknowledged messages.")
        if done.kept:
            say(f"The previous state is in {done.kept}, a backup to restore or delete.")
        if done.new_key:
            say("The secret key has changed to the backup's. Restart the servers.")

    def _agreed(self) -> bool:
        self.stdout.write(
            f"This replaces all data in {backup.database()}. Continue? [y/N] ", ending=""
        )
        self.stdout.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
