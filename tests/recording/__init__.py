"""An app that follows the log in tests; `settings` is the site's with it."""

from importlib import import_module

from django.apps import AppConfig


class Recording(AppConfig):
    name = "tests.recording"

    @property
    def followers(self) -> list[type]:
        module = import_module("tests.recording.followers")
        return [
            module.Recorder,
            module.Latecomer,
            module.Sleeper,
            module.Failer,
            module.Doer,
        ]
