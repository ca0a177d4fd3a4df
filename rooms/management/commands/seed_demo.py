"""`manage.py seed_demo --messages N`: realistic demo data."""

import secrets
from argparse import ArgumentParser, ArgumentTypeError
from random import Random
from time import monotonic
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError

from rooms import capability
from rooms.upkeep import demo


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number of messages")
    return int(text)


class Command(BaseCommand):
    help = (
        "Fills an empty chat with people, rooms and messages to try, show and measure it. "
        "The same seed gives the same data. Refuses if there are messages already."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--messages", type=positive, default=10_000, help="number of messages (10000)"
        )
        parser.add_argument("--seed", type=int, default=1, help="seed of the random data (1)")
        parser.add_argument(
            "--password",
            action="store_true",
            help="let the people sign in with a random password, which is printed",
        )

    def handle(self, *args: Any, messages: int, seed: int, password: bool, **options: Any) -> None:
        begin = monotonic()
        secret = secrets.token_urlsafe(12) if password else None
        try:
            people = demo.make(messages, seed, secret and make_password(secret))
        except demo.NotEmpty as problem:
            raise CommandError(
                "There are messages already. seed_demo only fills an empty chat. "
                "Nothing was changed."
            ) from problem
        for add in capability.all_of("demo"):
            add(Random(seed))
        took = monotonic() - begin
        self.stdout.write(f"{len(people)} people, {messages:,} messages in {took:,.0f} s.")
        first = people[0].handle
        if secret:
            self.stdout.write(f"Sign in as {first}, or any of them, with the password {secret}")
        elif (owner := people[0].user) and owner.is_superuser:
            self.stdout.write(f"Nobody can sign in yet. Run manage.py changepassword {first}.")
