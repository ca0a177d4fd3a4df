from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from rooms.polls.models import Poll


@admin.register(Poll)
class PollAdmin(admin.ModelAdmin):
    """Read-only, without who voted for what. Polls are closed and deleted in the chat."""

    list_display = ["message", "room", "multiple", "anonymous", "voters", "closes_at", "closed_at"]
    list_filter = ["multiple", "anonymous"]
    search_fields = ["message__body"]
    ordering = ["-pk"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Poll]:
        polls = super().get_queryset(request).select_related("message__room")
        return polls.annotate(voter_count=Count("votes__person", distinct=True))

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        try:
            return super().get_object(request, object_id, from_field)
        except OverflowError:
            # No poll has an id above SQLite's largest integer.
            return None

    @admin.display(description=_("room"))
    def room(self, poll: Poll) -> str:
        return str(poll.message.room)

    @admin.display(description=_("voters"))
    def voters(self, poll: Any) -> int:
        return poll.voter_count

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Poll | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Poll | None = None) -> bool:
        return False
