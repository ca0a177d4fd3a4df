"""Django's admin for rooms, members, accounts and the place, with the forms a browser sends."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms import members
from rooms.accounts.models import Invitation
from rooms.models import (
    Due,
    Kind,
    Membership,
    Mention,
    Message,
    Person,
    Place,
    Reaction,
    Role,
    Room,
    Signup,
)
from rooms.polls.models import Poll
from tests.web import BAD_LINES, account, browser, person

pytestmark = pytest.mark.django_db

ROOMS = "/admin/rooms/room/"
USERS = "/admin/auth/user/"
PLACE = "/admin/rooms/place/"
DUE = "/admin/rooms/due/"


class SentFields(HTMLParser):
    """The fields that a browser would send for a page's main form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.data: dict[str, str] = {}
        self._select = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = facts.get("id", "").endswith("_form")
        if not self._inside or "disabled" in facts or "__prefix__" in facts.get("name", ""):
            if tag == "select":
                self._select = ""
            return
        name = facts.get("name", "")
        if tag == "input" and facts["type"] not in {"submit", "file"}:
            if facts["type"] != "checkbox":
                self.data[name] = facts.get("value", "")
            elif "checked" in facts:
                self.data[name] = "on"
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in facts:
            self.data[self._select] = facts["value"]


@pytest.fixture
def root() -> User:
    return account("root", owner=True)


@pytest.fixture
def client(root: User) -> Client:
    return browser(root)


@pytest.fixture
def room() -> Room:
    """A room with an owner and a member, in this order. The administrator is not in it."""
    ada, bob = person("ada"), person("bob")
    room = members.create_room(ada, "General", Kind.PUBLIC, "All things")
    members.add_member(None, room, bob)
    return room


def change(model: Model) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{model.pk}/change/"


def fields(client: Client, url: str) -> dict[str, str]:
    page = client.get(url)
    assert page.status_code == 200
    return SentFields(page.content.decode()).data


def save(client: Client, url: str, **changes: str) -> str:
    """Opens a form, changes these fields and submits it. Returns the next page."""
    answer = client.post(url, fields(client, url) | changes, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def saved(page: str) -> bool:
    """Whether the list appears with a success message, rather than the form with errors."""
    return 'class="errornote"' not in page and 'class="success"' in page


def errors(page: str) -> list[str]:
    """The form's errors, a text for each field."""
    return re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', page, re.DOTALL)


def roles(room: Room) -> dict[str, str]:
    members = room.memberships.select_related("person")
    return {member.person.handle: member.role for member in members}


def row(room: Room, username: str) -> str:
    """The prefix of a member's row in the form."""
    order = list(room.memberships.order_by("pk").values_list("person__handle", flat=True))
    return f"memberships-{order.index(username)}"


def listed(page: str) -> set[str]:
    return set(re.findall(r'<th class="field-title"><a [^>]*>([^<]*)</a>', page))


def say(author: Person, room: Room) -> Message:
    cid = f"00000000-0000-4000-8000-{room.pk:012}"
    return Message.objects.create(room=room, seq=1, version=1, author=author, cid=cid, body="hi")


# Rooms


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("", {"General", "Tea", "자유 게시판"}),
        ("gener", {"General"}),
        ("tea-2", {"Tea"}),
        ("biscuits", {"Tea"}),
        ("게시", {"자유 게시판"}),
        ("nothing", set()),
        ("%", set()),
        ("x" * 5000, set()),
    ],
)
def test_rooms_are_listed_and_searched_by_name_slug_and_topic(
    client: Client, room: Room, q: str, names: set[str]
) -> None:
    tea = members.create_room(None, "Tea", Kind.PRIVATE, "Biscuits")
    Room.objects.filter(pk=tea.pk).update(slug="tea-2")
    members.create_room(None, "자유 게시판", Kind.PUBLIC)
    page = client.get(ROOMS, {"q": q})
    assert page.status_code == 200
    assert listed(page.content.decode()) == names


def test_list_counts_members_and_filters_archived_rooms(client: Client, room: Room) -> None:
    members.create_room(None, "Empty", Kind.PRIVATE)
    members.set_archived(None, room, True)
    page = client.get(ROOMS, {"archived_at__isempty": "0"}).content.decode()
    assert listed(page) == {"General"}
    assert '<td class="field-people">2</td>' in page
    assert listed(client.get(ROOMS, {"kind__exact": "private"}).content.decode()) == {"Empty"}


def test_renaming_a_room_keeps_its_slug(
    client: Client, room: Room, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks() as told:
        page = save(client, change(room), name="New name", topic="New topic", kind="private")
    assert saved(page)
    room.refresh_from_db()
    assert (room.name, room.topic, room.kind) == ("New name", "New topic", Kind.PRIVATE)
    assert room.slug == "general"
    assert roles(room) == {"ada": "owner", "bob": "member"}
    assert told, "open browsers are notified"


@pytest.mark.parametrize(
    "wrong",
    [
        *({"name": bad} for bad in BAD_LINES),
        *({"topic": bad} for bad in BAD_LINES if bad.strip()),
        {"name": "x" * 81},
        {"topic": "x" * 251},
        {"kind": "direct"},
        {"kind": ""},
        {"kind": "x\0"},
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_invalid_room_is_not_saved(
    client: Client, room: Room, new: bool, wrong: dict[str, str]
) -> None:
    before = list(Room.objects.values())
    right = {"name": "New", "topic": "New", "kind": "private"}
    page = save(client, f"{ROOMS}add/" if new else change(room), **(right | wrong))
    assert len(errors(page)) == 1
    assert list(Room.objects.values()) == before


def test_administrator_owns_the_room_they_create(client: Client) -> None:
    page = save(client, f"{ROOMS}add/", name="자유 게시판", topic="", kind="private")
    assert saved(page)
    room = Room.objects.get()
    assert (room.name, room.slug, room.kind) == ("자유 게시판", "자유-게시판", Kind.PRIVATE)
    assert roles(room) == {"root": "owner"}
    assert saved(save(client, f"{ROOMS}add/", name="자유 게시판", kind="public"))
    assert set(Room.objects.values_list("slug", flat=True)) == {"자유-게시판", "자유-게시판-2"}


def test_rooms_can_be_archived_and_reopened(client: Client, room: Room) -> None:
    other = members.create_room(None, "Other", Kind.PRIVATE)
    chosen = {"_selected_action": [room.pk, other.pk]}
    for action, archived in (("archive", True), ("archive", True), ("unarchive", False)):
        answer = client.post(ROOMS, chosen | {"action": action}, follow=True)
        assert answer.status_code == 200
        assert {one.archived for one in Room.objects.all()} == {archived}
    # An archived room can still be changed here.
    members.set_archived(None, room, True)
    assert saved(save(client, change(room), name="Old things"))
    room.refresh_from_db()
    assert (room.name, room.archived) == ("Old things", True)


def test_rooms_cannot_be_deleted(client: Client, room: Room) -> None:
    assert client.get(f"{ROOMS}{room.pk}/delete/").status_code == 403
    assert client.post(f"{ROOMS}{room.pk}/delete/", {"post": "yes"}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": [room.pk], "post": "yes"}
    client.post(ROOMS, bulk)
    assert Room.objects.filter(pk=room.pk).exists()
    assert "delete_selected" not in client.get(ROOMS).content.decode()


def test_messages_are_not_in_the_admin(client: Client, room: Room, root: User) -> None:
    assert not {Message, Mention, Reaction, Membership} & set(admin.site._registry)
    say(Person.objects.get(handle="ada"), room)
    for url in (change(room), ROOMS):
        assert "hi" not in re.findall(r">([^<]*)<", client.get(url).content.decode())


def test_direct_rooms_are_read_only(client: Client, room: Room, root: User) -> None:
    ada, bob = Person.objects.get(handle="ada"), Person.objects.get(handle="bob")
    direct = members.direct_room(ada, [bob.pk])
    before = list(Room.objects.values()), list(Membership.objects.values())
    page = client.get(change(direct))
    assert page.status_code == 200
    assert {"name", "memberships-0-role"}.isdisjoint(SentFields(page.content.decode()).data)
    whole = fields(client, change(room)) | {"name": "Named", "kind": "public"}
    assert client.post(change(direct), whole).status_code == 403
    bulk = {"action": "archive", "_selected_action": [direct.pk]}
    answer = client.post(ROOMS, bulk, follow=True).content.decode()
    assert "A direct conversation has no name, topic, members or archive." in answer
    assert (list(Room.objects.values()), list(Membership.objects.values())) == before


# Members


def add(who: Person, role: str, number: int = 2) -> dict[str, str]:
    """A new row below the `number` existing ones."""
    return {
        "memberships-TOTAL_FORMS": str(number + 1),
        f"memberships-{number}-id": "",
        f"memberships-{number}-person": str(who.pk),
        f"memberships-{number}-role": role,
    }


def test_members_can_be_added_removed_and_given_roles(client: Client, room: Room) -> None:
    eve = person("eve")
    assert saved(save(client, change(room), **add(eve, Role.MODERATOR)))
    assert roles(room) == {"ada": "owner", "bob": "member", "eve": "moderator"}
    new_role = {f"{row(room, 'bob')}-role": "owner"}
    assert saved(save(client, change(room), **new_role))
    assert roles(room) == {"ada": "owner", "bob": "owner", "eve": "moderator"}
    assert saved(save(client, change(room), **{f"{row(room, 'ada')}-DELETE": "on"}))
    assert roles(room) == {"bob": "owner", "eve": "moderator"}


@pytest.mark.parametrize("wrong", [{"role": "member"}, {"role": "moderator"}, {"DELETE": "on"}])
def test_last_owner_cannot_be_removed(client: Client, room: Room, wrong: dict[str, str]) -> None:
    changes = {f"{row(room, 'ada')}-{name}": value for name, value in wrong.items()}
    page = save(client, change(room), **changes)
    assert "A room needs an owner. Make somebody else an owner first." in page
    assert roles(room) == {"ada": "owner", "bob": "member"}


@pytest.mark.parametrize("old", [{"role": "member"}, {"DELETE": "on"}])
@pytest.mark.parametrize("to", ["bob", "eve"])
def test_one_form_can_transfer_ownership(
    client: Client, room: Room, to: str, old: dict[str, str]
) -> None:
    eve = person("eve")
    new = add(eve, Role.OWNER) if to == "eve" else {f"{row(room, 'bob')}-role": "owner"}
    changes = {f"{row(room, 'ada')}-{name}": value for name, value in old.items()}
    page = save(client, change(room), **new, **changes)
    assert "A room needs an owner" not in page
    assert roles(room).get(to) == "owner"
    assert roles(room).get("ada") == old.get("role")


def test_member_cannot_be_replaced_by_another_person(client: Client, room: Room) -> None:
    eve = person("eve")
    assert f"{row(room, 'bob')}-person" not in fields(client, change(room))
    forged = {f"{row(room, 'bob')}-person": str(eve.pk), f"{row(room, 'bob')}-role": "moderator"}
    assert saved(save(client, change(room), **forged))
    assert roles(room) == {"ada": "owner", "bob": "moderator"}


@pytest.mark.parametrize("who", ["bob", "nobody", "gone"])
def test_invalid_member_shows_an_error(client: Client, room: Room, who: str) -> None:
    gone = person("gone", is_active=False)
    known = {"bob": Person.objects.get(handle="bob"), "gone": gone}
    page = save(client, change(room), **add(known.get(who, Person(pk=10**9)), Role.MEMBER))
    assert errors(page) or "This account is not active." in page
    assert roles(room) == {"ada": "owner", "bob": "member"}


@pytest.mark.parametrize("role", ["", "king", "owner\0"])
def test_invalid_role_is_rejected(client: Client, room: Room, role: str) -> None:
    page = save(client, change(room), **{f"{row(room, 'bob')}-role": role})
    assert len(errors(page)) == 1
    assert roles(room) == {"ada": "owner", "bob": "member"}


# Accounts


def test_messages_outlive_a_deleted_account(client: Client, room: Room) -> None:
    bob = Person.objects.get(handle="bob")
    message = say(bob, room)
    Reaction.objects.create(message=message, person=bob, emoji="👍")
    Mention.objects.create(message=message, person=bob, room=room, seq=1)
    assert client.post(f"{USERS}{bob.user_id}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username="bob").exists()
    message.refresh_from_db()
    assert (message.author.shown_name, message.author.active) == ("bob", False)
    assert message.reactions.count() == message.mentions.count() == 1


def test_deactivation_signs_out_and_keeps_messages(client: Client, room: Room) -> None:
    person = Person.objects.get(handle="bob")
    bob = User.objects.get(username="bob")
    say(person, room)
    his = browser(bob)
    assert his.get("/directory.json").status_code == 200
    data = fields(client, change(bob))
    del data["is_active"]
    assert saved(client.post(change(bob), data, follow=True).content.decode())
    person.refresh_from_db()
    assert not person.active
    assert his.get("/directory.json").status_code == 401
    assert Message.objects.filter(author=person).exists()
    assert saved(save(client, change(bob), is_active="on"))
    assert his.get("/directory.json").status_code == 200


@pytest.mark.parametrize("bad", [bad for bad in BAD_LINES if bad.strip()])
def test_names_are_a_single_line(client: Client, room: Room, bad: str) -> None:
    ada = User.objects.get(username="ada")
    for url, name in ((change(ada), "rooms_person-0-name"), (f"{PLACE}1/change/", "name")):
        [sentence] = errors(save(client, url, **{name: bad}))
        assert re.search("(Control|Null) characters", sentence)
    assert Person.objects.get(user=ada).name == ""
    assert Place.get().name == "Chat"


def test_person_can_be_renamed(client: Client, room: Room) -> None:
    ada = User.objects.get(username="ada")
    assert saved(save(client, change(ada), **{"rooms_person-0-name": "Ada Lovelace"}))
    assert Person.of(User.objects.get(pk=ada.pk)).shown_name == "Ada Lovelace"


# The place


def test_place_can_be_changed_but_not_added_or_deleted(client: Client) -> None:
    page = save(client, f"{PLACE}1/change/", name="The Lab", signup=Signup.OPEN)
    assert saved(page)
    assert (Place.get().name, Place.get().signup) == ("The Lab", Signup.OPEN)
    assert client.get(f"{PLACE}add/").status_code == 403
    assert client.post(f"{PLACE}add/", {"name": "Two", "signup": "open"}).status_code == 403
    assert client.post(f"{PLACE}1/delete/", {"post": "yes"}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": ["1"], "post": "yes"}
    client.post(PLACE, bulk)
    assert Place.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 61}, {"signup": "always"}])
def test_invalid_place_is_not_saved(client: Client, wrong: dict[str, str]) -> None:
    assert len(errors(save(client, f"{PLACE}1/change/", **wrong))) == 1
    assert (Place.get().name, Place.get().signup) == ("Chat", Signup.INVITATION)


# Permissions


@pytest.mark.parametrize("path", ["", "rooms/room/", "rooms/room/1/change/", "auth/user/add/"])
def test_only_administrators_have_access(room: Room, path: str) -> None:
    url = f"/admin/{path}"
    answer = browser().get(url, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    bob = browser(Person.objects.get(handle="bob"))
    answer = bob.get(url)
    assert answer.status_code == 302
    assert answer["Location"] == f"/admin/login/?next={url}"
    assert bob.get(url, follow=True).status_code == 403
    before = list(Room.objects.values())
    assert bob.post(change(room), {"name": "Mine", "kind": "public"}).status_code == 302
    assert bob.post(ROOMS, {"action": "archive", "_selected_action": [room.pk]}).status_code == 302
    assert list(Room.objects.values()) == before


def test_staff_have_only_their_permissions(room: Room) -> None:
    eve = account("eve", is_staff=True)
    eve.user_permissions.add(Permission.objects.get(codename="view_room"))
    client = browser(eve)
    whole = fields(browser(account("root", owner=True)), change(room))
    before = list(Room.objects.values()), roles(room)
    page = client.get(change(room))
    assert page.status_code == 200
    assert {"name", "memberships-0-role"}.isdisjoint(SentFields(page.content.decode()).data)
    assert client.post(change(room), whole | {"name": "Mine"}).status_code == 403
    client.post(ROOMS, {"action": "archive", "_selected_action": [room.pk]})
    for url in (USERS, PLACE, f"{ROOMS}add/"):
        assert client.get(url).status_code == 403
    assert (list(Room.objects.values()), roles(room)) == before


# Every page


def one_of_each(root: User) -> None:
    """A row of every model in the admin, besides root, the session and the place."""
    room = members.create_room(Person.of(root), "General", Kind.PUBLIC)
    Poll.objects.create(message=say(Person.of(root), room), choices=["one", "two"])
    Invitation.objects.create(created_by=root)
    Group.objects.create(name="Staff")
    Due.objects.create(kind="some.work", key="1")
    EmailAddress.objects.create(user=root, email="root@example.org")


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label_lower)
def test_every_page_works(client: Client, root: User, model: type[Model]) -> None:
    one_of_each(root)
    client.get("/admin/")
    options = admin.site._registry[model]
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    row = model._default_manager.first()
    assert row is not None
    request: Any = client.get(base).wsgi_request
    for query in ("", "?q=x", "?q=%00", "?q=%ff", "?p=2", f"?p={10**30}", "?o=1.2.3"):
        answer = client.get(base + query, follow=True)
        assert answer.status_code == 200, query
    may_add = options.has_add_permission(request)
    assert client.get(f"{base}add/").status_code == (200 if may_add else 403)
    for path in ("change", "history"):
        assert client.get(f"{base}{row.pk}/{path}/").status_code == 200
    may_delete = options.has_delete_permission(request, row)
    assert client.get(f"{base}{row.pk}/delete/").status_code == (200 if may_delete else 403)
    for nobody in (10**30, "9" * 5000, "x", "%00"):
        assert client.get(f"{base}{nobody}/change/", follow=True).status_code == 200


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_query_count_does_not_grow_with_rooms_and_members(client: Client, room: Room) -> None:
    urls = [ROOMS, USERS, change(room)]
    few = [queries(client, url) for url in urls]
    for number in range(40):
        someone = person(f"p{number}")
        members.add_member(None, room, someone)
        members.add_member(None, members.create_room(someone, f"Room {number}", "public"), someone)
    assert [queries(client, url) for url in urls] == few


# Due rows


def test_due_rows_are_listed_and_can_be_retried(client: Client) -> None:
    Due.objects.create(kind="some.work", key="7", tries=10, error="It rained.")
    page = client.get(DUE).content.decode()
    assert "some.work" in page
    assert "It rained." in page
    row = Due.objects.get()
    client.post(DUE, {"action": "try_again", "_selected_action": row.pk})
    again = Due.objects.get()
    assert (again.tries, again.token != row.token) == (0, True)
    assert again.due_at is not None
    assert again.due_at <= timezone.now()
    assert client.get(f"{DUE}add/").status_code == 403
    assert client.post(f"{DUE}{row.pk}/delete/", {"post": "yes"}).status_code == 403
