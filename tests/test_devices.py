"""The page of signed-in devices, and the cost of tracking them."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.accounts import adapter
from rooms.accounts.templatetags.devices import ago, device
from tests.web import PASSWORD, account, browser

pytestmark = pytest.mark.django_db

DEVICES = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1"
)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36"
)


def used(user: User, agent: str = FIREFOX, **options: Any) -> Client:
    """A browser of this user that has requested a page."""
    client = browser(user, HTTP_USER_AGENT=agent, **options)
    assert client.get("/settings/").status_code == 200
    return client


def listed(client: Client) -> str:
    return client.get(DEVICES).content.decode()


def signed_in(client: Client) -> bool:
    return client.get(DEVICES).status_code == 200


def row_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The sessions whose sockets were closed. Those of ended sessions cannot reconnect."""
    calls: list[tuple[int, str]] = []

    def end_sockets(user_id: int, session_key: str) -> None:
        assert not UserSession.objects.filter(session_key=session_key).exists()
        calls.append((user_id, session_key))

    monkeypatch.setattr(adapter, "end_sockets", end_sockets)
    return calls


def test_lists_only_my_devices_and_marks_this_one() -> None:
    ada, bob = account("ada"), account("bob")
    here = used(ada, REMOTE_ADDR="192.0.2.1")
    used(ada, IPHONE, REMOTE_ADDR="192.0.2.2")
    used(bob, CHROME, REMOTE_ADDR="192.0.2.3")
    page = listed(here)
    assert "Firefox on Linux" in page
    assert "192.0.2.1" in page
    assert page.count("This device") == 1
    assert "Safari on iPhone" in page
    assert "192.0.2.2" in page
    assert "last seen just now" in page
    assert "Windows" not in page
    assert "192.0.2.3" not in page


def test_requires_sign_in() -> None:
    answer = browser().get(DEVICES)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    session = row_of(used(account("ada")))
    answer = browser().post(f"/settings/devices/{session.pk}/end")
    assert answer["Location"].startswith("/accounts/login/")
    assert UserSession.objects.filter(pk=session.pk).exists()


def test_ending_a_session_closes_its_sockets(ended: list) -> None:
    ada = account("ada")
    here, phone, other = used(ada), used(ada, IPHONE), used(ada, CHROME)
    session = row_of(phone)
    answer = here.post(f"/settings/devices/{session.pk}/end", follow=True)
    assert "The device was signed out." in answer.content.decode()
    assert ended == [(ada.pk, session.session_key)]
    assert not signed_in(phone)
    assert signed_in(here)
    assert signed_in(other)


def test_can_end_all_other_sessions(ended: list) -> None:
    ada = account("ada")
    here, phone, other = used(ada), used(ada, IPHONE), used(ada, CHROME)
    keys = {(ada.pk, client.session.session_key) for client in (phone, other)}
    answer = here.post(DEVICES, follow=True)
    assert "All other devices were signed out." in answer.content.decode()
    assert set(ended) == keys
    assert not signed_in(phone)
    assert not signed_in(other)
    assert signed_in(here)
    assert "Sign out everywhere else" not in listed(here)


def test_cannot_end_another_users_session(ended: list) -> None:
    ada, bob = used(account("ada")), used(account("bob"))
    assert ada.post(f"/settings/devices/{row_of(bob).pk}/end").status_code == 404
    ada.post(DEVICES)
    assert ended == []
    assert signed_in(bob)


def test_ending_this_session_signs_out(ended: list) -> None:
    here = used(account("ada"))
    here.post(f"/settings/devices/{row_of(here).pk}/end")
    assert not signed_in(here)
    assert len(ended) == 1


def test_ending_requires_post() -> None:
    here = used(account("ada"))
    assert here.get(f"/settings/devices/{row_of(here).pk}/end").status_code == 405
    strict = browser(User.objects.get(), enforce_csrf_checks=True)
    assert strict.post(f"/settings/devices/{row_of(here).pk}/end").status_code == 403
    assert signed_in(here)


def test_untracked_session_is_listed_after_its_first_request() -> None:
    ada = account("ada")
    here, before = browser(ada), browser(ada)
    assert not UserSession.objects.exists()
    before.get("/settings/devices/seen")
    assert listed(here).count('class="list__row"') == 2


def queries(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(path)
    return [query["sql"] for query in asked.captured_queries]


def test_tracking_costs_one_read_and_writes_every_ten_minutes() -> None:
    here = used(account("ada"))
    tracking = [sql for sql in queries(here, "/settings/") if "usersession" in sql]
    assert len(tracking) == 1
    assert tracking[0].startswith("SELECT")
    seen = timezone.now() - timedelta(minutes=11)
    UserSession.objects.update(last_seen_at=seen)
    assert any("UPDATE" in sql for sql in queries(here, "/settings/devices/seen"))
    assert row_of(here).last_seen_at > seen
    assert not any("UPDATE" in sql for sql in queries(here, "/settings/devices/seen"))


def test_no_tracking_queries_without_a_session() -> None:
    assert not any("usersession" in sql for sql in queries(browser(), "/accounts/login/"))


def test_pages_work_when_tracking_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_arguments: Any) -> None:
        raise DatabaseError("database is locked")

    monkeypatch.setattr(UserSession.objects, "create_from_request", busy)
    assert browser(account("ada")).get("/settings/").status_code == 200
    no_address = browser(User.objects.get(), REMOTE_ADDR="")
    assert no_address.get("/settings/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        (CHROME, "Chrome on Windows"),
        (CHROME + " Edg/143.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit Chrome/143 Safari/537", "Chrome on Android"),
        ("curl/8.5.0", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_device_description(agent: str, words: str) -> None:
    assert device(agent) == words


def test_last_seen_text() -> None:
    now = timezone.now()
    assert ago(now) == "just now"
    assert ago(now - timedelta(minutes=5, seconds=1)) == "5\xa0minutes ago"
    assert ago(now - timedelta(days=3, hours=4)) == "3\xa0days ago"


def test_sign_in_leaves_no_message_for_a_later_page() -> None:
    account("ada")
    client = browser()
    answer = client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert answer.status_code == 302
    assert 'class="messages"' not in client.get("/settings/").content.decode()
