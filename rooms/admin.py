"""Django's admin: rooms, members, persons, the place.

Changes go through `rooms.members`, so that open browsers see them at once. Messages are not
here: history changes only through `rooms.log`.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from rooms import members
from rooms.following import due
from rooms.models import Due, Kind, Membership, Person, Place, Role, Room
from rooms.pages.forms import PersonFactsForm, PlaceForm, one_line


class RoomAdminForm(forms.ModelForm):
    class Meta:
        model = Room
        fields = ["name", "kind", "topic"]

    def clean_name(self) -> str:
        name = self.cleaned_data.get("name", "")
        if not name and self.instance.kind != Kind.DIRECT:
            raise ValidationError(_("A room needs a name."))
        one_line(name)
        return name

    def clean_topic(self) -> str:
        one_line(self.cleaned_data["topic"])
        return self.cleaned_data["topic"]

    def clean_kind(self) -> str:
        if self.cleaned_data["kind"] == Kind.DIRECT:
            raise ValidationError(_("Direct conversations are begun by the people in them."))
        return self.cleaned_data["kind"]


class MembershipForm(forms.ModelForm):
    """Changes a member's role. The person cannot be changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            person = self.fields["person"]
            person.disabled = True
            # The default widget runs a query per member.
            person.widget = forms.Select(choices=[(self.instance.person_id, self.instance.person)])


class MembershipInline(admin.TabularInline):
    model = Membership
    form = MembershipForm
    fields = ["person", "role"]
    autocomplete_fields = ["person"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("person", "room")

    def has_add_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        return obj is not None and obj.kind != Kind.DIRECT

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    form = RoomAdminForm
    list_display = ["title", "kind", "topic", "people", "seq", "archived"]
    list_filter = ["kind", ("archived_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "slug", "topic"]
    readonly_fields = ["slug", "seq", "archived_at", "created_at"]
    inlines = [MembershipInline]
    actions = ["archive", "unarchive"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        rooms = super().get_queryset(request).annotate(people=Count("memberships"))
        return rooms.prefetch_related("members")

    @admin.display(description=_("name"), ordering="name")
    def title(self, room: Room) -> str:
        if room.kind == Kind.DIRECT:
            return ", ".join(sorted(member.handle for member in room.members.all()))
        return str(room)

    @admin.display(description=_("members"), ordering="people")
    def people(self, room: Any) -> int:
        return room.people

    @admin.display(description=_("archived"), boolean=True)
    def archived(self, room: Room) -> bool:
        return room.archived

    def get_inlines(self, request: HttpRequest, obj: Room | None) -> list:
        # A new room is saved before members can be added.
        return self.inlines if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        # Direct conversations have no settings.
        return super().has_change_permission(request, obj) and (
            obj is None or obj.kind != Kind.DIRECT
        )

    def has_delete_permission(self, request: HttpRequest, obj: Room | None = None) -> bool:
        # Rooms are archived instead, which keeps their messages.
        return False

    def save_model(self, request: HttpRequest, room: Room, form: Any, change: bool) -> None:
        if not change:
            assert request.user.is_authenticated
            new = members.create_room(Person.of(request.user), room.name, room.kind, room.topic)
            room.pk, room.slug, room._state.adding = new.pk, new.slug, False
            return
        members.change_room(None, room, name=room.name, topic=room.topic, kind=room.kind)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        room = form.instance
        for member in formset.new_objects:
            self._try(request, members.add_member, None, room, member.person, member.role)
        # New owners first, so that one form can hand a room over.
        changed = [member for member, _fields in formset.changed_objects]
        for member in sorted(changed, key=lambda member: member.role != Role.OWNER):
            self._try(request, members.set_role, None, room, member.person, member.role)
        for member in formset.deleted_objects:
            self._try(request, members.remove_member, None, room, member.person)

    @staticmethod
    def _try(request: HttpRequest, change: Any, *args: Any) -> None:
        try:
            change(*args)
        except members.Refused as refused:
            messages.error(request, str(refused))

    @admin.action(description=_("Archive the chosen rooms"), permissions=["change"])
    def archive(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        for room in rooms:
            self._try(request, members.set_archived, None, room, True)

    @admin.action(description=_("Open the chosen rooms again"), permissions=["change"])
    def unarchive(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        for room in rooms:
            self._try(request, members.set_archived, None, room, False)


@admin.register(Place)
class PlaceAdmin(admin.ModelAdmin):
    form = PlaceForm
    list_display = ["name", "signup"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Place | None = None) -> bool:
        return False


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    """Handles and names. Persons are created with accounts and outlive them."""

    form = PersonFactsForm
    list_display = ["handle", "name", "active"]
    list_filter = ["active"]
    search_fields = ["handle", "name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        return False


@admin.register(Due)
class DueAdmin(admin.ModelAdmin):
    """Scheduled rows, and rows that were given up."""

    list_display = ["kind", "key", "due_at", "tries", "error"]
    list_filter = ["kind", ("due_at", admin.EmptyFieldListFilter)]
    ordering = ["due_at", "pk"]
    actions = ["try_again"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Due | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Due | None = None) -> bool:
        return False

    @admin.action(description=_("Try the chosen rows again now"), permissions=["try_again"])
    def try_again(self, request: HttpRequest, rows: QuerySet[Due]) -> None:
        due.try_again(rows)

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)
