from django.conf import settings
from django.db import models

from rooms.models.message import Message


class Reaction(models.Model):
    """One user's emoji under a message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=32)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["message", "user", "emoji"], name="reacted_once"),
        ]
