import secrets
from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from rooms.models.person import Person

# Larger groups need a room with a name.
DIRECT_MAX_PEOPLE = 9


class Kind(models.TextChoices):
    PUBLIC = "public", _("Public")
    PRIVATE = "private", _("Private")
    DIRECT = "direct", _("Direct")


class RoomQuerySet(models.QuerySet):
    def visible_to(self, person: Person) -> "RoomQuerySet":
        """Public rooms, and private and direct ones that `person` is in."""
        return self.filter(Q(kind=Kind.PUBLIC) | Q(memberships__person=person)).distinct()


class Room(models.Model):
    """A log of messages. `seq` counts messages, `version` counts changes; neither has holes.

    Both are moved only by `rooms.log`, in the transaction that writes the rows they count.
    """

    name = models.CharField(_("name"), max_length=80, blank=True)
    slug = models.SlugField(
        _("address"), max_length=80, unique=True, allow_unicode=True, editable=False
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind, default=Kind.PUBLIC)
    topic = models.CharField(_("topic"), max_length=250, blank=True)
    seq = models.PositiveBigIntegerField(default=0, editable=False)
    version = models.PositiveBigIntegerField(default=0, editable=False)
    # Sorted ids of a direct room's people: the same people always get the same room.
    people_key = models.CharField(max_length=200, unique=True, null=True, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    members = models.ManyToManyField(Person, through="Membership", related_name="rooms")

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name or self.slug

    def get_absolute_url(self) -> str:
        return f"/rooms/{self.slug}/"

    @property
    def archived(self) -> bool:
        return self.archived_at is not None

    @staticmethod
    def free_slug(name: str) -> str:
        """An unused address for a room called `name`."""
        base = slugify(name, allow_unicode=True)[:60] or "room"
        taken = set(Room.objects.filter(slug__startswith=base).values_list("slug", flat=True))
        if base not in taken:
            return base
        return next(slug for n in range(2, len(taken) + 3) if (slug := f"{base}-{n}") not in taken)

    @staticmethod
    def direct_slug() -> str:
        """A random address that does not reveal who is in the room."""
        return f"dm-{secrets.token_urlsafe(9).lower()}"

    @staticmethod
    def key_of(people: Iterable[int]) -> str:
        """The `people_key` of a direct room with these people."""
        return ",".join(str(id) for id in sorted(set(people)))
