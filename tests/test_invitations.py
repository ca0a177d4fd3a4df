"""Invitation links: for a time, for a number of people, until they are taken back."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from rooms.accounts.models import Invitation
from rooms.models import Signup
from tests.conftest import MakeSite
from tests.web import PASSWORD, account, browser, set_signup

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    set_signup(Signup.INVITATION)
    return account("root", owner=True)


def invite(owner: User, **facts: Any) -> Invitation:
    return Invitation.objects.create(created_by=owner, **facts)


def sign_up(client: Client, username: str) -> Any:
    return client.post("/accounts/signup/", {"username": username, "password1": PASSWORD})


def came_by(invitation: Invitation) -> Client:
    client = browser()
    assert client.get(invitation.get_absolute_url())["Location"] == "/accounts/signup/"
    assert client.get("/accounts/signup/").status_code == 200
    return client


def test_owner_makes_a_link_and_takes_it_back(owner: User) -> None:
    client = browser(owner)
    page = client.post("/settings/invitations", {"days": "7", "max_uses": "2"}, follow=True)
    made = Invitation.objects.get()
    assert f"http://127.0.0.1:8000{made.get_absolute_url()}" in page.content.decode()
    assert made.max_uses == 2
    assert made.expires_at
    assert timedelta(days=6) < made.expires_at - timezone.now() <= timedelta(days=7)
    client.post(f"/settings/invitations/{made.pk}/revoke")
    assert browser().get(made.get_absolute_url()).status_code == 410


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": "0"},
        {"days": "366"},
        {"days": "9" * 5000},
        {"days": "1\0"},
        {"days": "x"},
        {"days": "NaN"},
        {"days": ""},
        {"max_uses": "0"},
        {"max_uses": "-1"},
        {"max_uses": "10001"},
        {"max_uses": "1e400"},
    ],
)
def test_wrong_invitation_is_not_made(owner: User, wrong: dict[str, str]) -> None:
    answer = browser(owner).post("/settings/invitations", {"days": "7", "max_uses": ""} | wrong)
    assert answer.status_code == 400
    assert not Invitation.objects.exists()


def test_uses_are_counted_exactly(owner: User) -> None:
    invitation = invite(owner, max_uses=2)
    # Looking and a sign-up that fails take none.
    client = came_by(invitation)
    assert sign_up(client, "two words").status_code == 200
    assert sign_up(client, "root").status_code == 200
    for used, username in enumerate(("ada", "bob"), 1):
        assert sign_up(came_by(invitation), username).status_code == 302
        invitation.refresh_from_db()
        assert invitation.uses == used
    assert browser().get(invitation.get_absolute_url()).status_code == 410
    # The first visitor's page is still open, but the link is used up.
    page = sign_up(client, "eve").content.decode()
    assert "You need an invitation" in page
    assert not User.objects.filter(username="eve").exists()


def test_last_use_goes_to_one_of_two(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    invitation = invite(owner, max_uses=1)
    client = came_by(invitation)
    taken = Invitation.use.__func__  # type: ignore[attr-defined]

    def somebody_was_faster(cls: type[Invitation], token: str) -> bool:
        Invitation.objects.filter(token=token).update(uses=1)
        return taken(cls, token)

    monkeypatch.setattr(Invitation, "use", classmethod(somebody_was_faster))
    page = sign_up(client, "eve").content.decode()
    assert "You need an invitation" in page
    assert not User.objects.filter(username="eve").exists()
    invitation.refresh_from_db()
    assert invitation.uses == 1


@pytest.mark.parametrize("why", ["expired", "revoked"])
def test_dead_link_signs_nobody_up(owner: User, why: str) -> None:
    invitation = invite(owner)
    client = came_by(invitation)
    now = timezone.now()
    if why == "expired":
        invitation.expires_at = now
    else:
        invitation.revoked_at = now
    invitation.save()
    assert browser().get(invitation.get_absolute_url()).status_code == 410
    assert "You need an invitation" in client.get("/accounts/signup/").content.decode()
    sign_up(client, "eve")
    assert not User.objects.filter(username="eve").exists()


def test_link_is_for_one_account_of_a_browser(owner: User) -> None:
    invitation = invite(owner, max_uses=5)
    client = came_by(invitation)
    sign_up(client, "ada")
    client.post("/accounts/logout/")
    sign_up(client, "eve")
    assert not User.objects.filter(username="eve").exists()


def test_link_does_not_open_a_closed_place(owner: User) -> None:
    invitation = invite(owner)
    client = came_by(invitation)
    set_signup(Signup.CLOSED)
    assert browser().get(invitation.get_absolute_url()).status_code == 410
    sign_up(client, "eve")
    assert not User.objects.filter(username="eve").exists()


def test_open_place_takes_no_uses(owner: User) -> None:
    invitation = invite(owner, max_uses=1)
    set_signup(Signup.OPEN)
    assert sign_up(came_by(invitation), "ada").status_code == 302
    invitation.refresh_from_db()
    assert invitation.uses == 0


def test_unknown_link_is_gone() -> None:
    for token in ("wrong", "%00", "x" * 5000, "ü"):
        assert browser().get(f"/join/{token}/").status_code == 410


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_link_that_is_no_text_is_gone_on_every_database(
    make_site: MakeSite, database: str
) -> None:
    with make_site(database) as site:
        assert site.get("/join/%00/")[0] == 410


def test_who_is_signed_in_goes_to_the_conversation(owner: User) -> None:
    assert browser(owner).get(invite(owner).get_absolute_url())["Location"] == "/"
