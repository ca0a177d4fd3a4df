"""The first run: the link from the terminal names the place and creates its owner."""

from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import User as UserType
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.http import require_http_methods

from rooms import members
from rooms.accounts.forms import SetupForm
from rooms.models import Person, Place

User = get_user_model()


def setup_token() -> str:
    """Valid until the database has a user. Derived, so nothing is stored."""
    return salted_hmac("rooms.setup", str(Place.get().epoch), algorithm="sha256").hexdigest()[:40]


@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    if User.objects.exists() or not constant_time_compare(token, setup_token()):
        raise Http404
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _found(form.cleaned_data)
        login(request, user, "allauth.account.auth_backends.AuthenticationBackend")
        return redirect("rooms:home")
    return render(request, "accounts/setup.html", {"form": form})


@transaction.atomic
def _found(data: dict) -> UserType:
    """Sets up the place and its owner. Raises Http404 if somebody else was faster."""
    place = Place.objects.select_for_update().get(pk=1)
    if User.objects.exists():
        raise Http404
    place.name = data["place"]
    place.save(update_fields=["name"])
    user = User.objects.create_superuser(data["username"], data["email"], data["password"])
    person = Person.of(user)
    person.name = data["name"]
    person.save(update_fields=["name"])
    room = members.create_general()
    members.add_member(None, room, person, "owner")
    return user
