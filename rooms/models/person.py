import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
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
# Prefix of the handles of anonymised people, and of no others.
FORGOTTEN = "~"
# The length of Django's usernames.
MAX_HANDLE = 150
MAX_NAME = 60
# Case folding can turn one letter into three (ΐ).
MAX_FOLDED = 3 * MAX_HANDLE


def fold(handle: str) -> str:
    """The handle in NFC and without case. Spellings of the same handle fold to the same text."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", handle).casefold())


class NoAccount(Exception):
    """The account was deleted since the request began."""


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
        """Creates the person of an account. Raises NoAccount."""
        wanted = _wanted_handle(user)
        facts.setdefault("name", _full_name(user)[:MAX_NAME])
        facts.setdefault("active", user.is_active)
        while True:
            try:
                with transaction.atomic():
                    return self.create(user=user, handle=self.free_handle(wanted), **facts)
            except IntegrityError:
                # Somebody took the handle since we checked, or created this person.
                if (person := self.filter(user=user).first()) is not None:
                    return person
                if not get_user_model()._base_manager.filter(pk=user.pk).exists():
                    raise NoAccount from None

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

    `user` is the account they sign in with. Programs, imports and people whose account was deleted
    have none. `active` follows the account.
    """

    handle = models.CharField(_("handle"), max_length=MAX_HANDLE)
    folded = models.CharField(max_length=MAX_FOLDED, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=MAX_NAME, blank=True)
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
        """Returns the person of an account, creating it if needed. Usually one query.

        Raises NoAccount.
        """
        return cls.objects.filter(user=user).first() or cls.objects.create_for(user)

    def forget_name(self) -> None:
        """Anonymises the person. Their messages stay."""
        self.handle, self.name = f"{FORGOTTEN}{self.pk}", ""
        self.save(update_fields=["handle", "name"])


def _full_name(user: Account) -> str:
    """One line. Empty if the account has no name, or an email address as its name."""
    name = " ".join(getattr(user, "get_full_name", str)().split())
    return "" if "@" in name or not name.isprintable() else name


def _wanted_handle(user: Account) -> str:
    """The username. If people sign in by email or phone, the full name: those stay private."""
    wanted = user.get_username()
    if user.USERNAME_FIELD != "username" or "@" in wanted:
        wanted = slugify(_full_name(user), allow_unicode=True)
    return re.sub(r"[^\w.+-]+", "-", wanted)[:MAX_HANDLE] or "person"


# No sender, because a site may save its accounts as proxies of the user model.
@receiver(post_save)
def follow_account(
    instance: models.Model,
    created: bool,
    raw: bool = False,
    update_fields: Iterable[str] | None = None,
    **_signal: Any,
) -> None:
    """Creates a person for a new account, and keeps `active` in sync with it."""
    if raw or not isinstance(instance, get_user_model()):
        return
    if created:
        Person.objects.create_for(instance)
    elif update_fields is None or "is_active" in update_fields:
        Person.objects.filter(user=instance).update(active=instance.is_active)


@receiver(pre_delete)
def outlive_account(instance: models.Model, **_signal: Any) -> None:
    if isinstance(instance, get_user_model()):
        Person.objects.filter(user=instance).update(active=False)
