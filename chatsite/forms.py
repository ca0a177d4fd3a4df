"""How form fields look on every page."""

from typing import Any

from allauth.account import forms as allauth
from django.core.validators import MaxLengthValidator
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

# Characters of an email address, the longer of the two; SQLite fails on very long ones.
MAX_LOGIN = 254


class FieldRenderer(TemplatesSetting):
    """`{{ form }}` and `{{ field.as_field_group }}` by this site's templates."""

    form_template_name = "form.html"
    field_template_name = "field.html"


class LoginForm(allauth.LoginForm):
    """allauth's, which labels its first field "Login" and takes it for an email address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username or email")
        self.fields["login"].validators.append(MaxLengthValidator(MAX_LOGIN))
        attributes = self.fields["login"].widget.attrs
        attributes |= {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
