"""The site's settings with the recording app, and a shorter lease."""

import os

from tests.settings import *  # noqa: F403

INSTALLED_APPS += ["tests.recording.Recording"]  # noqa: F405
CHAT_LEASE = float(os.environ.get("LEASE", "2"))
