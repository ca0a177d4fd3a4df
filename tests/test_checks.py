"""`manage.py check` names what a site lacks to have the chat in it."""

from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from rooms import checks

WITHOUT_MESSAGES = [name for name in settings.MIDDLEWARE if "messages" not in name]
WITHOUT_SIGN_IN = [name for name in settings.MIDDLEWARE if "Authentication" not in name]
PLAIN_SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "chat.sqlite3"}}
POSTGRES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "chat"}}


def found(**changed: Any) -> list[str | None]:
    with override_settings(**changed):
        return [message.id for message in checks.site_has_what_the_chat_needs(None)]


def test_our_own_site_has_everything() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "ids"),
    [
        ({"CHANNEL_LAYERS": {}}, ["rooms.E002"]),
        ({"ROOT_URLCONF": "django.conf.urls.i18n"}, ["rooms.E003"]),
        ({"MIDDLEWARE": WITHOUT_MESSAGES}, ["rooms.E004"]),
        ({"MIDDLEWARE": WITHOUT_SIGN_IN}, ["rooms.E004"]),
        ({"DATABASES": PLAIN_SQLITE}, ["rooms.W001"]),
        ({"DATABASES": POSTGRES}, []),
    ],
)
def test_what_is_missing_is_named(changed: dict[str, Any], ids: list[str]) -> None:
    assert found(**changed) == ids
