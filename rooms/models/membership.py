from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rooms.models.person import Person
from rooms.models.room import Room


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    MODERATOR = "moderator", _("Moderator")
    MEMBER = "member", _("Member")


# Roles that may rename the room, add and remove people, and delete others' messages.
MODERATORS = frozenset({Role.OWNER, Role.MODERATOR})


class Notify(models.TextChoices):
    ALL = "all", _("Every message")
    MENTIONS = "mentions", _("Mentions")
    NONE = "none", _("Nothing")


class Membership(models.Model):
    """A person's place in a room: their role, and how far they have read."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="memberships")
    person = models.ForeignKey(
        Person, models.CASCADE, verbose_name=_("person"), related_name="memberships", db_index=False
    )
    role = models.CharField(_("role"), max_length=9, choices=Role, default=Role.MEMBER)
    notify = models.CharField(_("notify"), max_length=8, choices=Notify, default=Notify.ALL)
    read_seq = models.PositiveBigIntegerField(default=0, editable=False)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["person", "room"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.person} in {self.room}"

    @property
    def may_moderate(self) -> bool:
        return self.role in MODERATORS
