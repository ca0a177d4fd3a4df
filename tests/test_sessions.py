"""Who a session belongs to: read in one query, and as strict as Django."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.accounts.sessions import SessionStore
from tests.web import account, browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return account("ada")


@pytest.fixture
def client(ada: User) -> Client:
    """A browser that is signed in and noted."""
    client = browser(ada)
    assert name_of(client) == "ada"
    return client


def name_of(client: Client) -> str | None:
    """Who the settings page is shown to; None where it asks to sign in."""
    answer = client.get("/settings/")
    return answer.context["user"].username if answer.status_code == 200 else None


def test_one_query_says_who_asks(client: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        client.get("/rooms/")
    whoami = ("django_session", "auth_user", "usersessions")
    asked = [query["sql"] for query in captured.captured_queries]
    assert len([sql for sql in asked if any(table in sql for table in whoami)]) == 1


def test_a_new_password_ends_the_session(client: Client, ada: User) -> None:
    ada.set_password("another long walk")
    ada.save()
    assert name_of(client) is None


def test_a_deactivated_account_is_signed_out(client: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert name_of(client) is None


def test_an_ended_or_old_session_is_signed_out(client: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert name_of(client) is None
    Session.objects.all().delete()
    assert name_of(client) is None


def test_a_changed_session_is_signed_out(client: Client) -> None:
    session = Session.objects.get()
    Session.objects.update(session_data=session.session_data[:-1] + "x")
    assert name_of(client) is None


def test_the_list_of_devices_signs_nobody_in(client: Client) -> None:
    bob = account("bob")
    UserSession.objects.update(user=bob)
    assert name_of(client) == "ada"
    empty = SessionStore()
    empty["a"] = 1
    empty.save()
    UserSession.objects.update(session_key=empty.session_key)
    stranger = browser()
    assert empty.session_key
    stranger.cookies["sessionid"] = empty.session_key
    assert name_of(stranger) is None


def test_the_account_is_whole(client: Client, ada: User) -> None:
    shown = client.get("/settings/").context["user"]
    for field in User._meta.concrete_fields:
        assert getattr(shown, field.attname) == getattr(User.objects.get(), field.attname), field


def test_what_one_request_changes_another_does_not_see_unsaved(client: Client) -> None:
    key = client.session.session_key
    first, second = SessionStore(key), SessionStore(key)
    first["extra"] = {"list": [1]}
    first.save()
    second["extra"]["list"].append(2)
    assert SessionStore(key)["extra"] == {"list": [1]}
