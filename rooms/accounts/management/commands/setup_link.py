"""`manage.py setup_link`: prints the setup link."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.urls import reverse

from rooms.accounts.setup import setup_token
from rooms.conf import conf


class Command(BaseCommand):
    help = "Prints the setup link, which works until the first account is created."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="print nothing if set up")

    def handle(self, *args: Any, quiet: bool, **options: Any) -> None:
        if not get_user_model().objects.exists():
            link = conf.URL + reverse("rooms:setup", args=[setup_token()])
            self.stdout.write(f"Open this link once to set up the chat:\n  {link}")
        elif not quiet:
            self.stdout.write("The chat is already set up. Its owner can sign in.")
