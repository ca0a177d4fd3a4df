"""A template context processor for allauth's pages."""

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest

from rooms.conf import conf
from rooms.models import Place


def place(request: HttpRequest) -> dict[str, Any]:
    return {
        "place": Place.get(),
        "mail_is_configured": conf.SENDS_MAIL,
        "has_no_accounts": lambda: not get_user_model().objects.exists(),
    }
