"""The site's settings, adapted for fast tests. All processes of the tests use them."""

import os

from chatsite.settings import *  # noqa: F403

# Signing in upgrades hashes of another hasher, which ends the account's other sessions. So the
# site itself must use cheap hashes.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if "STATIC_IS_COLLECTED" in os.environ:
    STORAGES["staticfiles"] = {"BACKEND": "tests.settings.collected.Collected"}  # noqa: F405

# Tests can shorten intervals of their site: CHAT_REPAIR_EVERY="0.3".
for _name, _value in os.environ.items():
    if _name.startswith("CHAT_") and _name != "CHAT_URL":
        globals()[_name] = float(_value)
