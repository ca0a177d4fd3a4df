from importlib import import_module

from django.utils.translation import gettext_lazy as _

from rooms.capability import Capability


class AccountsConfig(Capability):
    """Sign-up, invitations, devices and the first run, by django-allauth.

    A host site with accounts of its own leaves it out of INSTALLED_APPS.
    """

    name = "rooms.accounts"
    label = "rooms_accounts"
    verbose_name = _("Accounts")
    urls = "urls"
    scripts = ("rooms_accounts/accounts.js",)

    def ready(self) -> None:
        settings = import_module("rooms.pages.settings")
        section = import_module("rooms.accounts.settings").section
        settings.sections.append(settings.Section("accounts/settings.html", section))
