"""The settings page: one's own profile, the place, and sections of other apps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rooms.models import Place
from rooms.pages.answers import SignedInRequest, signed_in
from rooms.pages.forms import PlaceForm, ProfileForm


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: a template and its context."""

    template: str
    context: Callable[[SignedInRequest], dict[str, Any]]


# Apps add theirs in ready().
sections: list[Section] = []


def owns_place(request: SignedInRequest) -> bool:
    return getattr(request.user, "is_superuser", False)


def require_owner(request: SignedInRequest) -> None:
    if not owns_place(request):
        raise PermissionDenied


@require_GET
@signed_in
def settings(request: SignedInRequest) -> HttpResponse:
    return page(request)


def page(request: SignedInRequest, status: int = 200, **changed: Any) -> HttpResponse:
    """Renders the page. `changed` overrides the context, say with a form that has errors."""
    context: dict[str, Any] = {
        "profile_form": ProfileForm(instance=request.person),
        "owns_place": owns_place(request),
        "sections": sections,
    }
    if context["owns_place"]:
        context["place_form"] = PlaceForm(instance=Place.get())
    for section in sections:
        context |= section.context(request)
    return render(request, "rooms/settings.html", context | changed, status=status)


@require_POST
@signed_in
def change_profile(request: SignedInRequest) -> HttpResponse:
    form = ProfileForm(request.POST, instance=request.person)
    if not form.is_valid():
        return page(request, 400, profile_form=form)
    form.save()
    messages.success(request, _("Your name was saved."))
    return redirect("rooms:settings")


@require_POST
@signed_in
def change_place(request: SignedInRequest) -> HttpResponse:
    require_owner(request)
    form = PlaceForm(request.POST, instance=Place.get())
    if not form.is_valid():
        return page(request, 400, place_form=form)
    form.save()
    messages.success(request, _("The place was saved."))
    return redirect("rooms:settings")
