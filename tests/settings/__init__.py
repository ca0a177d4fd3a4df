"""The site's settings with what makes tests quick. Every process of the tests uses them."""

import os

from chatsite.settings import *  # noqa: F403

# A sign-in upgrades a hash that another hasher made, and so ends the account's other sessions:
# cheap passwords must be the site's own.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if "STATIC_IS_COLLECTED" in os.environ:
    STORAGES["staticfiles"] = {"BACKEND": "tests.settings.collected.Collected"}  # noqa: F405

# What a test would only wait for may be shorter in its site: CHAT_REPAIR_EVERY="0.3".
for _name, _value in os.environ.items():
    if _name.startswith("CHAT_") and _name != "CHAT_URL":
        globals()[_name] = float(_value)
