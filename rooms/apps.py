from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoomsConfig(AppConfig):
    name = "rooms"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Chat")

    followers = ("following.activity.ActivityFollower",)

    def ready(self) -> None:
        # Its receivers listen from now on; models can be imported only here.
        import_module("rooms.live.revocation")
