from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Sign-up, invitations, devices and the first run, by django-allauth.

    A host site with accounts of its own leaves it out of INSTALLED_APPS.
    """

    name = "rooms.accounts"
    label = "rooms_accounts"
    verbose_name = _("Accounts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        settings = import_module("rooms.pages.settings")
        section = import_module("rooms.accounts.settings").section
        settings.sections.append(settings.Section("accounts/settings.html", section))
