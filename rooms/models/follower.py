import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from rooms.models.room import Room


class Lease(models.Model):
    """Which process runs a follower or a handler of due rows, and until when.

    A process that ends without giving it back is replaced when `until` has passed.
    """

    name = models.CharField(max_length=50, primary_key=True)
    holder = models.UUIDField(null=True)
    # By the database's clock: those of two processes may differ.
    until = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Cursor(models.Model):
    """How far a follower has followed a room. A room without one was not followed yet."""

    follower = models.CharField(max_length=50)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "follower"], name="one_cursor")]

    def __str__(self) -> str:
        return f"{self.follower}: {self.room_id}/{self.version}"


class Due(models.Model):
    """Work that waits for a time or for the world outside; `rooms.following.due` says how.

    It is deleted when it is done. Given up, it stays without `due_at`, so that people see it.
    """

    kind = models.CharField(_("kind"), max_length=50)
    key = models.CharField(_("key"), max_length=100)
    due_at = models.DateTimeField(_("due at"), null=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    error = models.TextField(_("last error"), blank=True)
    # Another one each time it is scheduled: what was scheduled while it ran runs again.
    token = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = _("due row")
        verbose_name_plural = _("due rows")
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="due_once")]
        indexes = [models.Index(fields=["due_at"], name="due_next")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Activity(models.Model):
    """The time of a room's latest message. `rooms.following.activity` keeps it."""

    room = models.OneToOneField(Room, models.CASCADE, primary_key=True, related_name="activity")
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq}"
