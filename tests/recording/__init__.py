"""An app that follows the log in tests; `settings` is the site's with it."""

from django.apps import AppConfig


class Recording(AppConfig):
    name = "tests.recording"
    followers = (
        "followers.Recorder",
        "followers.Latecomer",
        "followers.Sleeper",
        "followers.Failer",
        "followers.Doer",
    )
