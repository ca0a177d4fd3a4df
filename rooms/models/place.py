import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest
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
        """Returns the row that a migration created."""
        return cls.objects.get(pk=1)

    @classmethod
    def new_epoch(cls) -> uuid.UUID:
        """Starts a new epoch. Clients discard what they hold."""
        epoch = uuid.uuid4()
        cls.objects.filter(pk=1).update(epoch=epoch)
        return epoch


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context processor for the place."""
    return {"place": Place.get(), "mail_is_configured": settings.MAIL_IS_CONFIGURED}
