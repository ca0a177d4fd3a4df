"""URLs of the chat, for `path("chat/", include("rooms.urls"))`. Slugs may be Unicode.

The client knows the paths below its home, so that only that comes with the page.
"""

from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path

from rooms import capability
from rooms.pages import catalog, chat, rooms, settings
from rooms.pages.answers import SignedInRequest


def directory(request: SignedInRequest) -> HttpResponseBase:
    """/rooms/: GET shows the directory, POST creates a room in it."""
    return rooms.create(request) if request.method == "POST" else chat.directory(request)


app_name = "rooms"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", chat.home, name="home"),
    path("rooms/", directory, name="directory"),
    path("rooms/<str:slug>/", chat.room, name="room"),
    path("rooms/<str:slug>/<int:seq>", chat.room, name="permalink"),
    path("rooms/<str:slug>/quotes.json", chat.quotes, name="quotes"),
    path("rooms/<str:slug>/join", rooms.join, name="join_room"),
    path("rooms/<str:slug>/leave", rooms.leave, name="leave_room"),
    path("rooms/<str:slug>/settings", rooms.change, name="change_room"),
    path("rooms/<str:slug>/archive", rooms.archive, name="archive_room"),
    path("rooms/<str:slug>/members", rooms.add_member, name="add_member"),
    path(
        "rooms/<str:slug>/members/<int:person_id>/remove", rooms.remove_member, name="remove_member"
    ),
    path("rooms/<str:slug>/members/<int:person_id>/role", rooms.change_role, name="change_role"),
    path("direct/", rooms.direct, name="direct"),
    path("directory.json", rooms.search_rooms, name="search_rooms"),
    path("people.json", rooms.search_people, name="search_people"),
    path("jsi18n/<str:language>/<str:version>.js", catalog.javascript_catalog, name="catalog"),
    path("settings/", settings.settings, name="settings"),
    path("settings/profile", settings.change_profile, name="change_profile"),
    path("settings/place", settings.change_place, name="change_place"),
]
for app in capability.installed():
    if app.urls:
        urlpatterns.append(path("", include(f"{app.name}.{app.urls}")))
