"""Signed-in devices: noting them, and signing one out. The list is allauth's view.

allauth's own middleware writes on every request. This one writes when a session was not seen for
some minutes, or never; when it was last seen comes with the session itself.
"""

import logging
from datetime import timedelta
from typing import Any

from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from rooms.pages.answers import SignedInRequest, signed_in

logger = logging.getLogger(__name__)

# How old "last seen" may be. The client calls `seen` as often, so that an open tab counts.
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


@require_POST
@signed_in
def end(request: SignedInRequest, session_id: int) -> HttpResponse:
    """Signs out one of the person's devices."""
    session = get_object_or_404(UserSession, pk=session_id, user=request.user)
    end_sessions(request, [session])
    messages.success(request, _("The device was signed out."))
    return redirect("usersessions_list")


@require_safe
@never_cache
def seen(request: HttpRequest) -> HttpResponse:
    """Open tabs call this now and then, so that the middleware updates "last seen"."""
    return HttpResponse(status=204)
