import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# A user of the site, whatever its AUTH_USER_MODEL is.
Account = Any

HANDLE = re.compile(r"[\w.+-]+")
# Begins the handle of a person who was anonymised, and no other.
FORGOTTEN = "~"
# The length of Django's usernames.
MAX_HANDLE = 150
# Case folding can turn one letter into three (ΐ).
MAX_FOLDED = 3 * MAX_HANDLE


def fold(handle: str) -> str:
    """The handle in NFC and without case. Spellings of the same handle fold to the same text."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", handle).casefold())


class PersonQuerySet(models.QuerySet["Person"]):
    def active(self) -> "PersonQuerySet":
        return self.filter(active=True)

    def search(self, text: str) -> "PersonQuerySet":
        """People whose handle or name contains `text`, by handle. An empty text finds everybody."""
        found = self.order_by("folded")
        if text:
            found = found.filter(Q(folded__contains=fold(text)) | Q(name__icontains=text))
        return found

    def create_for(self, user: Account, **facts: Any) -> "Person":
        """Creates the person of an account."""
        wanted = _wanted_handle(user)
        facts.setdefault("name", "")
        facts.setdefault("active", user.is_active)
        while True:
            try:
                with transaction.atomic():
                    return self.create(user=user, handle=self.free_handle(wanted), **facts)
            except IntegrityError:
                # Somebody took the handle since we checked, or created this person.
                if (person := self.filter(user=user).first()) is not None:
                    return person

    def free_handle(self, wanted: str) -> str:
        """Returns `wanted`, with a number appended if it is taken."""
        base = wanted[: MAX_HANDLE - 8]
        taken = set(self.filter(folded__startswith=fold(base)).values_list("folded", flat=True))
        if fold(wanted) not in taken:
            return wanted
        return next(
            handle for n in range(2, len(taken) + 3) if fold(handle := f"{base}-{n}") not in taken
        )


class Person(models.Model):
    """Somebody in the chat. Messages, memberships and reactions belong to persons, not accounts.

    `user` is the account that they sign in with: none for programs and imports, and none any
    more once the account was deleted. `active` follows the account.
    """

    handle = models.CharField(_("handle"), max_length=MAX_HANDLE)
    folded = models.CharField(max_length=MAX_FOLDED, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=60, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="rooms_person",
    )
    active = models.BooleanField(_("active"), default=True, editable=False)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.shown_name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.folded = fold(self.handle)
        if update_fields is not None and "handle" in update_fields:
            update_fields = {*update_fields, "folded"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def shown_name(self) -> str:
        if self.handle.startswith(FORGOTTEN):
            return gettext("Deleted person")
        return self.name or self.handle

    @classmethod
    def of(cls, user: Account) -> "Person":
        """Returns the person of an account, creating it if needed. Usually one query."""
        return cls.objects.filter(user=user).first() or cls.objects.create_for(user)

    def forget_name(self) -> None:
        """Anonymises the person. Their messages stay."""
        self.handle, self.name = f"{FORGOTTEN}{self.pk}", ""
        self.save(update_fields=["handle", "name"])


def _wanted_handle(user: Account) -> str:
    """The username, or the full name on sites where people sign in by email: that stays private."""
    wanted = user.get_username()
    if "@" in wanted:
        full_name = getattr(user, "get_full_name", str)()
        wanted = slugify(full_name if "@" not in full_name else "", allow_unicode=True)
    return re.sub(r"[^\w.+-]+", "-", wanted)[:MAX_HANDLE] or "person"


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def follow_account(
    instance: Account,
    created: bool,
    raw: bool = False,
    update_fields: Iterable[str] | None = None,
    **_signal: Any,
) -> None:
    """Creates a person for a new account, and keeps `active` in step with it."""
    if raw:
        return
    if created:
        Person.objects.create_for(instance)
    elif update_fields is None or "is_active" in update_fields:
        Person.objects.filter(user=instance).update(active=instance.is_active)


@receiver(pre_delete, sender=settings.AUTH_USER_MODEL)
def outlive_account(instance: Account, **_signal: Any) -> None:
    Person.objects.filter(user=instance).update(active=False)
