"""Sign-in, its limits, sign-up, and passwords."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client, RequestFactory, override_settings
from django.utils.translation import override

from rooms import members
from rooms.models import Message, Person, Room, Signup
from rooms.models.person import NoAccount
from rooms.pages import chat
from rooms.pages.rooms import search_people
from tests.conftest import MakeSite
from tests.programs import pages
from tests.web import BAD_LINES, PASSWORD, account, browser, person, set_signup

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
SIGNUP = "/accounts/signup/"
RESET = "/accounts/password/reset/"
NEW_PASSWORD = "a wholly new passphrase"


def sign_in(client: Client, login: str, password: str = PASSWORD, url: str = LOGIN) -> Any:
    return client.post(url, {"login": login, "password": password})


def twice(password: str) -> dict[str, str]:
    return {"password1": password, "password2": password}


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("login", ["ada", "ada@example.org"])
def test_sign_in_by_username_or_email(login: str) -> None:
    account("ada", email="ada@example.org")
    client = browser()
    answer = sign_in(client, login)
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert signed_in(client)


def test_sign_in_redirects_to_the_requested_page() -> None:
    account("ada")
    client = browser()
    page = client.get("/settings/")
    assert page["Location"] == "/accounts/login/?next=/settings/"
    answer = client.post(page["Location"], {"login": "ada", "password": PASSWORD})
    assert answer["Location"] == "/settings/"
    elsewhere = browser()
    answer = elsewhere.post(f"{LOGIN}?next=//evil.example/", {"login": "ada", "password": PASSWORD})
    assert answer["Location"] == "/"


def test_wrong_password_keeps_the_entered_username() -> None:
    account("ada")
    client = browser()
    page = sign_in(client, "ada", "wrong").content.decode()
    assert "The username and/or password you specified are not correct." in page
    assert 'value="ada"' in page
    assert "wrong" not in page
    assert not signed_in(client)


def test_sign_in_fields_support_password_managers() -> None:
    account("ada")
    field = re.search(r'<input[^>]*name="login"[^>]*>', browser().get(LOGIN).content.decode())
    assert field
    assert 'autocomplete="username"' in field[0]
    assert "placeholder" not in field[0]


@pytest.mark.parametrize("bad", ["a\0b", "x" * 10_000, "", "a\nb", "\ud800"])
def test_invalid_sign_in_is_rejected(bad: str) -> None:
    client = browser()
    # A lone surrogate is not UTF-8, so it can only be sent as bytes.
    text = bad.encode("utf-8", "surrogatepass")
    form = "application/x-www-form-urlencoded"
    for body in (b"login=ada&password=" + text, b"login=" + text + b"&password=x"):
        assert client.post(LOGIN, body, content_type=form).status_code == 200
    assert not signed_in(client)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_overlong_sign_in_is_refused_on_every_database(make_site: MakeSite, database: str) -> None:
    with make_site(database) as site:
        site.people("ada")  # without accounts there is nothing to compare with
        for bad in ("x" * 100_000, "_" * 40_000, "x" * 100_000 + "@example.org"):
            status, page = site.post(LOGIN, {"login": bad, "password": PASSWORD})
            assert status == 200, page
            assert 'class="errorlist' in page


@pytest.mark.parametrize("url", [LOGIN, "/admin/login/"])
def test_too_many_wrong_passwords_lock_out_the_right_one(url: str) -> None:
    account("ada", owner=True)
    for _ in range(10):
        sign_in(browser(), "ada", "wrong")
    client = browser()
    answer = sign_in(client, "ada", PASSWORD, LOGIN)
    assert "Too many failed login attempts. Try again later." in answer.content.decode()
    # The admin has no sign-in page of its own without limits.
    answer = client.post(url, {"username": "ada", "login": "ada", "password": PASSWORD})
    assert answer.status_code in {200, 302}
    assert not signed_in(client)
    assert client.get("/admin/").status_code == 302


def test_mails_go_by_the_server_and_from_the_sender_of_the_settings(make_site: MakeSite) -> None:
    url = "smtp+tls://user:password@mail.example.org:587"
    chat = {"CHAT_URL": "https://chat.example.org"}
    server = {"host": "mail.example.org", "port": 587, "username": "user", "use_tls": True}
    with make_site("sqlite", serve=False, **chat, EMAIL_URL=url) as site:
        way = site.run(pages.way_of_mail)
        assert way == {**server, "sender": "chat@chat.example.org", "by mail": True}
    with make_site("sqlite", serve=False, **chat, EMAIL_URL="", EMAIL_FROM="team@x.org") as site:
        way = site.run(pages.way_of_mail)
        assert way == {**dict.fromkeys(server), "sender": "team@x.org", "by mail": False}


def test_with_another_secret_key_everybody_is_signed_out(make_site: MakeSite) -> None:
    with make_site("sqlite") as site:
        site.people("ada")
        assert 'name="login"' not in site.get("/settings/", "ada")[1]
        [process] = site.processes
        process.environment = {**site.environment, "SECRET_KEY": "another one, and as long as that"}
        process.restart()
        assert 'name="login"' in site.get("/settings/", "ada")[1]


@pytest.mark.parametrize("proxies", [0, 1])
def test_limits_count_by_the_address_that_the_trusted_proxy_gives(
    make_site: MakeSite, proxies: int
) -> None:
    with make_site("sqlite", serve=False, TRUSTED_PROXIES=str(proxies)) as site:
        site.people("ada")  # with no account at all there is no form
        # What a client writes into the header itself stands before what the proxy adds.
        tries = [("192.0.2.1", 11), ("192.0.2.2", 1), ("192.0.2.3, 192.0.2.1", 1)]
        assert site.run(pages.sign_in_from, tries) == [True, proxies == 0, True]


def test_addresses_of_the_chat_are_hosts_and_origins_and_no_others(make_site: MakeSite) -> None:
    main, other = "https://chat.example.org", "http://chat.local:8000"
    with make_site("sqlite", serve=False, CHAT_URL=f"{main},{other}") as site:
        site.people("ada")
        by = {
            ("chat.example.org", main): 200,
            ("chat.local:8000", other): 200,
            ("chat.example.org", other): 200,
            ("chat.example.org", "https://evil.example"): 403,
            ("chat.example.org", "https://chat.local:8000"): 403,
            ("evil.example", main): 400,
        }
        assert site.run(pages.sign_in_by, list(by)) == list(by.values())


def test_admin_uses_the_same_sign_in_page() -> None:
    answer = browser().get("/admin/login/?next=/admin/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)


def test_sign_out_asks_for_confirmation() -> None:
    client = browser(account("ada"))
    assert client.get("/accounts/logout/").status_code == 200
    assert signed_in(client)
    assert client.post("/accounts/logout/").status_code == 302
    assert not signed_in(client)


DELETE = "/settings/account/delete"
NEW = {
    "username": "grace",
    "name": "Grace Hopper",
    "email": "grace@example.org",
    "password1": PASSWORD,
}


def test_open_sign_up_redirects_to_the_first_room() -> None:
    set_signup(Signup.OPEN)
    room = Room.objects.create(name="General", slug="general")
    client = browser()
    assert client.get(SIGNUP).status_code == 200
    answer = client.post(SIGNUP, NEW)
    assert answer.status_code == 302
    user = User.objects.get(username="grace")
    assert Person.of(user).shown_name == "Grace Hopper"
    assert not user.is_staff
    assert room.memberships.filter(person=Person.of(user), role="member").exists()
    assert signed_in(client)
    assert client.get("/")["Location"] == "/rooms/general/"


@pytest.mark.parametrize("signup", [Signup.INVITATION, Signup.CLOSED])
def test_sign_up_is_refused_unless_open(signup: Signup) -> None:
    set_signup(signup)
    client = browser()
    page = client.get(SIGNUP).content.decode()
    assert ("You need an invitation" in page) == (signup == Signup.INVITATION)
    assert "<form" not in page
    client.post(SIGNUP, NEW)
    assert not User.objects.exists()
    assert SIGNUP not in client.get(LOGIN).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "ada"},
        {"username": "ADA"},
        {"username": "a"},
        {"username": "x" * 151},
        {"username": "a\0b"},
        {"username": "two words"},
        {"username": ""},
        {"email": "ada@example.org"},
        {"email": "no address"},
        {"email": "a\0@example.org"},
        {"password1": "short"},
        {"password1": "password"},
        {"password1": "12345678901"},
        {"password1": "grace hopper\0"},
        {"name": "x" * 61},
        *({"name": bad} for bad in BAD_LINES if bad.strip()),
    ],
)
def test_invalid_sign_up_creates_nothing_and_keeps_the_input(wrong: dict[str, str]) -> None:
    set_signup(Signup.OPEN)
    account("ada", email="ada@example.org")
    answer = browser().post(SIGNUP, NEW | wrong)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'class="errorlist' in page
    if "email" not in wrong:
        assert 'value="grace@example.org"' in page
    assert User.objects.count() == 1


def test_password_change_ends_other_sessions() -> None:
    user = account("ada")
    here, elsewhere = browser(user), browser(user)
    url = "/accounts/password/change/"
    wrong = here.post(url, twice(NEW_PASSWORD) | {"oldpassword": "no"})
    assert "Please type your current password." in wrong.content.decode()
    answer = here.post(url, twice(NEW_PASSWORD) | {"oldpassword": PASSWORD})
    assert answer.status_code == 302
    assert here.get("/settings/").status_code == 200
    assert elsewhere.get("/settings/").status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_without_mail_the_page_refers_to_the_owner() -> None:
    account("ada", email="ada@example.org")
    client = browser()
    page = client.get(RESET).content.decode()
    assert "This place sends no mail. Ask its owner" in page
    assert "<form" not in page
    client.post(RESET, {"email": "ada@example.org"})
    assert mail.outbox == []


@contextmanager
def mail_configured() -> Iterator[None]:
    backend = "django.core.mail.backends.locmem.EmailBackend"
    with override_settings(CHAT_SENDS_MAIL=True, EMAIL_BACKEND=backend):
        yield


def choose_password(client: Client, link: str, password: str = NEW_PASSWORD) -> Any:
    page = client.get(link, follow=True)
    if not page.redirect_chain:
        return page
    return client.post(page.redirect_chain[-1][0], twice(password))


def test_reset_by_mail() -> None:
    user = account("ada", email="ada@example.org")
    with mail_configured():
        client = browser()
        assert client.post(RESET, {"email": "ada@example.org"}).status_code == 302
        assert len(mail.outbox) == 1
        link = re.search(r"http://\S+", str(mail.outbox[0].body))
        assert link
        path = link[0].removeprefix("http://127.0.0.1")
        assert choose_password(client, path).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert sign_in(browser(), "ada", NEW_PASSWORD).status_code == 302


def test_reset_does_not_reveal_accounts() -> None:
    account("ada", email="ada@example.org")
    with mail_configured():
        answers = [browser().post(RESET, {"email": f"{who}@example.org"}) for who in ("ada", "eve")]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"]


def made_link(page: str) -> str:
    link = re.search(r'value="http://127\.0\.0\.1:8000(/accounts/password/reset/key/[^"]+)"', page)
    assert link
    return link[1]


def test_owners_reset_link_works_once() -> None:
    owner, user = account("root", owner=True), account("ada")
    old = browser(user)
    answer = browser(owner).post(f"/settings/people/{Person.of(user).pk}/reset-link")
    link = made_link(answer.content.decode())
    client = browser()
    bad = choose_password(client, link, "short")
    assert bad.status_code == 200
    assert choose_password(client, link).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert old.get("/settings/").status_code == 302
    again = browser().get(link, follow=True).content.decode()
    assert "This link cannot be used" in again


def test_only_the_owner_creates_reset_links() -> None:
    user, other = account("ada"), account("bob")
    client = browser(user)
    assert client.post(f"/settings/people/{other.pk}/reset-link").status_code == 403
    assert browser().post(f"/settings/people/{other.pk}/reset-link").status_code == 302


def test_deactivated_account_is_signed_out_and_cannot_sign_in() -> None:
    owner, user = account("root", owner=True), account("ada")
    session, office = browser(user), browser(owner)
    assert session.get("/settings/").status_code == 200
    assert office.post(f"/settings/people/{Person.of(user).pk}/deactivate").status_code == 302
    assert session.get("/settings/").status_code == 302
    assert session.get("/people.json").status_code == 401
    client = browser()
    sign_in(client, "ada")
    assert not signed_in(client)
    office.post(f"/settings/people/{Person.of(user).pk}/reactivate")
    sign_in(client, "ada")
    assert signed_in(client)


def test_owner_cannot_deactivate_themselves() -> None:
    owner = account("root", owner=True)
    client = browser(owner)
    page = client.post(f"/settings/people/{owner.pk}/deactivate", follow=True).content.decode()
    assert "You cannot deactivate your own account." in page
    owner.refresh_from_db()
    assert owner.is_active


OWNERS = ["place", "invitations", "invitations/1/revoke", "people/1/deactivate"]


@pytest.mark.parametrize("path", OWNERS)
def test_only_the_owner_sees_the_settings_of_the_place(path: str) -> None:
    assert browser(account("ada")).post(f"/settings/{path}").status_code == 403


@pytest.mark.parametrize("name", ["x" * 61, *(bad for bad in BAD_LINES if bad.strip())])
def test_invalid_name_changes_nothing(name: str) -> None:
    user = account("ada", name="Ada")
    answer = browser(user).post("/settings/profile", {"name": name})
    assert answer.status_code == 400
    assert Person.of(user).name == "Ada"


def test_name_is_saved() -> None:
    user = account("ada")
    page = browser(user).post("/settings/profile", {"name": "Ada Lovelace"}, follow=True)
    assert "Your name was saved." in page.content.decode()
    assert Person.of(user).name == "Ada Lovelace"


def test_people_can_be_searched_and_paginated() -> None:
    client = browser(account("root", owner=True))
    for number in range(60):
        account(f"person{number:02}")
    assert "person05" in client.get("/settings/?q=son05").content.decode()
    assert "person59" in client.get("/settings/?page=2").content.decode()
    for odd in ("%00", "%25", "_", "%ff", "x" * 5000):
        assert client.get(f"/settings/?q={odd}&page={odd}").status_code == 200


PAGES = [LOGIN, SIGNUP, RESET, "/accounts/password/reset/done/", "/", "/nothing/here/"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_in_korean(path: str) -> None:
    set_signup(Signup.OPEN)
    page = browser().get(path, headers={"accept-language": "ko"}, follow=True).content.decode()
    assert '<html lang="ko">' in page
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", page, flags=re.S)
    assert set(re.findall(r"[A-Za-z]{3,}", text)) <= {"Chat"}, text


def test_errors_are_in_korean() -> None:
    account("ada")
    korean = {"accept-language": "ko"}
    data = {"login": "ada", "password": "wrong"}
    page = browser().post(LOGIN, data, headers=korean).content.decode()
    assert "비밀번호가 올바르지 않습니다." in page


def test_language_choice_is_remembered() -> None:
    client = browser(account("ada"))
    client.post("/i18n/setlang/", {"language": "ko", "next": "/settings/"})
    page = client.get("/settings/", headers={"accept-language": "en"}).content.decode()
    assert '<html lang="ko">' in page
    assert "이름 저장" in page


def said_by(user: User) -> Message:
    room = Room.objects.create(name="General", slug="general", seq=1, version=1)
    author = Person.of(user)
    members.join(author, room)
    return Message.objects.create(
        room=room, seq=1, version=1, author=author, cid=uuid4(), digest="", body="still here"
    )


@pytest.mark.parametrize("forget_name", [False, True])
def test_deleting_an_account_keeps_its_messages(forget_name: bool) -> None:
    account("root", owner=True)
    user = account("ada", name="Ada Lovelace")
    message, client = said_by(user), browser(user)
    form = {"password": PASSWORD} | ({"forget_name": "on"} if forget_name else {})
    assert client.post(DELETE, form)["Location"].startswith("/accounts/login/")
    assert not User.objects.filter(username="ada").exists()
    message.refresh_from_db()
    author = message.author
    assert message.body == "still here"
    assert (author.user, author.active) == (None, False)
    assert author.handle == (f"~{author.pk}" if forget_name else "ada")
    assert author.name == ("" if forget_name else "Ada Lovelace")
    assert author.shown_name == ("Deleted person" if forget_name else "Ada Lovelace")
    with override("ko"):
        assert author.shown_name == ("탈퇴한 사용자" if forget_name else "Ada Lovelace")
    assert not signed_in(client)
    # The name becomes free only if it was removed.
    assert account("ada").pk
    assert Person.of(User.objects.get(username="ada")).handle == ("ada" if forget_name else "ada-2")


@pytest.mark.parametrize("wrong", [{}, {"password": ""}, {"password": "another one"}])
def test_deleting_an_account_requires_its_password(wrong: dict[str, str]) -> None:
    user = account("ada")
    client = browser(user)
    assert client.post(DELETE, wrong).status_code == 400
    assert User.objects.filter(pk=user.pk).exists()
    assert signed_in(client)
    assert client.get(DELETE).status_code == 200
    assert browser().post(DELETE, {"password": PASSWORD})["Location"].startswith("/accounts/login/")


@pytest.mark.django_db(transaction=True)
def test_page_of_an_account_that_was_deleted_meanwhile_leads_to_sign_in() -> None:
    user = account("ada")
    stale = User.objects.get(pk=user.pk)
    user.delete()
    with pytest.raises(NoAccount):
        Person.of(stale)
    for view in (chat.home, chat.directory):
        request = RequestFactory().get("/rooms/")
        request.user = stale
        assert view(request)["Location"] == "/accounts/login/?next=/rooms/"
    request = RequestFactory().get("/people.json")
    request.user = stale
    assert search_people(request).status_code == 401
    assert list(Person.objects.values_list("user", flat=True)) == [None]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_deleting_an_account_twice_at_once_is_no_error(make_site: MakeSite, database: str) -> None:
    with make_site(database) as site:
        site.people("ada")
        form = {"password": "correct horse ada"}
        with ThreadPoolExecutor(4) as at_once:
            answers = list(at_once.map(lambda _: site.post(DELETE, form, "ada")[0], range(4)))
        assert answers == [200] * 4, "the sign-in page, to which all are redirected"
        assert "Traceback" not in site.processes[0].log.read_text()


def test_room_of_a_deleted_account_gets_another_owner() -> None:
    ada, bob, eve = (person(name) for name in ("ada", "bob", "eve"))
    room = members.create_room(ada, "Lounge", "public")
    shared = members.create_room(ada, "Shared", "public")
    alone = members.create_room(ada, "Alone", "public")
    for somebody in (eve, bob):
        members.join(somebody, room)
        members.join(somebody, shared)
    members.set_role(ada, room, bob, "moderator")
    members.set_role(ada, shared, eve, "owner")
    User.objects.get(username="ada").delete()
    roles = dict(room.memberships.values_list("person__handle", "role"))
    assert roles == {"ada": "owner", "bob": "owner", "eve": "member"}
    roles = dict(shared.memberships.values_list("person__handle", "role"))
    assert roles == {"ada": "owner", "bob": "member", "eve": "owner"}
    assert alone.memberships.count() == 1


def test_reactivated_account_is_an_active_person_again() -> None:
    user = account("ada")
    for active in (False, True):
        user.is_active = active
        user.save()
        assert Person.of(user).active is active


@pytest.mark.parametrize("field", ["username", "email"])
def test_addresses_and_numbers_that_people_sign_in_with_are_no_handles(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.setattr(User, "USERNAME_FIELD", field)
    user = User.objects.create(
        username="ada@example.org", email="+1-555-0100", first_name="Ada", last_name="Lovelace"
    )
    assert Person.of(user).handle == "ada-lovelace"


def test_the_only_owner_cannot_delete_their_account() -> None:
    owner = account("root", owner=True)
    answer = browser(owner).post(DELETE, {"password": PASSWORD, "forget_name": "on"})
    assert answer.status_code == 409
    assert "only owner" in answer.content.decode()
    assert Person.of(owner).handle == "root"
    account("second", owner=True)
    assert browser(owner).post(DELETE, {"password": PASSWORD}).status_code == 302
