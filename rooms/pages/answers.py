"""JSON answers of the endpoints that the client calls."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from rooms.members import Refused
from rooms.models import Person, Room
from rooms.models.person import NoAccount

STATUS = {"invalid": 400, "forbidden": 403, "not_found": 404, "archived": 409, "conflict": 409}
UNAVAILABLE = 503


class SignedInRequest(HttpRequest):
    """A request from a signed-in person."""

    user: Any  # an instance of the site's AUTH_USER_MODEL
    person: Person


View = Callable[..., HttpResponse]


def for_accounts(view: View) -> View:
    """Like login_required, also for an account that is deleted while its page is made."""

    @login_required
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NoAccount:
            return redirect_to_login(request.get_full_path())

    return page


def signed_in(view: View) -> View:
    """Decorates a view for signed-in people. Redirects others to sign in."""

    @for_accounts
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.person = Person.of(request.user)  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return page


class Invalid(Exception):
    """The form has errors."""

    def __init__(self, form: forms.Form) -> None:
        super().__init__()
        self.errors = form.errors


def json_answer(view: Callable[..., dict]) -> Callable[..., JsonResponse]:
    """Decorates a view that returns JSON, for signed-in people.

    Errors: 400 {"errors": {field: [sentence]}} for a form; 400, 401, 403, 404, 409, 503
    {"detail": sentence}.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        if not request.user.is_authenticated:
            return JsonResponse({"detail": _("You are signed out.")}, status=401)
        try:
            request.person = Person.of(request.user)  # type: ignore[attr-defined]
            return JsonResponse(view(request, *args, **kwargs))
        except NoAccount:
            return JsonResponse({"detail": _("You are signed out.")}, status=401)
        except Invalid as invalid:
            return JsonResponse({"errors": invalid.errors}, status=400)
        except Refused as refused:
            status = STATUS.get(refused.code, UNAVAILABLE)
            return JsonResponse({"detail": str(refused)}, status=status)
        except Http404:
            return JsonResponse({"detail": _("There is no such room.")}, status=404)

    return answer


def cleaned(form: forms.Form) -> dict[str, Any]:
    """The form's data. Raises Invalid."""
    if not form.is_valid():
        raise Invalid(form)
    return form.cleaned_data


def visible_room(request: SignedInRequest, slug: str) -> Room:
    """Raises Http404 for a missing room, and for a private one that the person is not in."""
    if "\0" in slug:
        # PostgreSQL rejects NUL even in a search.
        raise Http404
    return get_object_or_404(Room.objects.visible_to(request.person), slug=slug)


def brief(room: Room) -> dict:
    return {"room": {"id": room.pk, "slug": room.slug}}
