"""The account sections of the settings page, and their actions."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib import messages
from django.contrib.auth import get_user_model, logout
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rooms.accounts.forms import DeleteAccountForm, InvitationForm
from rooms.accounts.models import Invitation
from rooms.conf import conf
from rooms.live.revocation import end_sockets
from rooms.models import Person
from rooms.pages.answers import SignedInRequest, signed_in
from rooms.pages.settings import owns_place, page, require_owner

User = get_user_model()

PEOPLE_A_PAGE = 50


def section(request: SignedInRequest) -> dict[str, Any]:
    if not owns_place(request):
        return {}
    text = request.GET.get("q", "").replace("\0", "").strip()[:100]
    people = Person.objects.filter(user__isnull=False).search(text).select_related("user")
    return {
        "invitation_form": InvitationForm(),
        "invitations": [
            {
                "invitation": invitation,
                "link": _link(request, invitation.get_absolute_url()),
            }
            for invitation in Invitation.objects.usable()
        ],
        "people": Paginator(people, PEOPLE_A_PAGE).get_page(request.GET.get("page")),
        "q": text,
    }


def _link(request: SignedInRequest, path: str) -> str:
    return conf.URL + path if conf.URL else request.build_absolute_uri(path)


@require_POST
@signed_in
def invite(request: SignedInRequest) -> HttpResponse:
    require_owner(request)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return page(request, 400, invitation_form=form)
    form.save(request.user)
    messages.success(request, _("The invitation link is ready: copy it below."))
    return redirect("rooms:settings")


@require_POST
@signed_in
def revoke(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    require_owner(request)
    Invitation.objects.filter(pk=invitation_id).update(revoked_at=timezone.now())
    messages.success(request, _("The link cannot be used any more."))
    return redirect("rooms:settings")


@require_POST
@signed_in
def reset_link(request: SignedInRequest, person_id: int) -> HttpResponse:
    """Shows a password-reset link for a person."""
    require_owner(request)
    person = get_object_or_404(Person.objects.active(), pk=person_id, user__isnull=False)
    key = default_token_generator.make_token(person.user)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(person.user), key])
    return page(request, reset_for=person, reset_link=_link(request, path))


@require_POST
@signed_in
def set_active(request: SignedInRequest, person_id: int, active: bool) -> HttpResponse:
    """Deactivates an account and ends its sessions, or reactivates it."""
    require_owner(request)
    person = get_object_or_404(Person, pk=person_id, user__isnull=False)
    if person == request.person:
        messages.error(request, _("You cannot deactivate your own account."))
    else:
        assert person.user is not None
        person.user.is_active = active
        person.user.save(update_fields=["is_active"])
        if not active:
            end_sockets(person.pk)
        sentence = _("%(name)s can sign in again.") if active else _("%(name)s was deactivated.")
        messages.success(request, sentence % {"name": person.handle})
    return redirect("rooms:settings")


@require_http_methods(["GET", "POST"])
@signed_in
def delete_account(request: SignedInRequest) -> HttpResponse:
    """Deletes the person's own account. Their messages stay, with or without the name."""
    form = DeleteAccountForm(request.user, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 400 if form.errors else 200
        return render(request, "accounts/delete_account.html", {"form": form}, status=status)
    user = request.user
    with transaction.atomic():
        # Locked, so that two owners cannot both leave at once.
        owners = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
        if user.is_superuser and len(owners) == 1:
            form.add_error(None, _("You are the only owner. Make somebody else an owner first."))
            return render(request, "accounts/delete_account.html", {"form": form}, status=409)
        if form.cleaned_data["forget_name"]:
            request.person.forget_name()
        User.objects.filter(pk=user.pk).delete()
    logout(request)
    messages.success(request, _("Your account was deleted."))
    return redirect("account_login")
