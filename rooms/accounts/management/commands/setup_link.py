"""`manage.py setup_link`: the link of the first run."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.urls import reverse

from rooms.accounts.setup import setup_token
from rooms.conf import conf


class Command(BaseCommand):
    help = "Prints the link that sets up an empty place; it works until the first account is made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="say nothing when it is set up")

    def handle(self, *args: Any, quiet: bool, **options: Any) -> None:
        if not get_user_model().objects.exists():
            link = conf.URL + reverse("rooms:setup", args=[setup_token()])
            self.stdout.write(f"Open this link once to set up the chat:\n  {link}")
        elif not quiet:
            self.stdout.write("The chat is set up: its owner can sign in.")
