"""Settings: everybody's own, and the owner's of the place."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings as site
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rooms.live.revocation import end_sockets
from rooms.models import Invitation, Place, Profile
from rooms.pages.answers import SignedInRequest
from rooms.pages.forms import InvitationForm, PlaceForm, ProfileForm

User = get_user_model()

PEOPLE_A_PAGE = 50


def require_owner(request: SignedInRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied


@require_GET
@login_required
def settings(request: SignedInRequest) -> HttpResponse:
    return _page(request)


def _page(request: SignedInRequest, status: int = 200, **changed: Any) -> HttpResponse:
    """The page; `changed` holds what an action puts in place of the fresh forms."""
    profile = Profile.objects.filter(user=request.user).first()
    context: dict[str, Any] = {"profile_form": ProfileForm(instance=profile)}
    if request.user.is_superuser:
        text = request.GET.get("q", "").replace("\0", "").strip()[:100]
        people = Profile.search(User.objects.all(), text)
        pages = Paginator(people, PEOPLE_A_PAGE)
        context |= {
            "place_form": PlaceForm(instance=Place.get()),
            "invitation_form": InvitationForm(),
            "invitations": [
                {"invitation": invitation, "link": site.CHAT_URL + invitation.get_absolute_url()}
                for invitation in Invitation.objects.usable()
            ],
            "people": pages.get_page(request.GET.get("page")),
            "q": text,
        }
    return render(request, "rooms/settings.html", context | changed, status=status)


@require_POST
@login_required
def change_profile(request: SignedInRequest) -> HttpResponse:
    profile = Profile.objects.filter(user=request.user).first() or Profile(user=request.user)
    form = ProfileForm(request.POST, instance=profile)
    if not form.is_valid():
        return _page(request, 400, profile_form=form)
    form.save()
    messages.success(request, _("Your name was saved."))
    return redirect("settings")


@require_POST
@login_required
def change_place(request: SignedInRequest) -> HttpResponse:
    require_owner(request)
    form = PlaceForm(request.POST, instance=Place.get())
    if not form.is_valid():
        return _page(request, 400, place_form=form)
    form.save()
    messages.success(request, _("The place was saved."))
    return redirect("settings")


@require_POST
@login_required
def invite(request: SignedInRequest) -> HttpResponse:
    require_owner(request)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, 400, invitation_form=form)
    form.save(request.user)
    messages.success(request, _("The invitation link is ready: copy it below."))
    return redirect("settings")


@require_POST
@login_required
def revoke(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    require_owner(request)
    Invitation.objects.filter(pk=invitation_id).update(revoked_at=timezone.now())
    messages.success(request, _("The link cannot be used any more."))
    return redirect("settings")


@require_POST
@login_required
def reset_link(request: SignedInRequest, user_id: int) -> HttpResponse:
    """Shows a link by which this person chooses a new password."""
    require_owner(request)
    user = get_object_or_404(User, pk=user_id, is_active=True)
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])
    return _page(request, reset_for=user, reset_link=site.CHAT_URL + path)


@require_POST
@login_required
def set_active(request: SignedInRequest, user_id: int, active: bool) -> HttpResponse:
    """Deactivates an account, which ends its sessions, or opens it again."""
    require_owner(request)
    user = get_object_or_404(User, pk=user_id)
    if user == request.user:
        messages.error(request, _("You cannot deactivate your own account."))
    else:
        user.is_active = active
        user.save(update_fields=["is_active"])
        if not active:
            end_sockets(user.pk)
        sentence = _("%(name)s can sign in again.") if active else _("%(name)s was deactivated.")
        messages.success(request, sentence % {"name": user.get_username()})
    return redirect("settings")
