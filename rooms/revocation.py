"""Closing sockets whose session or account ended."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from rooms.broadcast import tell_now, user_group


def end_sockets(user_id: int, session_key: str | None = None) -> None:
    """Closes the user's sockets in every process; with a key only those of that session."""
    event = {"type": "session.ended", "session": session_key}
    tell_now([(user_group(user_id), event)])


@receiver(user_logged_out)
def end_sockets_of_session(request: HttpRequest, user: User | None, **_signal: Any) -> None:
    """However somebody signs out, their other tabs end too."""
    if user is not None and request.session.session_key:
        end_sockets(user.pk, request.session.session_key)
