"""Rooms over HTTP: permissions, validation, and that a refused action changes nothing."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import set_script_prefix
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rooms import members, protocol
from rooms.following.activity import ActivityFollower
from rooms.following.follower import Changes
from rooms.log import batch as log
from rooms.models import Kind, Membership, Message, Person, Place, Role, Room
from tests.programs import pages
from tests.site import returned, start
from tests.test_commands import environment
from tests.web import BAD_LINES, PASSWORD, browser, person

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
# Invalid ids: over 64 bits, too long for int(), digits of another script, and not numbers.
ODD_IDS = [str(2**63), str(10**30), "9" * 5000, "\u0669" * 9, "-1", "1\0", "\0", "x", "", "1e3"]


@dataclass
class Scene:
    """A room with an owner, a moderator and two members, and people outside it."""

    room: Room
    people: dict[str, Person]

    def browser(self, who: str) -> Client:
        return browser(self.people.get(who))

    def role(self, who: str) -> str | None:
        member = Membership.objects.filter(room=self.room, person=self.people[who]).first()
        return member.role if member else None

    def url(self, path: str = "") -> str:
        ids = {name: user.pk for name, user in self.people.items()}
        return f"/rooms/{self.room.slug}/{path.format(**ids)}"

    def data(self, data: dict[str, str]) -> dict[str, str]:
        ids = {name: user.pk for name, user in self.people.items()}
        return {name: value.format(**ids) for name, value in data.items()}


def scene_of(kind: str) -> Scene:
    names = ["owner", "moderator", "member", "other", "outsider", "newcomer"]
    people = {name: person(name) for name in names}
    room = members.create_room(people["owner"], "General", kind)
    for name in ("moderator", "member", "other"):
        members.add_member(None, room, people[name])
    members.set_role(None, room, people["moderator"], Role.MODERATOR)
    return Scene(room, people)


@pytest.fixture(params=[Kind.PUBLIC, Kind.PRIVATE])
def scene(request: pytest.FixtureRequest) -> Scene:
    return scene_of(request.param)


@pytest.fixture
def public() -> Scene:
    return scene_of(Kind.PUBLIC)


@pytest.fixture
def ada() -> Person:
    return person("ada")


def everything() -> tuple[list, list]:
    """Everything that an action on rooms could change."""
    return list(Room.objects.order_by("pk").values()), list(
        Membership.objects.order_by("pk").values()
    )


def say(user: Person, room: Room, body: str) -> Message:
    """Creates a message as a row. `log` cannot be used, since the test runs in a transaction."""
    room.seq += 1
    room.version += 1
    room.save(update_fields=["seq", "version"])
    cid = f"00000000-0000-4000-8000-{room.pk:04}{room.seq:08}"
    return Message.objects.create(
        room=room, seq=room.seq, version=room.version, author=user, cid=cid, body=body
    )


def queries(client: Client, url: str) -> int:
    """Returns the number of queries of a page for a browser that has visited before."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# Creating


@pytest.mark.parametrize("kind", [Kind.PUBLIC, Kind.PRIVATE])
def test_creator_owns_the_room(ada: Person, kind: str) -> None:
    new = {"name": " Tea & biscuits ", "topic": "Breaks", "kind": kind}
    answer = browser(ada).post("/rooms/", new)
    assert answer.status_code == 200
    room = Room.objects.get()
    assert answer.json() == {"room": {"id": room.pk, "slug": "tea-biscuits"}}
    assert (room.name, room.topic, room.kind) == ("Tea & biscuits", "Breaks", kind)
    assert [(m.person, m.role) for m in room.memberships.all()] == [(ada, Role.OWNER)]
    assert browser(ada).get(f"/rooms/{room.slug}/").status_code == 200


NEW = {"name": "General", "topic": "", "kind": "public"}


@pytest.mark.parametrize(
    "wrong",
    [
        *({"name": bad} for bad in BAD_LINES),
        *({"topic": bad} for bad in BAD_LINES if bad.strip()),
        {"name": "x" * 81},
        {"topic": "x" * 251},
        {"name": None},
        {"kind": None},
        *({"kind": bad} for bad in ("", "direct", "Public", "public\0", "x")),
        {"name": "", "topic": "a\nb", "kind": "direct"},
    ],
)
def test_invalid_room_is_not_created_and_errors_name_the_fields(
    ada: Person, wrong: dict[str, str | None]
) -> None:
    fields = {name: value for name, value in (NEW | wrong).items() if value is not None}
    answer = browser(ada).post("/rooms/", fields)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == set(wrong)
    assert all(sentence for errors in answer.json()["errors"].values() for sentence in errors)
    assert not Room.objects.exists()


@pytest.mark.parametrize("bad", [b"\xed\xa0\x80", b"a%00b", b"%0d%0aa%0ab"])
@pytest.mark.parametrize("path", ["/rooms/", "/rooms/general/settings"])
def test_invalid_bytes_are_refused(ada: Person, path: str, bad: bytes) -> None:
    members.create_room(ada, "General", Kind.PUBLIC)
    before = everything()
    answer = browser(ada).post(path, b"kind=public&name=" + bad, content_type=FORM)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"name"}
    assert everything() == before


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("자유 게시판", "자유-게시판"),
        # As macOS writes it, in decomposed letters.
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("Café № 5", "café-no-5"),
        ("../../admin", "admin"),
        ("!?", "room"),
        ("🎉", "room"),
        ("x" * 80, "x" * 60),
    ],
)
def test_slug_keeps_the_letters_of_its_language(ada: Person, name: str, slug: str) -> None:
    client = browser(ada)
    answer = client.post("/rooms/", {"name": name, "kind": "public"})
    assert answer.json()["room"]["slug"] == slug
    assert client.get(f"/rooms/{quote(slug)}/").status_code == 200


def test_duplicate_name_gets_another_slug(ada: Person) -> None:
    client = browser(ada)
    slugs = [client.post("/rooms/", NEW).json()["room"]["slug"] for _ in range(3)]
    assert slugs == ["general", "general-2", "general-3"]
    assert Room.objects.filter(name="General").count() == 3


@hypothesis_settings(
    max_examples=50,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.text(max_size=90))
@example(name="x" * 80)
@example(name="x" * 81)
@example(name="</script>&lt;!--\\u003c")
@example(name="İ" * 80)
@example(name="\ufdfa" * 80)
@example(name="\x1fa\x85")
@example(name="a\u202eb")
def test_any_name_is_kept_or_refused_with_a_reason(ada: Person, name: str) -> None:
    client = browser(ada)
    kept = name.strip()
    answer = client.post("/rooms/", urlencode({"name": name, "kind": "public"}), FORM)
    if answer.status_code == 400:
        assert set(answer.json()["errors"]) == {"name"}
        assert not kept or len(kept) > 80 or not is_one_line(kept)
        assert not Room.objects.exists()
        return
    assert answer.status_code == 200
    room = Room.objects.get()
    assert room.name == kept
    assert is_one_line(kept)
    page = client.get(f"/rooms/{quote(room.slug)}/").content.decode()
    [chat] = re.findall(r'<script id="chat" type="application/json">(.*?)</script>', page)
    assert json.loads(chat)["room"]["name"] == kept
    Membership.objects.all().delete()
    Room.objects.all().delete()


def is_one_line(text: str) -> bool:
    """Whether it has no control characters and no line breaks of any kind."""
    return len(text.splitlines()) == 1 and not re.search(r"[\0-\x1f\x7f-\x9f]", text)


# Permissions


@dataclass(frozen=True)
class Deed:
    """An action on a room at `path`, and a check whether it was done."""

    path: str
    data: dict[str, str]
    done: Callable[[Scene, str], bool]


DEEDS = {
    "join": Deed("join", {}, lambda scene, who: scene.role(who) is not None),
    "leave": Deed("leave", {}, lambda scene, who: scene.role(who) is None),
    "rename": Deed(
        "settings",
        {"name": "New name", "topic": "New topic"},
        lambda scene, _: (scene.room.name, scene.room.topic) == ("New name", "New topic"),
    ),
    "archive": Deed("archive", {"archived": "true"}, lambda scene, _: scene.room.archived),
    "add": Deed(
        "members", {"person": "{newcomer}"}, lambda scene, _: scene.role("newcomer") == Role.MEMBER
    ),
    "remove a member": Deed(
        "members/{other}/remove", {}, lambda scene, _: scene.role("other") is None
    ),
    "remove a moderator": Deed(
        "members/{moderator}/remove", {}, lambda scene, _: scene.role("moderator") is None
    ),
    "remove the owner": Deed(
        "members/{owner}/remove", {}, lambda scene, _: scene.role("owner") is None
    ),
    "remove a stranger": Deed("members/{newcomer}/remove", {}, lambda *_: False),
    "make an owner": Deed(
        "members/{other}/role",
        {"role": "owner"},
        lambda scene, _: scene.role("other") == Role.OWNER,
    ),
    "make the owner a member": Deed(
        "members/{owner}/role",
        {"role": "member"},
        lambda scene, _: scene.role("owner") == Role.MEMBER,
    ),
    "make a stranger an owner": Deed(
        "members/{newcomer}/role", {"role": "owner"}, lambda *_: False
    ),
}
ROLES = ("owner", "moderator", "member", "outsider")
# Statuses for the roles in this order. 409: the last owner stays.
ANSWERS = {
    "join": (200, 200, 200, 200),
    "leave": (409, 200, 200, 403),
    "rename": (200, 200, 403, 403),
    "archive": (200, 403, 403, 403),
    "add": (200, 200, 200, 403),
    "remove a member": (200, 200, 403, 403),
    "remove a moderator": (200, 200, 403, 403),
    "remove the owner": (409, 403, 403, 403),
    "remove a stranger": (404, 404, 403, 403),
    "make an owner": (200, 403, 403, 403),
    "make the owner a member": (409, 403, 403, 403),
    "make a stranger an owner": (404, 403, 403, 403),
}


def expected(scene: Scene, deed: str, who: str) -> int:
    if who == "nobody":
        return 401
    if scene.room.kind == Kind.PRIVATE:
        if who == "outsider":
            return 404
        if (deed, who) == ("add", "member"):
            return 403
    return ANSWERS[deed][ROLES.index(who)]


@pytest.mark.parametrize("who", [*ROLES, "nobody"])
@pytest.mark.parametrize("deed", DEEDS)
def test_permissions_of_each_role(
    scene: Scene,
    deed: str,
    who: str,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    path, data, done = DEEDS[deed].path, DEEDS[deed].data, DEEDS[deed].done
    before = everything()
    with django_capture_on_commit_callbacks() as told:
        answer = scene.browser(who).post(scene.url(path), scene.data(data))
    assert answer.status_code == expected(scene, deed, who)
    scene.room.refresh_from_db()
    if answer.status_code == 200:
        assert answer.json() == {"room": {"id": scene.room.pk, "slug": "general"}}
        assert done(scene, who)
        changed = everything() != before
        # Joining again as a member has no effect.
        assert changed == (deed != "join" or who == "outsider")
        assert bool(told) == changed
    else:
        assert answer.json()["detail"]
        assert everything() == before
        assert not told, "no events for a refused action"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("settings", {"name": "", "topic": ""}),
        ("settings", {"topic": "without a name"}),
        *(("settings", {"name": bad}) for bad in BAD_LINES),
        *(("settings", {"name": "x", "topic": bad}) for bad in BAD_LINES if bad.strip()),
        ("settings", {"name": "x" * 81}),
        ("settings", {"name": "x", "topic": "x" * 251}),
        ("archive", {}),
        *(("archive", {"archived": bad}) for bad in ("", "True", "yes", "1", "true\0")),
        ("members", {}),
        *(("members", {"person": bad}) for bad in ODD_IDS),
        ("members/{other}/role", {}),
        *(("members/{other}/role", {"role": bad}) for bad in ("", "king", "Owner", "owner\0")),
    ],
)
def test_invalid_fields_are_named_and_change_nothing(
    public: Scene, path: str, data: dict[str, str]
) -> None:
    before = everything()
    answer = public.browser("owner").post(public.url(path), data)
    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 1
    assert everything() == before


def test_moderators_cannot_remove_owners(public: Scene) -> None:
    members.set_role(None, public.room, public.people["other"], Role.OWNER)
    before = everything()
    remove = public.url("members/{owner}/remove")
    assert public.browser("moderator").post(remove).status_code == 403
    assert everything() == before
    assert public.browser("other").post(remove).status_code == 200
    assert public.role("owner") is None


def test_last_owner_can_leave_only_with_a_successor_or_alone(public: Scene) -> None:
    client = public.browser("owner")
    refused = client.post(public.url("leave"))
    assert refused.status_code == 409
    assert "Make somebody else an owner first" in refused.json()["detail"]
    for name in ("moderator", "member", "other"):
        assert client.post(public.url(f"members/{{{name}}}/remove")).status_code == 200
    assert client.post(public.url("leave")).status_code == 200
    assert not public.room.memberships.exists()


def test_removed_member_cannot_find_a_private_room() -> None:
    scene = scene_of(Kind.PRIVATE)
    client = scene.browser("other")
    assert client.get(scene.url()).status_code == 200
    scene.browser("moderator").post(scene.url("members/{other}/remove"))
    assert client.get(scene.url()).status_code == 404
    assert client.post(scene.url("join")).status_code == 404


def test_deactivated_people_can_be_removed_but_not_added(public: Scene) -> None:
    Person.objects.filter(handle__in=["other", "newcomer"]).update(active=False)
    client = public.browser("owner")
    answer = client.post(public.url("members"), public.data({"person": "{newcomer}"}))
    assert answer.status_code == 400
    assert public.role("newcomer") is None
    assert client.post(public.url("members/{other}/remove")).status_code == 200
    assert public.role("other") is None


def test_deactivated_people_are_signed_out(public: Scene) -> None:
    client = public.browser("owner")
    User.objects.filter(username="owner").update(is_active=False)
    before = everything()
    for deed in DEEDS.values():
        assert client.post(public.url(deed.path), public.data(deed.data)).status_code == 401
    assert everything() == before


def without_token(page: bytes) -> bytes:
    """Removes the page's own masked token."""
    return re.sub(rb'csrfmiddlewaretoken" value="\w+"', b"", page)


@pytest.mark.parametrize("kind", [Kind.PRIVATE, Kind.DIRECT])
def test_others_private_room_looks_missing(kind: str) -> None:
    scene = scene_of(Kind.PRIVATE)
    room = scene.room
    if kind == Kind.DIRECT:
        room = members.direct_room(scene.people["owner"], [scene.people["member"].pk])
    client = scene.browser("outsider")
    message = say(scene.people["owner"], room, "secret")
    before = everything()
    for path in ("", "1", f"quotes.json?ids={message.pk}"):
        there, nowhere = (client.get(f"/rooms/{slug}/{path}") for slug in (room.slug, "nowhere"))
        assert there.status_code == nowhere.status_code == 404
        assert without_token(there.content) == without_token(nowhere.content)
    for deed in DEEDS.values():
        path, data = scene.url(deed.path).removeprefix(scene.url()), scene.data(deed.data)
        there, nowhere = (
            client.post(f"/rooms/{slug}/{path}", data) for slug in (room.slug, "nowhere")
        )
        assert there.status_code == nowhere.status_code == 404
        assert there.json() == nowhere.json() == {"detail": "There is no such room."}
    assert everything() == before


@pytest.mark.parametrize("slug", ["%00", "general%00", "%ff", "%ed%a0%80", "x" * 5000, "ü", "%20"])
def test_odd_slug_is_not_found(ada: Person, slug: str) -> None:
    members.create_room(ada, "General", Kind.PUBLIC)
    client = browser(ada)
    for path in ("", "1", "quotes.json"):
        assert client.get(f"/rooms/{slug}/{path}").status_code == 404
    for path in ("join", "leave", "settings", "archive", "members", "members/1/remove"):
        assert client.post(f"/rooms/{slug}/{path}").status_code == 404


def test_pages_redirect_to_sign_in(public: Scene) -> None:
    for url in ("/rooms/", public.url(), public.url("1"), public.url("quotes.json")):
        answer = browser().get(url)
        assert answer.status_code == 302
        assert answer["Location"] == f"/accounts/login/?next={url}"
    for url in ("/directory.json", "/people.json"):
        assert browser().get(url).status_code == 401
    for url in ("/rooms/", "/direct/"):
        assert browser().post(url, NEW).status_code == 401


def test_anybody_can_view_a_public_room(public: Scene) -> None:
    page = public.browser("outsider").get(public.url("7")).content.decode()
    [chat] = re.findall(r'<script id="chat" type="application/json">(.*?)</script>', page)
    assert json.loads(chat)["room"]["slug"] == "general"
    assert json.loads(chat)["seq"] == 7
    assert public.role("outsider") is None, "viewing is not joining"


# Archived rooms


def test_archived_room_is_read_only_until_reopened(scene: Scene) -> None:
    owner = scene.browser("owner")
    assert owner.post(scene.url("archive"), {"archived": "true"}).status_code == 200
    before = everything()
    refused = [("owner", "rename"), ("owner", "add"), ("moderator", "rename")]
    if scene.room.kind == Kind.PUBLIC:
        refused += [("outsider", "join"), ("member", "add")]
    for who, name in refused:
        deed = DEEDS[name]
        answer = scene.browser(who).post(scene.url(deed.path), scene.data(deed.data))
        assert answer.status_code == 409
        assert answer.json() == {"detail": "This room is archived."}
    assert everything() == before
    # Members stay members, can read it, and can leave.
    assert scene.browser("member").post(scene.url("join")).status_code == 200
    assert scene.browser("member").get(scene.url()).status_code == 200
    assert scene.browser("member").post(scene.url("leave")).status_code == 200
    for who in ("moderator", "other"):
        answer = scene.browser(who).post(scene.url("archive"), {"archived": "false"})
        assert answer.status_code == 403
    assert owner.post(scene.url("archive"), {"archived": "false"}).status_code == 200
    scene.room.refresh_from_db()
    assert not scene.room.archived
    deed = DEEDS["rename"]
    assert owner.post(scene.url(deed.path), deed.data).status_code == 200


def test_archiving_twice_keeps_the_date(public: Scene) -> None:
    owner = public.browser("owner")
    owner.post(public.url("archive"), {"archived": "true"})
    before = everything()
    assert owner.post(public.url("archive"), {"archived": "true"}).status_code == 200
    assert everything() == before


# Direct rooms


def crowd(count: int) -> list[Person]:
    return [person(f"p{number:02}") for number in range(count)]


def direct(by: Person, *people: Person) -> Any:
    return browser(by).post("/direct/", {"people": [user.pk for user in people]})


@pytest.mark.parametrize("count", [2, 3, 9])
def test_same_people_share_one_direct_room(count: int) -> None:
    people = crowd(count)
    slugs = set()
    for by in (people[0], people[-1]):
        for others in (people, [user for user in people if user != by], people[::-1] * 2):
            answer = direct(by, *others)
            assert answer.status_code == 200
            slugs.add(answer.json()["room"]["slug"])
    assert len(slugs) == 1
    room = Room.objects.get()
    assert room.kind == Kind.DIRECT
    assert set(room.members.all()) == set(people)
    assert {member.role for member in room.memberships.all()} == {Role.MEMBER}
    # A different set of people is a different room.
    assert direct(people[0], person("eve")).json()["room"]["slug"] not in slugs


def test_direct_room_needs_two_to_nine_people() -> None:
    people = crowd(10)
    for others in ([], [people[0]], people, people[1:]):
        answer = direct(people[0], *others)
        assert answer.status_code == 400
        assert answer.json().get("detail") or answer.json()["errors"]["people"]
    assert not Room.objects.exists()


@pytest.mark.parametrize("known", [False, True])
def test_no_direct_room_with_deactivated_people(ada: Person, known: bool) -> None:
    bob = person("bob")
    if known:
        assert direct(ada, bob).status_code == 200
    before = everything()
    Person.objects.filter(pk=bob.pk).update(active=False)
    answer = direct(ada, bob)
    assert answer.status_code == 400
    assert answer.json()["errors"]["people"]
    assert everything() == before


@pytest.mark.parametrize("bad", ODD_IDS)
def test_odd_people_are_refused(ada: Person, bad: str) -> None:
    bob = person("bob")
    answer = browser(ada).post("/direct/", {"people": [str(bob.pk), bad]})
    assert answer.status_code == 400
    assert answer.json()["errors"]["people"]
    assert not Room.objects.exists()


def test_direct_room_cannot_be_changed(public: Scene) -> None:
    owner, member = public.people["owner"], public.people["member"]
    public.room = members.direct_room(owner, [member.pk])
    before = everything()
    for name, deed in DEEDS.items():
        answer = public.browser("owner").post(public.url(deed.path), public.data(deed.data))
        # All its members have already joined; none is a moderator or an owner.
        assert answer.status_code in {"join": {200}, "leave": {400}, "add": {400}}.get(name, {403})
    # Not even with a role, which could only be written into the database by hand.
    Membership.objects.filter(room=public.room, person=owner).update(role=Role.OWNER)
    before = everything()
    for name in ("leave", "rename", "archive", "add", "make an owner", "remove a member"):
        deed = DEEDS[name]
        answer = public.browser("owner").post(public.url(deed.path), public.data(deed.data))
        assert answer.status_code == 400
        assert "direct conversation" in answer.json()["detail"]
    assert everything() == before


# Methods and CSRF

POSTED = ["/direct/", *(f"/rooms/general/{deed.path}" for deed in DEEDS.values())]
POSTED = sorted({re.sub(r"\{\w+\}", "1", path) for path in POSTED})
READ = ["/rooms/general/", "/rooms/general/1", "/rooms/general/quotes.json"]
READ += ["/directory.json", "/people.json"]


@pytest.mark.parametrize("signed_in", [True, False])
def test_wrong_methods_are_rejected(public: Scene, signed_in: bool) -> None:
    client = public.browser("owner" if signed_in else "nobody")
    before = everything()
    for url in POSTED:
        for method in (client.get, client.head, client.put, client.delete, client.patch):
            assert method(url).status_code == 405, url
    for url in [*READ, "/"]:
        for method in (client.post, client.put, client.delete, client.patch):
            assert method(url).status_code == 405, url
    for method in (client.put, client.delete, client.patch):
        assert method("/rooms/").status_code == 405
    assert everything() == before


@pytest.mark.parametrize("url", ["/rooms/", *POSTED])
def test_requests_without_csrf_token_are_rejected(public: Scene, url: str) -> None:
    client = browser(public.people["owner"], enforce_csrf_checks=True)
    before = everything()
    data = {"name": "Forged", "kind": "public", "archived": "true", "role": "owner"}
    data |= public.data({"person": "{newcomer}", "people": "{newcomer}"})
    for token in ({}, {"X-CSRFToken": "x" * 64}, {"X-CSRFToken": "\0"}):
        answer = client.post(url, data, headers=token)
        assert answer.status_code == 403
        assert "Please try that again" in answer.content.decode()
    assert everything() == before


def test_requests_with_the_pages_csrf_token_work(public: Scene) -> None:
    client = browser(public.people["owner"], enforce_csrf_checks=True)
    client.get(public.url())
    token = client.cookies["csrftoken"].value
    client.get(public.url())
    assert client.cookies["csrftoken"].value == token, "other tabs keep theirs"
    answer = client.post("/rooms/", NEW, headers={"X-CSRFToken": token})
    assert answer.status_code == 200


@pytest.mark.parametrize("setting", ["CSRF_COOKIE_HTTPONLY", "CSRF_USE_SESSIONS"])
def test_where_the_csrf_cookie_cannot_be_read_the_page_has_a_token(
    public: Scene, setting: str
) -> None:
    client = browser(public.people["owner"], enforce_csrf_checks=True)
    with override_settings(**{setting: True}):
        csrf = boot_of(client.get(public.url()))["csrf"]
        assert set(csrf) == {"header", "token"}
        assert client.post("/rooms/", NEW).status_code == 403
        answer = client.post("/rooms/", NEW, headers={csrf["header"]: csrf["token"]})
        assert answer.status_code == 200


def boot_of(page: Any) -> dict[str, Any]:
    script = r'<script id="chat" type="application/json">(.*?)</script>'
    found = re.search(script, page.content.decode(), re.S)
    assert found
    return json.loads(found[1])


def test_page_says_whether_the_person_owns_the_place(public: Scene) -> None:
    assert boot_of(browser(public.people["owner"]).get(public.url()))["is_owner"] is False
    root = person("root", owner=True)
    assert boot_of(browser(root).get(public.url()))["is_owner"] is True


def test_name_of_the_place_is_only_text(public: Scene) -> None:
    Place.objects.update(name="</title><script>x</script>")
    page = browser(public.people["owner"]).get(public.url()).content.decode()
    assert "<script>x</script>" not in page


def test_addresses_of_the_page_begin_where_the_site_is_mounted(public: Scene) -> None:
    client = browser(public.people["owner"])
    set_script_prefix("/team/")
    try:
        urls = boot_of(client.get(public.url()))["urls"]
    finally:
        set_script_prefix("/")
    assert (urls["home"], urls["socket"]) == ("/team/", "/team/ws/")


# Searching


def found(client: Client, **query: str) -> list[str]:
    return [room["slug"] for room in client.get("/directory.json", query).json()["rooms"]]


def test_directory_lists_public_rooms_only(scene: Scene) -> None:
    members.direct_room(scene.people["owner"], [scene.people["member"].pk])
    for who in ROLES:
        rooms = scene.browser(who).get("/directory.json").json()["rooms"]
        if scene.room.kind == Kind.PRIVATE:
            assert rooms == []
            assert found(scene.browser(who), q="general") == []
            continue
        assert rooms == [
            {
                "id": scene.room.pk,
                "slug": "general",
                "name": "General",
                "topic": "",
                "members": 4,
                "joined": who != "outsider",
                "archived": False,
                "active_at": None,
            }
        ]


def test_directory_lists_largest_rooms_first_and_archived_last(ada: Person) -> None:
    bob = person("bob")
    for name in ("Quiet", "Busy", "Old", "Older"):
        members.create_room(ada, name, Kind.PUBLIC)
    for slug in ("busy", "old"):
        members.join(bob, Room.objects.get(slug=slug))
    for slug in ("older", "old"):
        members.set_archived(None, Room.objects.get(slug=slug), True)
    assert found(browser(ada)) == ["busy", "quiet", "older", "old"]
    rooms = browser(ada).get("/directory.json").json()["rooms"]
    assert [room["archived"] for room in rooms] == [False, False, True, True]


def test_directory_lists_most_recently_active_rooms_first(ada: Person) -> None:
    bob = person("bob")
    rooms = [members.create_room(ada, name, Kind.PUBLIC) for name in ("One", "Two", "Three", "Old")]
    members.join(bob, rooms[2])
    for room in (rooms[1], rooms[0], rooms[3]):
        log.commit([log.Request(ada.pk, protocol.Send(1, room.pk, uuid4(), "hi"))])
    members.set_archived(None, rooms[3], True)
    ActivityFollower().follow([Changes(room.pk, 0, 1) for room in rooms])
    assert found(browser(ada)) == ["one", "two", "three", "old"]
    # Following the same changes again, or late, changes nothing.
    log.commit([log.Request(ada.pk, protocol.Send(1, rooms[1].pk, uuid4(), "hi again"))])
    for _time in range(2):
        ActivityFollower().follow([Changes(rooms[1].pk, 0, 1)])
    assert found(browser(ada)) == ["two", "one", "three", "old"]
    latest = Message.objects.get(room=rooms[1], seq=2)
    [first, *_others] = browser(ada).get("/directory.json").json()["rooms"]
    assert first["active_at"] == protocol.time(latest.created_at)


@pytest.mark.parametrize(
    ("q", "slugs"),
    [
        ("tea", {"tea-room", "kitchen"}),
        ("  TEA  ", {"tea-room", "kitchen"}),
        ("t\0ea", {"tea-room", "kitchen"}),
        ("게시", {"자유-게시판"}),
        ("100%", {"tea-room"}),
        ("%", {"tea-room"}),
        ("_", set()),
        ("\\", set()),
        ("'", set()),
        ("\0", {"tea-room", "kitchen", "자유-게시판"}),
        ("\ufffd", set()),
        ("x" * 100_000, set()),
    ],
)
def test_directory_is_searched_by_name_and_topic(ada: Person, q: str, slugs: set[str]) -> None:
    members.create_room(ada, "Tea room", Kind.PUBLIC, "100% biscuits")
    members.create_room(ada, "Kitchen", Kind.PUBLIC, "Coffee and tea")
    members.create_room(ada, "자유 게시판", Kind.PUBLIC)
    members.create_room(ada, "Secret tea", Kind.PRIVATE, "게시 100%")
    assert set(found(browser(ada), q=q)) == slugs


@pytest.mark.parametrize("path", ["/directory.json", "/people.json"])
@pytest.mark.parametrize(
    "query", ["q=%ff", "q=%ed%a0%80", "q=%00&page=%00", "q[]=x", "page", "&&="]
)
def test_odd_queries_do_not_fail(ada: Person, path: str, query: str) -> None:
    assert browser(ada).get(f"{path}?{query}").status_code == 200


def test_directory_has_pages_of_fifty(ada: Person) -> None:
    Room.objects.bulk_create(Room(name=f"r{n:03}", slug=f"r{n:03}") for n in range(120))
    client = browser(ada)
    pages = [client.get(f"/directory.json?page={page}").json() for page in (1, 2, 3)]
    assert [len(page["rooms"]) for page in pages] == [50, 50, 20]
    assert [page["more"] for page in pages] == [True, True, False]
    slugs = [room["slug"] for page in pages for room in page["rooms"]]
    assert slugs == [f"r{n:03}" for n in range(120)], "every room once"
    for beyond in ("4", "0", str(10**30)):
        assert client.get("/directory.json", {"page": beyond}).json() == pages[2]
    for odd in ("9" * 5000, "x", "\0", "", "-1", "1.5", "NaN"):
        assert client.get("/directory.json", {"page": odd}).json() in (pages[0], pages[2])


def test_people_are_found_by_username_and_name(ada: Person) -> None:
    person("bob", name="Robert Müller")
    person("minji", name="김민지")
    person("zed", name="Bob the gone", is_active=False)
    User.objects.create_user("plain")
    client = browser(ada)

    def names(q: str) -> list[str]:
        return [found["handle"] for found in client.get("/people.json", {"q": q}).json()["people"]]

    assert names("") == names("\0") == ["ada", "bob", "minji", "plain"]
    assert names("BOB") == names("robert") == ["bob"]
    assert names("민지") == ["minji"]
    assert names("%") == names("_") == names("zed") == []
    assert client.get("/people.json", {"q": "minji"}).json()["people"] == [
        {
            "id": Person.objects.get(handle="minji").pk,
            "handle": "minji",
            "name": "김민지",
        }
    ]


def test_more_than_fifty_people_are_announced(ada: Person) -> None:
    crowd(49)
    client = browser(ada)
    assert client.get("/people.json").json()["more"] is False
    person("p99")
    answer = client.get("/people.json").json()
    assert (len(answer["people"]), answer["more"]) == (50, True)


# Quotes


def quoted(client: Client, scene: Scene, *ids: Any) -> list[int]:
    answer = client.get(scene.url("quotes.json"), {"ids": ids})
    assert answer.status_code == 200
    return sorted(message["id"] for message in answer.json()["messages"])


def test_quotes_are_short_and_of_this_room_only(public: Scene) -> None:
    owner = public.people["owner"]
    elsewhere = members.create_room(owner, "Elsewhere", Kind.PUBLIC)
    first, long = say(owner, public.room, "hi"), say(owner, public.room, "x" * 1000)
    other = say(owner, elsewhere, "not here")
    client = public.browser("member")
    assert quoted(client, public, first.pk, long.pk, other.pk) == [first.pk, long.pk]
    [message] = client.get(public.url("quotes.json"), {"ids": long.pk}).json()["messages"]
    assert message == {
        "id": long.pk,
        "seq": 2,
        "author": {"id": owner.pk, "handle": "owner", "name": "owner"},
        "body": "x" * 200,
    }


def test_quotes_are_for_members(scene: Scene) -> None:
    message = say(scene.people["owner"], scene.room, "hi")
    url = scene.url("quotes.json")
    for who in ("owner", "moderator", "member"):
        assert quoted(scene.browser(who), scene, message.pk) == [message.pk]
    assert scene.browser("outsider").get(url, {"ids": message.pk}).status_code == 404
    assert browser().get(url, {"ids": message.pk}).status_code == 302


@pytest.mark.parametrize("bad", ODD_IDS)
def test_odd_ids_of_quotes_are_ignored(public: Scene, bad: str) -> None:
    message = say(public.people["owner"], public.room, "hi")
    assert quoted(public.browser("member"), public, bad, message.pk, bad) == [message.pk]


def test_number_of_quotes_is_bounded(public: Scene) -> None:
    messages = [say(public.people["owner"], public.room, "hi") for _ in range(3)]
    ids = [messages[0].pk, *range(10**6, 10**6 + 199), messages[1].pk]
    assert quoted(public.browser("member"), public, *ids) == [messages[0].pk]


# Numbers in URLs


@pytest.mark.parametrize("number", [10**18, 2**63 - 1, 2**63, 10**30, "9" * 4000, "9" * 5000])
def test_large_numbers_in_urls_are_not_found(public: Scene, number: int | str) -> None:
    client = public.browser("owner")
    before = everything()
    assert client.get(public.url(str(number))).status_code in {200, 404}
    for path in ("remove", "role"):
        answer = client.post(public.url(f"members/{number}/{path}"), {"role": "owner"})
        assert answer.status_code in {400, 404}
    assert everything() == before


@pytest.mark.parametrize("number", ["-1", "1.5", "x", "%00", "\u0663", "1%00", "%20"])
def test_odd_numbers_in_urls_are_not_found(public: Scene, number: str) -> None:
    client = public.browser("owner")
    before = everything()
    assert client.get(public.url(number)).status_code in {200, 404}
    answer = client.post(public.url(f"members/{number}/remove"))
    assert answer.status_code in {400, 404}
    assert everything() == before


# Queries


def test_query_count_of_a_room_page_is_constant(public: Scene) -> None:
    client = public.browser("owner")
    few = queries(client, public.url())
    for user in crowd(30):
        members.add_member(None, public.room, user)
    assert queries(client, public.url()) == queries(client, public.url("1")) == few


def test_query_count_of_lists_is_constant(public: Scene) -> None:
    owner = public.people["owner"]
    User.objects.filter(username="owner").update(is_superuser=True)
    client = public.browser("owner")
    ids = [say(owner, public.room, "hi").pk]
    quotes = public.url("quotes.json?")

    def counts() -> dict[str, int]:
        return {
            "settings": queries(client, "/settings/"),
            "directory": queries(client, "/directory.json"),
            "people": queries(client, "/people.json"),
            "quotes": queries(client, quotes + urlencode({"ids": ids}, doseq=True)),
        }

    few = counts()
    people = crowd(60)
    for number in range(50):
        members.create_room(people[number], f"Room {number}", Kind.PUBLIC)
    for number in range(99):
        members.add_member(None, public.room, people[number % 60])
        ids.append(say(people[number % 60], public.room, "hi").pk)
    assert len(client.get("/directory.json").json()["rooms"]) == 50
    assert len(quoted(client, public, *ids)) == 100
    assert counts() == few


# All pages

PAGES = {
    "/": 302,
    "/rooms/": 200,
    "/rooms/general/": 200,
    "/rooms/general/1": 200,
    "/rooms/general/quotes.json": 200,
    "/rooms/general/join": 405,
    "/rooms/nowhere/": 404,
    "/nowhere": 404,
    "/directory.json": 200,
    "/people.json": 200,
    "/settings/": 200,
    "/settings/place": 405,
    "/setup/wrong/": 404,
    "/join/wrong/": 302,
    "/accounts/password/change/": 200,
    "/accounts/logout/": 200,
    "/jsi18n/en/x.js": 200,
    "/jsi18n/xx/x.js": 404,
    "/admin/": 200,
    "/admin/rooms/room/": 200,
    "/admin/rooms/room/add/": 200,
}


def is_protected(answer: Any) -> bool:
    policy = answer["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["form-action"] == "'self'"
    assert rules["base-uri"] == rules["frame-ancestors"] == rules["object-src"] == "'none'"
    assert "unsafe" not in policy
    assert "*" not in policy
    return (
        answer["X-Frame-Options"] == "DENY"
        and answer["X-Content-Type-Options"] == "nosniff"
        and answer["Referrer-Policy"] == "same-origin"
    )


@pytest.mark.parametrize("url", PAGES)
def test_every_page_has_security_headers(url: str) -> None:
    root = person("root", owner=True)
    members.create_room(root, "General", Kind.PUBLIC)
    answer = browser(root).get(url)
    assert answer.status_code == PAGES[url]
    assert is_protected(answer)
    assert is_protected(browser().get(url))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil", ""])
def test_unknown_host_is_rejected(ada: Person, host: str) -> None:
    client = browser(ada)
    for url in ("/", "/rooms/", "/directory.json", "/accounts/login/", "/admin/"):
        answer = client.get(url, HTTP_HOST=host)
        assert answer.status_code == 400
        assert b"evil" not in answer.content


def test_session_cookie_is_same_site_and_http_only(ada: Person) -> None:
    client = browser()
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["secure"], "on http:// a browser would not send it back"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_are_secure_with_https(scheme: str, tmp_path: Path) -> None:
    settings = {"CHAT_URL": f"{scheme}://chat.example.org"}
    said = returned(start(pages.sign_in_behind_a_proxy, environment(tmp_path, **settings)))
    assert said["secure"] == (scheme == "https"), "the proxy header counts only with https"
    names = set()
    for line in said["cookies"].splitlines():
        for cookie in SimpleCookie(line.strip()).values():
            names.add(cookie.key)
            assert bool(cookie["secure"]) == (scheme == "https")
            assert cookie["samesite"] == "Lax"
    assert names == {"sessionid", "csrftoken"}


def test_directory_counts_active_members_only(ada: Person) -> None:
    room = members.create_room(ada, "Lounge", "public")
    gone = person("gone")
    members.join(gone, room)
    User.objects.get(username="gone").delete()
    [found] = browser(ada).get("/directory.json?q=").json()["rooms"]
    assert found["members"] == 1


def test_no_id_appears_twice_on_a_page() -> None:
    owner = person("root", owner=True)
    for path in ("/settings/", "/settings/account/delete", "/accounts/password/change/"):
        ids = re.findall(r'\bid="([^"]+)"', browser(owner).get(path).content.decode())
        assert len(ids) == len(set(ids)), path
