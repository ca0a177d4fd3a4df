from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rooms.models import Message, Person

# Due rows of this kind close polls. Their key is the message's id.
CLOSE = "polls.close"


class Poll(models.Model):
    """The poll of a message. The question is the message's text."""

    message = models.OneToOneField(
        Message, models.CASCADE, primary_key=True, verbose_name=_("message"), related_name="+"
    )
    choices = models.JSONField(_("choices"))  # texts
    multiple = models.BooleanField(_("several votes"), default=False)
    anonymous = models.BooleanField(_("anonymous"), default=False)
    closes_at = models.DateTimeField(_("closes"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("poll")
        verbose_name_plural = _("polls")

    def __str__(self) -> str:
        return self.message.body

    @property
    def closed(self) -> bool:
        """Whether voting has ended, even if the row has not been closed yet."""
        return self.closed_at is not None or self.is_over

    @property
    def is_over(self) -> bool:
        return self.closes_at is not None and self.closes_at <= timezone.now()


class Vote(models.Model):
    """One person's vote for one choice."""

    # The constraint provides the index.
    poll = models.ForeignKey(
        Poll, models.CASCADE, db_column="message_id", db_index=False, related_name="votes"
    )
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    choice = models.PositiveSmallIntegerField()  # index among the poll's choices

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["poll", "person", "choice"], name="voted_once"),
        ]
