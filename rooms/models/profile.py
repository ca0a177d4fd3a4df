from typing import TypedDict

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _


class Person(TypedDict):
    """A user as every frame shows them."""

    id: int
    username: str
    name: str
    avatar: str | None


class Profile(models.Model):
    """What the chat knows of a user beyond the account; without one the username is shown."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="profile"
    )
    name = models.CharField(_("name"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return self.name or self.user.get_username()

    @staticmethod
    def person(user: User) -> Person:
        """`user` as frames show them. Costs no query where `profile` was selected with the user."""
        profile = getattr(user, "profile", None)
        return {
            "id": user.pk,
            "username": user.get_username(),
            "name": (profile.name if profile else "") or user.get_username(),
            "avatar": None,
        }

    @staticmethod
    def search(people: QuerySet, text: str) -> QuerySet:
        """`people` (users) whose username or name holds `text`; all for an empty text."""
        found = people.select_related("profile").order_by("username")
        if text:
            found = found.filter(Q(username__icontains=text) | Q(profile__name__icontains=text))
        return found
