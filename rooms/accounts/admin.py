"""Accounts and invitations in Django's admin."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from rooms.accounts.models import Invitation
from rooms.models import Person
from rooms.pages.forms import PersonFactsForm


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    """Read-only. The settings page creates and revokes links."""

    list_display = ["created_by", "created_at", "expires_at", "uses", "max_uses", "revoked_at"]
    list_select_related = ["created_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False


class PersonInline(admin.StackedInline):
    model = Person
    form = PersonFactsForm
    can_delete = False


class AccountAdmin(UserAdmin):
    """Django's user admin, with the person. Messages stay when an account is deleted."""

    def get_inlines(self, request: HttpRequest, obj: Any) -> list:
        return [PersonInline] if obj else []


# The admin signs in through allauth, so that the same limits protect it.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

User = get_user_model()
admin.site.unregister(User)
admin.site.register(User, AccountAdmin)
