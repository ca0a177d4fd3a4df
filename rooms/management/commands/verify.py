"""`manage.py verify`: checks the integrity of the log."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from rooms.database.moments import one_moment
from rooms.models import Message, Room
from rooms.upkeep import integrity


class Command(BaseCommand):
    help = (
        "Checks the integrity of the log, read-only. "
        "Exit code 0: no problem; 1: problems, one per line; 2: the database cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="print only problems")

    def handle(self, *args: Any, quiet: bool, **options: Any) -> None:
        found = 0
        try:
            with one_moment():
                for problem in integrity.problems():
                    found += 1
                    self.stdout.write(problem)
                looked_at = f"{Room.objects.count():,} rooms, {Message.objects.count():,} messages"
        except DatabaseError as problem:
            self.stderr.write(f"DATABASE_URL: the database cannot be read: {str(problem).strip()}")
            sys.exit(2)
        if not quiet:
            self.stdout.write(f"{looked_at}: {found or 'no'} problem{'s' * (found != 1)}.")
        if found:
            sys.exit(1)
