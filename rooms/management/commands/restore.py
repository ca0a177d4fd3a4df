"""`manage.py restore FILE.tar.gz`: the state of a backup; every client begins anew."""

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
    help = "Puts a backup back, also while servers run (docs/backups.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="a file that `backup` wrote")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--new-epoch",
            action="store_true",
            help="only let every client begin anew: after pg_restore",
        )

    def handle(
        self, *args: Any, file: Path | None, yes: bool, new_epoch: bool, **options: Any
    ) -> None:
        if (file is None) != new_epoch:
            raise CommandError("Name the file of a backup, or give --new-epoch.")
        try:
            if file is None:
                self.stdout.write(f"The epoch is {Place.new_epoch()} now: every client resets.")
            else:
                self._restore(file, yes)
        except backup.BackupError as problem:
            raise CommandError(f"{problem} Nothing was changed.") from problem
        except copying.Busy as problem:
            raise CommandError(
                "Nothing was changed: somebody held the database all the time. Try again."
            ) from problem
        except (OSError, sqlite3.Error, Error) as problem:
            raise CommandError(
                f"The restore failed, and the database is what it was: {problem}"
            ) from problem

    def _restore(self, file: Path, yes: bool) -> None:
        with backup.unpacked(file) as found:
            made, counts = found.manifest.created_at, found.manifest.counts
            what = ", ".join(f"{number:,} {name}" for name, number in counts.items())
            self.stdout.write(f"{file} is of {made:%Y-%m-%d %H:%M} UTC: {what}.")
            if not yes and not self._agreed():
                raise backup.BackupError("Not restored.")
            done = found.put_back()
        say = self.stdout.write
        say("Restored. Clients reset themselves and send again what was not acknowledged.")
        if done.kept:
            say(f"The state before is {done.kept}: a backup like any other, to restore or delete.")
        if done.new_key:
            say("The backup brought its secret key: restart the servers that run.")

    def _agreed(self) -> bool:
        self.stdout.write(f"It replaces what is in {backup.database()}. Go on? [y/N] ", ending="")
        self.stdout.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
