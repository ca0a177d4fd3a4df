"""An app that follows the log in tests; `settings` is the site's with this app."""

from rooms.capability import Capability


class Recording(Capability):
    name = "tests.recording"
    label = "recording"
    followers = (
        "followers.Recorder",
        "followers.Latecomer",
        "followers.Sleeper",
        "followers.Failer",
        "followers.Doer",
    )
