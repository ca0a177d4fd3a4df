"""The site of tests/bare as it runs for real, served by the server of its choice."""

import os
import shutil
import signal
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import forkserver
from tests.programs import embedding
from tests.services import answers, free_port, wait_until
from tests.site import DAPHNE, P, Program, returned, start
from tests.wire import Wire

UVICORN = str(Path(sys.executable).with_name("uvicorn"))
APPLICATION = "tests.bare.asgi:application"
CSRF_TOKEN = "a" * 32
SERVERS = ["daphne", "uvicorn"]


class Embedded:
    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url.replace("FOLDER", str(folder)),
            "CHAT_DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "tests.bare.settings",
        }

    def manage(self, *words: str) -> str:
        """What `django-admin …` prints. Raises CalledProcessError."""
        done = forkserver.run(["-m", "django", *words], env=self.environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, program: Program[P], *args: P.args, **kwargs: P.kwargs) -> Any:
        return returned(start(program, self.environment, *args, **kwargs))

    @contextmanager
    def served(self, server: str) -> Iterator[str]:
        """Serves the site; its address."""
        port = free_port()
        command = {
            "daphne": [DAPHNE, "-p", str(port), "-v", "0", APPLICATION],
            "uvicorn": [UVICORN, "--port", str(port), "--log-level", "warning", APPLICATION],
        }[server]
        with (self.folder / "log").open("w+") as log:
            process = forkserver.Process(command, env=self.environment, stdout=log, stderr=log)
            try:
                wait_until(lambda: process.poll() is not None or answers(port), server)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
                log.seek(0)
                said = log.read()
            assert "Traceback" not in said, said

    def socket(self, url: str, email: str) -> Wire:
        return Wire(url, self.run(embedding.session_of, email), path="/chat/ws/")

    def page(self, url: str, path: str, email: str) -> str:
        return self._ask(urllib.request.Request(url + path), email)

    def post(self, url: str, path: str, email: str) -> str:
        return self._ask(urllib.request.Request(url + path, method="POST"), email)

    def _ask(self, request: urllib.request.Request, email: str) -> str:
        key = self.run(embedding.session_of, email)
        request.add_header("Cookie", f"sessionid={key}; csrftoken={CSRF_TOKEN}")
        request.add_header("X-CSRFToken", CSRF_TOKEN)
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.read().decode()


@contextmanager
def embedded(database_url: str = "sqlite:///FOLDER/site.sqlite3") -> Iterator[Embedded]:
    folder = Path(tempfile.mkdtemp(prefix="embedded-"))
    try:
        yield Embedded(folder, database_url)
    finally:
        shutil.rmtree(folder)
