"""First run, invitations, the admin, and the appearance and accessibility of every page."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Place, assert_accessible, assert_no_overflow, say
from tests.programs import pages, people, rooms

LONG = "W" * 60


def set_up(place: Place) -> Page:
    """Completes the first run. Returns the owner's page."""
    owner = place.open(place.site.run(pages.setup_link))
    owner.get_by_label("Name of the place").fill("Harbour")
    owner.get_by_label("Username").fill("olga")
    owner.get_by_label("Display name").fill("Olga")
    owner.get_by_label("Password").fill("a long walk home")
    owner.get_by_role("button").click()
    expect(owner).to_have_url(re.compile("/rooms/general/$"))
    return owner


def test_setup_invitation_and_first_messages(place: Place) -> None:
    link = place.site.run(pages.setup_link)
    owner = set_up(place)
    expect(owner.locator(".empty, .timeline")).not_to_have_count(0)
    owner.goto("/settings/")
    owner.get_by_label("Number of uses").fill("1")
    owner.get_by_role("button", name="Make a link").click()
    invitation = owner.get_by_role("textbox", name="Invitation link").input_value()
    owner.goto("/")

    guest = place.open(invitation)
    guest.get_by_label(re.compile("^Username")).fill("bob")
    guest.get_by_label(re.compile("^Display name")).fill("Bob")
    guest.get_by_label(re.compile("^Password")).fill("bob")
    guest.locator("main").get_by_role("button").click()
    expect(guest.locator(".errorlist")).not_to_have_count(0)
    expect(guest.get_by_label(re.compile("^Username"))).to_have_value("bob")
    guest.get_by_label(re.compile("^Password")).fill("another long walk")
    guest.locator("main").get_by_role("button").click()
    expect(guest).to_have_url(re.compile("/rooms/general/$"))
    say(guest, "hello")
    expect(owner.locator("chat-message")).to_contain_text("hello")
    expect(owner.locator("chat-message")).to_contain_text("Bob")

    place.may_be_away = True  # the browser reports the following 404 and 410
    late = place.open(invitation)
    expect(late.locator("h1")).to_have_text("This invitation cannot be used")
    assert_accessible(late)
    gone = place.open(link)
    expect(gone.locator("h1")).to_have_text("There is nothing here")


def test_sign_out_ends_every_tab_and_sign_in_returns(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/rooms/general/", "ada")
    tab = place.tab(ada.context, "/rooms/general/")
    expect(tab.locator(".composer__field")).to_be_visible()
    ada.locator(".menu__me").click()
    ada.get_by_role("button", name="Sign out").click()
    expect(ada).to_have_url(re.compile("/accounts/login/"))
    expect(tab).to_have_url(re.compile("/accounts/login/"))
    tab.locator("[name=login]").fill("ada")
    tab.locator("[name=password]").fill("correct horse ada")
    tab.get_by_role("button").click()
    expect(tab).to_have_url(re.compile("/rooms/general/"))


def test_signing_out_a_device_closes_its_tabs(place: Place) -> None:
    place.site.people("ada")
    phone = place.open("/rooms/general/", "ada", user_agent="Mozilla/5.0 (iPhone) Safari/604.1")
    expect(phone.locator(".composer__field")).to_be_visible()
    here = place.open("/accounts/login/?next=/settings/")
    here.locator("[name=login]").fill("ada")
    here.locator("[name=password]").fill("correct horse ada")
    here.get_by_role("button", name="Sign in").click()
    here.get_by_role("link", name="Signed-in devices").click()
    row = here.locator(".list__row", has_text="Safari on iPhone")
    row.get_by_role("button", name="Sign out").click()
    expect(here.locator(".notice")).to_have_text("The device was signed out.")
    expect(phone).to_have_url(re.compile("/accounts/login/"))
    expect(row).to_have_count(0)


def test_invitation_link_can_be_copied(place: Place) -> None:
    owner = set_up(place)
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    owner.get_by_role("link", name="Invite new people").click()
    owner.get_by_role("button", name="Make a link").click()
    owner.get_by_role("button", name="Copy").click()
    expect(owner.get_by_role("button", name="Copied")).to_be_visible()
    link = owner.get_by_role("textbox", name="Invitation link").input_value()
    assert owner.evaluate("navigator.clipboard.readText()") == link


def test_rename_in_the_admin_reaches_open_browsers(place: Place) -> None:
    place.site.people("ada", "root")
    place.site.run(people.make_owner, "root")
    ada, root = place.open("/", "ada"), place.open("/admin/rooms/room/", "root")
    expect(ada.locator("h1")).to_contain_text("General")
    root.get_by_role("link", name="General").click()
    root.locator("#id_name").fill("Common room")
    root.get_by_role("button", name="Save", exact=True).click()
    expect(ada.locator("h1")).to_contain_text("Common room")
    expect(ada.locator(".room-link")).to_contain_text("Common room")


def test_rooms_can_be_created_found_joined_and_left(place: Place) -> None:
    place.site.people("ada", "bob")
    ada, bob = place.open("/", "ada"), place.open("/", "bob")
    ada.get_by_role("button", name="Create a room").first.click()
    dialog = ada.locator("dialog[open]")
    dialog.get_by_label("Name").fill("책 읽기")
    dialog.get_by_role("button", name=re.compile("Create")).click()
    expect(ada.locator("h1")).to_contain_text("책 읽기")
    bob.get_by_role("button", name="Browse rooms").first.click()
    bob.get_by_role("searchbox").fill("읽기")
    bob.get_by_role("button", name="Join 책 읽기").click()
    expect(bob.locator(".room-link", has_text="책 읽기")).to_have_count(1)
    bob.goto(ada.url)
    say(bob, "joined")
    expect(ada.locator("chat-message").last).to_contain_text("joined")
    ada.get_by_role("button", name="Room details").click()
    assert_accessible(ada)


def test_the_directory_says_when_a_room_was_last_talked_in(place: Place) -> None:
    place.site.people("ada")
    place.site.run(rooms.talk_last, 1, hours_ago=3)
    for locale, words in (("en", "active 3 hours ago"), ("ko", "3시간 전 활동")):
        ada = place.open("/rooms/", "ada", locale=locale)
        expect(ada.locator(".directory__room")).to_contain_text(words)
        assert_accessible(ada)


def test_others_private_room_is_a_404(place: Place) -> None:
    ada_id = place.site.people("ada", "bob")["ada"]
    place.site.run(rooms.create, ada_id, "Secret", "private")
    place.may_be_away = True  # the browser reports the 404
    bob = place.open("/rooms/secret/", "bob")
    expect(bob.locator("h1")).to_have_text("There is nothing here")
    assert_accessible(bob)


def colour(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_theme_follows_the_system_and_the_switch_in_all_tabs(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada", color_scheme="light")
    light = colour(ada)
    ada.emulate_media(color_scheme="dark")
    dark = colour(ada)
    assert light != dark
    ada.emulate_media(color_scheme="light")
    tab = place.tab(ada.context, "/rooms/general/")
    expect(tab.locator(".composer__field")).to_be_visible()
    ada.locator(".menu__me").click()
    ada.get_by_role("button", name="Dark").click()
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    assert colour(ada) == colour(tab) == dark
    tab.reload()
    assert colour(tab) == dark


PAGES = [
    ("/accounts/login/", None),
    ("/accounts/signup/", None),
    ("/accounts/password/reset/", None),
    ("/accounts/password/change/", "ada"),
    ("/accounts/logout/", "ada"),
    ("/settings/", "ada"),
    ("/settings/account/delete", "ada"),
    ("/accounts/sessions/", "ada"),
    ("/rooms/", "ada"),
    ("/rooms/general/", "ada"),
]


@pytest.mark.parametrize(
    "options",
    [
        {"locale": "en-US"},
        {"locale": "ko-KR", "color_scheme": "dark", "viewport": {"width": 360, "height": 640}},
    ],
    ids=["english", "korean dark phone"],
)
def test_every_page_is_accessible_and_fits(place: Place, options: dict[str, Any]) -> None:
    place.site.people("ada", "bob")
    place.site.run(pages.make_long_names, LONG)
    for path, name in PAGES:
        page = place.open(path, name, **options)
        if path.startswith("/rooms/"):
            expect(page.locator("chat-app")).to_be_visible()
        if path == "/rooms/general/":
            expect(page.locator("chat-message")).to_have_count(4)
        assert_no_overflow(page)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.lang") == options["locale"][:2]


def test_rooms_are_in_a_drawer_on_a_phone(place: Place) -> None:
    ada_id = place.site.people("ada")["ada"]
    place.site.run(rooms.create, ada_id, "Other")
    ada = place.open(
        "/rooms/general/", "ada", viewport={"width": 360, "height": 640}, has_touch=True
    )
    expect(ada.get_by_role("link", name="Other")).not_to_be_in_viewport()
    ada.get_by_role("button", name="Rooms", exact=True).click()
    expect(ada.get_by_role("link", name="Other")).to_be_in_viewport()
    assert_accessible(ada)
    ada.get_by_role("link", name="Other").click()
    expect(ada.locator("h1")).to_contain_text("Other")
    say(ada, "from the phone")
    expect(ada.locator("chat-message")).to_contain_text("from the phone")
