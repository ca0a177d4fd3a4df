"""Forms for accounts."""

from datetime import timedelta
from typing import Any

from allauth.account import forms as allauth
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rooms import members
from rooms.accounts.models import Invitation
from rooms.models import Kind, Person, Place, Room
from rooms.models.person import Account
from rooms.pages.forms import line

User = get_user_model()

# Characters of an email address, the longer of the two; SQLite fails on very long ones.
MAX_LOGIN = 254


class LoginForm(allauth.LoginForm):
    """allauth's form, with a label that names both ways to sign in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username or email")
        self.fields["login"].validators.append(MaxLengthValidator(MAX_LOGIN))
        attributes = self.fields["login"].widget.attrs
        attributes |= {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class SignupForm(forms.Form):
    """Fields that we add to allauth's sign-up."""

    name = line(_("Display name"), Person, "name", required=False)
    name.help_text = _("What others see. You can change it later.")
    field_order = ["username", "name", "email", "password1", "password2"]

    def signup(self, request: HttpRequest, user: Account) -> None:
        """allauth calls this after it has created the account."""
        person = Person.of(user)
        person.name = self.cleaned_data["name"]
        person.save(update_fields=["name"])
        room = Room.objects.filter(kind=Kind.PUBLIC, archived_at=None).order_by("pk").first()
        if room is not None:
            members.join(person, room)


class SetupForm(forms.Form):
    """The first run: names the place and creates its owner."""

    place = line(_("Name of the place"), Place, "name")
    username = forms.CharField(
        label=_("Username"),
        min_length=2,
        max_length=150,
        validators=[User.username_validator],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    name = line(_("Display name (optional)"), Person, "name", required=False)
    email = forms.EmailField(
        label=_("Email (optional)"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            user = User(username=data.get("username", ""), email=data.get("email", ""))
            try:
                validate_password(password, user)
            except ValidationError as problem:
                self.add_error("password", problem)
        return data


class InvitationForm(forms.Form):
    days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=365, initial=7)
    max_uses = forms.IntegerField(
        label=_("Number of uses"),
        min_value=1,
        max_value=10_000,
        required=False,
        help_text=_("Empty: as many as you like."),
    )

    def save(self, by: Account) -> Invitation:
        return Invitation.objects.create(
            created_by=by,
            expires_at=timezone.now() + timedelta(days=self.cleaned_data["days"]),
            max_uses=self.cleaned_data["max_uses"],
        )


class DeleteAccountForm(forms.Form):
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    forget_name = forms.BooleanField(
        label=_("Remove my name too"),
        required=False,
        help_text=_("Your messages stay, as those of a deleted person."),
    )

    def __init__(self, user: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError(_("This is not your password."))
        return password
