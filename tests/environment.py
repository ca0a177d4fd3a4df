"""Loaded before Django, so that tests never touch the data folder of this checkout."""

import os
import tempfile

os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="chatsite-test-")
for name in ("DATABASE_URL", "REDIS_URL", "CHAT_URL", "PORT", "SECRET_KEY", "EMAIL_URL"):
    os.environ.pop(name, None)
os.environ["DEBUG"] = "on"
