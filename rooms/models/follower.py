import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from rooms.models.room import Room


class Lease(models.Model):
    """The process that runs a follower or a handler of due rows, and until when.

    If a process dies without releasing it, another one takes over after `until`.
    """

    name = models.CharField(max_length=50, primary_key=True)
    holder = models.UUIDField(null=True)
    # By the database's clock: the clocks of processes may differ.
    until = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Cursor(models.Model):
    """How far a follower has followed a room. Missing if it has not followed the room yet."""

    follower = models.CharField(max_length=50)
    room = models.ForeignKey(Room, models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "follower"], name="one_cursor")]

    def __str__(self) -> str:
        return f"{self.follower}: {self.room_id}/{self.version}"


class Due(models.Model):
    """Work that waits for a time or for the outside world; see `rooms.following.due`.

    Deleted when done. A row that was given up stays, without `due_at`, for the admin.
    """

    kind = models.CharField(_("kind"), max_length=50)
    key = models.CharField(_("key"), max_length=100)
    due_at = models.DateTimeField(_("due at"), null=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    error = models.TextField(_("last error"), blank=True)
    # Changes whenever the row is scheduled, so that scheduling it while it runs runs it again.
    token = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = _("due row")
        verbose_name_plural = _("due rows")
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="due_once")]
        indexes = [models.Index(fields=["due_at"], name="due_next")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Activity(models.Model):
    """The time of a room's latest message, maintained by `rooms.following.activity`."""

    room = models.OneToOneField(Room, models.CASCADE, primary_key=True, related_name="activity")
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.room_id}/{self.seq}"
