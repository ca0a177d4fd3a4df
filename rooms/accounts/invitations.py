"""Opening an invitation link."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from rooms.accounts.adapter import INVITATION
from rooms.accounts.models import Invitation
from rooms.models import Place, Signup


@require_GET
def join_place(request: HttpRequest, token: str) -> HttpResponse:
    """Remembers the link in the session for the sign-up."""
    if request.user.is_authenticated:
        return redirect("rooms:home")
    # PostgreSQL rejects NUL even in a search.
    usable = "\0" not in token and Invitation.objects.usable().filter(token=token).exists()
    if not usable or Place.get().signup == Signup.CLOSED:
        return render(request, "accounts/invitation_gone.html", status=410)
    request.session[INVITATION] = token
    return redirect("account_signup")
