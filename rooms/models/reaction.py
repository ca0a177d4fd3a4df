from django.db import models

from rooms.models.message import Message
from rooms.models.person import Person


class Reaction(models.Model):
    """One person's emoji on a message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=32)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["message", "person", "emoji"], name="reacted_once"),
        ]
