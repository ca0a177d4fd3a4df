"""Which sessions a person has, for the page of signed-in devices (allauth.usersessions).

allauth's middleware writes on every request. This one writes when a session was not seen for some
minutes, or not at all: also one that began before there was such a page. When it was seen comes
with the session itself.
"""

import logging
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

logger = logging.getLogger(__name__)

# How old "last seen" may be. The client asks as often (seen.js), so that an open tab counts.
SEEN_EVERY = timedelta(minutes=10)


class DevicesMiddleware(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        if not request.session.session_key or self._was_seen(request.session):
            return
        if not request.user.is_authenticated:
            return
        try:
            UserSession.objects.create_from_request(request)
        except (PermissionDenied, DatabaseError) as problem:
            # No address, or the database is busy: no reason to refuse somebody their page.
            logger.warning("A session could not be noted: %s", problem)

    def _was_seen(self, session: Any) -> bool:
        seen = session.last_seen
        return seen is not None and seen > timezone.now() - SEEN_EVERY
