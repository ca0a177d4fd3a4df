"""Signed-in devices. The list itself is allauth's view with our template."""

from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from rooms.pages.answers import SignedInRequest, signed_in


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
