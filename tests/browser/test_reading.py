"""What counts as read, who sees whose words, and how a conversation is set out."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Place, say
from tests.programs import messages, people

# A page tells what was seen after 0.15 s; after this time it did not.
UNTOLD_SECONDS = 1

NOBODY_LOOKS = {
    "another window has the focus": "document.hasFocus = () => false",
    "another tab is in front": """Object.defineProperty(
        document, "visibilityState", {get: () => "hidden", configurable: true}
    )""",
}
SOMEBODY_LOOKS = """
    delete document.hasFocus;
    delete document.visibilityState;
    dispatchEvent(new Event("focus"));
"""


@pytest.mark.parametrize("script", NOBODY_LOOKS.values(), ids=NOBODY_LOOKS)
def test_nothing_is_read_in_a_window_at_which_nobody_looks(place: Place, script: str) -> None:
    place.site.people("ada", "bob")
    ada, bob = place.open("/", "ada"), place.open("/", "bob")
    expect(ada.locator(".composer__field")).to_be_visible()
    ada.evaluate(script)
    say(bob, "anybody there?")
    expect(ada.locator("#message-1")).to_be_in_viewport()
    time.sleep(UNTOLD_SECONDS)
    assert place.site.run(messages.read_by, "ada") == 0
    expect(ada.locator(".room-link .badge")).not_to_have_count(0)
    ada.evaluate(SOMEBODY_LOOKS)
    expect(ada.locator(".room-link .badge")).to_have_count(0)
    assert read_mark(place, "ada", 1) == 1


def test_a_permalink_reads_nothing_of_what_lies_before_it(place: Place) -> None:
    place.site.people("ada", "bob")
    place.site.run(messages.fill, 300, read=100)
    ada = place.open("/rooms/general/250", "ada")
    expect(ada.locator("#message-250")).to_be_in_viewport()
    time.sleep(UNTOLD_SECONDS)
    assert place.site.run(messages.read_by, "ada") == 100
    expect(ada.locator(".room-link .badge")).to_contain_text("99+")


def test_messages_are_grouped_by_person_time_and_day(place: Place) -> None:
    people = place.site.people("ada", "bob")
    place.site.run(messages.say, people["ada"], ["one", "two", "three", "four"])
    place.site.run(messages.say, people["bob"], ["five"])
    # Noon, so that the time zone of the browser does not matter.
    moments = ("01T12:00", "02T12:00", "02T12:04", "02T12:10", "02T12:11")
    place.site.run(messages.said_at, *(f"2026-03-{moment}:00Z" for moment in moments))
    ada = place.open("/rooms/general/", "ada")
    expect(ada.locator("chat-message")).to_have_count(5)
    assert headings(ada) == ["a day", "Ada", "a day", "Ada", "continued", "Ada", "Bob"]


def test_nobody_sees_or_sends_what_another_account_left_in_this_browser(place: Place) -> None:
    place.site.people("ada", "bob")
    ada = place.open("/rooms/general/", "ada")
    expect(ada.locator(".composer__field")).to_be_visible()
    ada.route_web_socket(re.compile("/ws/"), lambda _route: None)  # never a hello
    ada.reload()
    say(ada, "by Ada")
    expect(ada.locator(".message--pending")).to_contain_text("by Ada")
    ada.wait_for_function(KEPT)
    ada.close()

    sign_in(place, ada, "bob")
    bob = place.tab(ada.context, "/rooms/general/")
    say(bob, "by Bob")
    expect(bob.locator("#message-1")).to_contain_text("by Bob")
    expect(bob.locator(".message--pending")).to_have_count(0)
    time.sleep(UNTOLD_SECONDS)
    assert place.site.run(messages.bodies) == ["by Bob"]
    bob.close()

    sign_in(place, ada, "ada")
    back = place.tab(ada.context, "/rooms/general/")
    expect(back.locator("#message-2")).to_contain_text("by Ada")
    assert place.site.run(messages.bodies) == ["by Bob", "by Ada"]


def sign_in(place: Place, page: Page, name: str) -> None:
    cookie = {"name": "sessionid", "value": place.site.keys[name], "url": place.site.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]


def test_a_deleted_person_is_named_in_the_language_of_the_page(place: Place) -> None:
    ids = place.site.people("ada", "bob")
    place.site.run(messages.say, ids["bob"], ["I was here"])
    place.site.run(people.forget, ids["bob"])
    for locale, name in (("en", "Deleted person"), ("ko", "탈퇴한 사용자")):
        ada = place.open("/", "ada", locale=locale)
        expect(ada.locator(".message__author")).to_have_text(name)


def read_mark(place: Place, name: str, awaited: int, seconds: float = 5) -> int:
    """The mark on the server, as soon as it is there."""
    end = time.monotonic() + seconds
    while (mark := int(place.site.run(messages.read_by, name))) != awaited:
        if time.monotonic() > end:
            break
        time.sleep(0.05)
    return mark


def headings(page: Page) -> list[str]:
    found: list[str] = page.evaluate(HEADINGS)
    return found


HEADINGS = """() => [...document.querySelectorAll(".divider--day, chat-message")].map((row) => {
    if (row.localName !== "chat-message") return "a day";
    return row.querySelector(".message__author")?.textContent ?? "continued";
})"""

# Whether the outbox has a message in IndexedDB.
KEPT = """() => new Promise((resolve) => {
    indexedDB.open("outbox").onsuccess = ({target: {result: database}}) => {
        const count = database.transaction("messages").objectStore("messages").count();
        count.onsuccess = () => { database.close(); resolve(count.result === 1); };
    };
})"""
