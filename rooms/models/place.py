import uuid
from contextlib import suppress
from typing import Any

from django.apps import AppConfig, apps
from django.apps.registry import Apps
from django.db import models, router
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _


class Signup(models.TextChoices):
    OPEN = "open", _("Open: anybody may sign up")
    INVITATION = "invitation", _("By invitation link")
    CLOSED = "closed", _("Closed")


class Place(models.Model):
    """Settings of the whole chat, in one row. `epoch` changes when a backup is restored."""

    name = models.CharField(_("name"), max_length=60, default="Chat")
    signup = models.CharField(
        _("sign-up"), max_length=10, choices=Signup, default=Signup.INVITATION
    )
    epoch = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("place")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> "Place":
        """Returns the only row."""
        return cls.objects.get(pk=1)

    @classmethod
    def new_epoch(cls) -> uuid.UUID:
        """Starts a new epoch. Clients discard what they hold."""
        epoch = uuid.uuid4()
        cls.objects.filter(pk=1).update(epoch=epoch)
        return epoch


@receiver(post_migrate)
def make_place(sender: AppConfig, using: str, apps: Apps = apps, **_signal: Any) -> None:
    """Makes the row anew after `flush`, which removes what a migration put there."""
    if sender.label == Place._meta.app_label and router.allow_migrate_model(using, Place):
        with suppress(LookupError):  # a migration to a time before there was a place
            apps.get_model("rooms", "Place").objects.using(using).get_or_create(pk=1)
