from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rooms.models.person import Person
from rooms.models.room import Room


class Message(models.Model):
    """A message. `seq` is its permanent position, `version` the number of its latest change.

    Deleting empties it and keeps the row, because a log has no holes. For the same reason its
    author stays when their account is deleted.
    """

    # No separate index where a constraint below starts with the column: every index costs a write.
    room = models.ForeignKey(Room, models.PROTECT, related_name="messages", db_index=False)
    seq = models.PositiveBigIntegerField()
    version = models.PositiveBigIntegerField()
    author = models.ForeignKey(Person, models.PROTECT, related_name="messages", db_index=False)
    cid = models.UUIDField()
    # The digest of the request. Tells whether a repeated cid is for the same message.
    digest = models.CharField(max_length=32)
    body = models.TextField(_("text"), blank=True)
    html = models.TextField(blank=True)
    reply_to = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="replies", db_index=False
    )
    thread = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="thread_messages", db_index=False
    )
    # One bit per part (reactions, mentions …), so that plain messages need no extra query.
    parts = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["author", "cid"], name="said_once"),
            models.UniqueConstraint(fields=["room", "seq"], name="one_place_in_the_room"),
        ]
        indexes = [
            models.Index(fields=["room", "version"], name="catching_up"),
            # Most messages are not replies.
            *(
                models.Index(fields=[field], name=name, condition=Q(**{f"{field}__isnull": False}))
                for field, name in (("reply_to", "replies_to"), ("thread", "in_a_thread"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq}"

    @property
    def deleted(self) -> bool:
        return self.deleted_at is not None


class Mention(models.Model):
    """A mention of a person in a message. Mention badges count these."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    seq = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "person"], name="mentioned_once"),
        ]
        indexes = [models.Index(fields=["person", "room", "seq"], name="mentions_of_a_person")]
