"""`manage.py serve`: prepares everything and runs the server."""

import gc
from argparse import ArgumentParser
from typing import Any

from channels.routing import get_default_application
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from chatsite import server


class Command(BaseCommand):
    help = "Migrates the database, collects static files and serves the site with daphne."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen on")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        try:
            server.require_free(host, port)
        except server.PortTaken as problem:
            raise CommandError(
                f"Port {port} is in use. Stop the other program, or choose another "
                f"port with PORT=8100 (the system says: {problem})."
            ) from problem
        try:
            self._migrate()
        except DatabaseError as problem:
            raise CommandError(
                f"DATABASE_URL: cannot use the database: {str(problem).strip()}"
            ) from problem
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write(self._in_use())
        call_command("setup_link", quiet=True, stdout=self.stdout)
        self.stdout.write(f"Chatsite is running at {settings.CHAT_URL}. Press Ctrl-C to stop.")
        self.stdout.flush()
        chat = server.build(get_default_application(), host, port)
        # Exclude startup objects from garbage collection: a full one would block for 80 ms.
        gc.collect()
        gc.freeze()
        chat.run()

    def _migrate(self) -> None:
        """Migrates the database. Makes a backup first if this changes an existing one."""
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan and executor.loader.applied_migrations and connection.vendor == "sqlite":
            backup = settings.DATA_DIR / f"before-upgrade-{timezone.now():%Y%m%d-%H%M%S}.tar.gz"
            self.stdout.write("Upgrading the database from an older version. Backing it up first:")
            call_command("backup", backup, stdout=self.stdout)
        call_command("migrate", interactive=False, verbosity=0)

    def _in_use(self) -> str:
        layer = "Redis" if settings.REDIS_URL else "in this process (one process only)"
        return f"Database: {connection.display_name}. Channel layer: {layer}."
