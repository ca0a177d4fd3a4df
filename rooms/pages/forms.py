"""What people type, checked."""

import unicodedata
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User as UserType
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rooms import members
from rooms.models import Invitation, Kind, Place, Profile, Role, Room, Signup

User = get_user_model()


def one_line(text: str) -> None:
    """Refuses control characters, line breaks and lone surrogates."""
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        raise ValidationError(_("Control characters and line breaks cannot be used here."))


class LineField(forms.CharField):
    default_validators = [one_line]


def line(label: Any, model: Any, name: str, *, required: bool = True) -> LineField:
    """A field of one line, as long as the model's."""
    return LineField(
        label=label, max_length=model._meta.get_field(name).max_length, required=required
    )


class RoomForm(forms.Form):
    name = line(_("Name"), Room, "name")
    topic = line(_("Topic"), Room, "topic", required=False)


class NewRoomForm(RoomForm):
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[(kind.value, kind.label) for kind in (Kind.PUBLIC, Kind.PRIVATE)]
    )


class ArchiveForm(forms.Form):
    archived = forms.TypedChoiceField(
        choices=[("true", "true"), ("false", "false")], coerce=lambda value: value == "true"
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class PersonForm(forms.Form):
    user = forms.ModelChoiceField(User.objects.filter(is_active=True))


class PeopleField(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError as problem:
            # SQLite has no number as large as one of these ids, so it is nobody's.
            raise ValidationError(_("One of these people is not here any more.")) from problem


class PeopleForm(forms.Form):
    people = PeopleField(User.objects.filter(is_active=True))


class SignupForm(forms.Form):
    """What allauth's sign-up asks for besides the account."""

    name = line(_("Display name"), Profile, "name", required=False)
    name.help_text = _("What others see. You can change it later.")
    field_order = ["username", "name", "email", "password1", "password2"]

    def signup(self, request: HttpRequest, user: UserType) -> None:
        """allauth calls this when the account is there."""
        Profile.objects.update_or_create(user=user, defaults={"name": self.cleaned_data["name"]})
        room = Room.objects.filter(kind=Kind.PUBLIC, archived_at=None).order_by("pk").first()
        if room is not None:
            members.join(user, room)


class SetupForm(forms.Form):
    """The first run: the place and its owner."""

    place = line(_("Name of the place"), Place, "name")
    username = forms.CharField(
        label=_("Username"),
        min_length=2,
        max_length=150,
        validators=[User.username_validator],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    name = line(_("Display name (optional)"), Profile, "name", required=False)
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


class ProfileForm(forms.ModelForm):
    name = line(_("Display name"), Profile, "name", required=False)

    class Meta:
        model = Profile
        fields = ["name"]


class PlaceForm(forms.ModelForm):
    name = line(_("Name of the place"), Place, "name")
    signup = forms.ChoiceField(label=_("Sign-up"), choices=Signup.choices)

    class Meta:
        model = Place
        fields = ["name", "signup"]


class InvitationForm(forms.Form):
    days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=365, initial=7)
    max_uses = forms.IntegerField(
        label=_("Number of uses"),
        min_value=1,
        max_value=10_000,
        required=False,
        help_text=_("Empty: as many as you like."),
    )

    def save(self, by: UserType) -> Invitation:
        return Invitation.objects.create(
            created_by=by,
            expires_at=timezone.now() + timedelta(days=self.cleaned_data["days"]),
            max_uses=self.cleaned_data["max_uses"],
        )
