"""Reads numbers of rooms.conf from the environment: make_site(CHAT_PRESENCE_EVERY="0.5", …)."""

import os

from rooms.conf import Conf
from tests.settings import *  # noqa: F403

for name in vars(Conf):
    if f"CHAT_{name}" in os.environ:
        globals()[f"CHAT_{name}"] = float(os.environ[f"CHAT_{name}"])
