"""Forms of the conversation's pages."""

import unicodedata
from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy as _

from rooms.models import Kind, Person, Place, Role, Room, Signup, fold
from rooms.models.person import HANDLE


def one_line(text: str) -> None:
    """Refuses control characters, line breaks and lone surrogates."""
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        raise ValidationError(_("Control characters and line breaks cannot be used here."))


class FieldRenderer(DjangoTemplates):
    """Renders forms with the chat's own templates, whatever the site's FORM_RENDERER is."""

    form_template_name = "rooms/form.html"
    field_template_name = "rooms/field.html"


class LineField(forms.CharField):
    default_validators = [one_line]


def line(label: Any, model: Any, name: str, *, required: bool = True) -> LineField:
    """A one-line field with the length limit of the model's field."""
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
    person = forms.ModelChoiceField(Person.objects.active())


class PeopleField(forms.ModelMultipleChoiceField):
    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError as problem:
            # No person has an id above SQLite's largest integer.
            raise ValidationError(_("One of these people is no longer here.")) from problem


class PeopleForm(forms.Form):
    people = PeopleField(Person.objects.active())


class PersonFactsForm(forms.ModelForm):
    """What an administrator may change about a person."""

    class Meta:
        model = Person
        fields = ["handle", "name"]

    def clean_handle(self) -> str:
        handle = self.cleaned_data["handle"]
        if not HANDLE.fullmatch(handle):
            raise ValidationError(_("A handle has letters, digits, and . + - _ only."))
        others = Person.objects.exclude(pk=self.instance.pk)
        if others.filter(folded=fold(handle)).exists():
            raise ValidationError(_("Somebody else has this handle."))
        return handle

    def clean_name(self) -> str:
        one_line(self.cleaned_data["name"])
        return self.cleaned_data["name"]


class ProfileForm(forms.ModelForm):
    default_renderer = FieldRenderer
    name = line(_("Display name"), Person, "name", required=False)

    class Meta:
        model = Person
        fields = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Both forms of the settings page have a name.
        super().__init__(*args, **kwargs)
        self.auto_id = "profile-%s"


class PlaceForm(forms.ModelForm):
    default_renderer = FieldRenderer
    name = line(_("Name of the place"), Place, "name")
    signup = forms.ChoiceField(label=_("Sign-up"), choices=Signup.choices)

    class Meta:
        model = Place
        fields = ["name", "signup"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "place-%s"
        if not apps.is_installed("rooms.accounts"):
            del self.fields["signup"]
