"""A room's page shows its messages before the socket is open, and mends itself where it is old."""

import re
import signal

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import Place, say
from tests.programs import messages, rooms

# A page tells what was seen after 0.15 s, and is laid out anew when something is taller.
A_MOMENT_MS = 300


class Gate:
    """Holds the page's socket back until it is opened."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/ws/"), lambda route: self.waiting.append(route))

    def open(self) -> None:
        for route in self.waiting:
            route.connect_to_server()


def gated(place: Place, path: str, name: str) -> tuple[Page, Gate]:
    page = place.open("/settings/", name)
    gate = Gate(page)
    page.goto(path)
    return page, gate


@pytest.fixture
def two(place: Place) -> Place:
    place.site.people("ada", "bob")
    return place


def test_messages_show_without_a_socket(two: Place) -> None:
    two.site.run(messages.fill, 200, read=200)
    ada, gate = gated(two, "/rooms/general/", "ada")
    expect(ada.locator("#message-200")).to_be_in_viewport()
    expect(ada.locator(".composer__field")).to_be_editable()
    assert ada.locator("chat-message").count() >= 45
    expect(ada.locator("#opening")).to_have_count(0)
    say(ada, "early")
    expect(ada.locator(".message--pending")).to_have_count(1)
    gate.open()
    expect(ada.locator("#message-201")).to_contain_text("early")
    expect(ada.locator(".message--pending")).to_have_count(0)
    ada.locator(".timeline__scroller").evaluate("scroller => (scroller.scrollTop = 0)")
    expect(ada.locator("#message-130")).to_have_count(1)


def test_the_first_unread_message_shows_without_a_socket(two: Place) -> None:
    two.site.run(messages.fill, 200, read=120)
    ada, gate = gated(two, "/rooms/general/", "ada")
    expect(ada.locator(".divider--new")).to_be_in_viewport()
    expect(ada.locator("#message-121")).to_be_in_viewport()
    gate.open()
    ada.locator(".to-new").click()
    expect(ada.locator("#message-200")).to_be_in_viewport()
    expect(ada.locator(".room-link .badge")).to_have_count(0)
    expect(ada.locator(".room-link")).to_have_count(1)
    assert two.site.run(messages.read_by, "ada") == 200


def test_what_was_read_before_the_socket_is_told_then(two: Place) -> None:
    two.site.run(messages.fill, 3, read=1)
    ada, gate = gated(two, "/rooms/general/", "ada")
    expect(ada.locator("#message-3")).to_be_in_viewport()
    expect(ada.locator(".badge")).to_have_count(0)
    gate.open()
    again = two.open("/rooms/general/", "ada")
    expect(again.locator("#message-3")).to_be_in_viewport()
    ada.wait_for_timeout(A_MOMENT_MS)
    assert two.site.run(messages.read_by, "ada") == 3


def test_a_permalink_shows_its_message_without_a_socket(two: Place) -> None:
    two.site.run(messages.fill, 300, read=300)
    ada, gate = gated(two, "/rooms/general/42", "ada")
    expect(ada.locator("#message-42.message--highlighted")).to_be_in_viewport()
    gate.open()
    ada.locator(".to-new").click()
    expect(ada.locator("#message-300")).to_be_in_viewport()


def test_an_old_page_catches_up(two: Place) -> None:
    bob = two.open("/rooms/general/", "bob")
    say(bob, "first")
    expect(bob.locator("#message-1")).to_contain_text("first")
    ada, gate = gated(two, "/rooms/general/", "ada")
    expect(ada.locator("#message-1")).to_contain_text("first")
    # What happens between the page and its socket.
    bob.locator(".composer__field").press("ArrowUp")
    bob.get_by_label("Edit message").fill("changed")
    bob.get_by_label("Edit message").press("Enter")
    expect(bob.locator("#message-1")).to_contain_text("changed")
    say(bob, "second")
    expect(bob.locator("#message-2")).to_contain_text("second")
    expect(ada.locator("chat-message")).to_have_count(1)
    gate.open()
    expect(ada.locator("#message-1 .message__body")).to_have_text("changed")
    expect(ada.locator("#message-2")).to_contain_text("second")


def test_a_page_of_another_life_of_the_database_begins_anew(two: Place) -> None:
    two.site.run(messages.fill, 5, read=5)
    ada, gate = gated(two, "/rooms/general/", "ada")
    expect(ada.locator("#message-5")).to_contain_text("line 5")
    # A backup with another history, as long as the one that the page is of.
    two.site.run(messages.restore_as, "restored")
    gate.open()
    expect(ada.locator("#message-5 .message__body")).to_have_text("restored")
    expect(ada.locator("#message-1 .message__body")).to_have_text("restored")


def test_going_back_shows_what_was_said_meanwhile(two: Place) -> None:
    two.site.run(messages.fill, 5, read=5)
    ada, bob = two.open("/rooms/general/", "ada"), two.open("/rooms/general/", "bob")
    expect(ada.locator("#message-5")).to_be_visible()
    ada.goto("/settings/")
    say(bob, "while you were away")
    expect(bob.locator("#message-6")).to_be_visible()
    ada.go_back()
    expect(ada.locator("#message-6")).to_contain_text("while you were away")
    ada.goto("/settings/")
    say(bob, "and again")
    expect(bob.locator("#message-7")).to_be_visible()
    ada.go_back()
    expect(ada.locator("#message-7")).to_contain_text("and again")


def test_who_was_removed_meanwhile_sees_it_when_the_socket_opens(two: Place) -> None:
    two.site.run(messages.fill, 5, read=5)
    ada, gate = gated(two, "/rooms/general/", "ada")
    expect(ada.locator("#message-5")).to_be_visible()
    two.site.run(rooms.leave, 1, two.site.ids["ada"])
    gate.open()
    expect(ada.locator("chat-message")).to_have_count(0)
    expect(ada.locator("main")).to_contain_text("You are no longer in General")


def test_a_page_of_somebody_else_is_loaded_anew(two: Place) -> None:
    ada, gate = gated(two, "/rooms/general/", "ada")
    expect(ada.locator(".composer__field")).to_be_visible()
    # Bob signs in in another tab of the same browser.
    cookie = {"name": "sessionid", "value": two.site.keys["bob"], "url": two.site.url}
    ada.context.add_cookies([cookie])  # type: ignore[list-item]
    ada.unroute_all()
    gate.open()
    expect(ada.locator(".menu__name")).to_have_text("Bob")


def test_a_page_without_a_server_still_shows_what_it_has(two: Place) -> None:
    two.site.run(messages.fill, 60, read=60)
    ada, gate = gated(two, "/rooms/general/", "ada")
    expect(ada.locator("#message-60")).to_be_in_viewport()
    two.may_be_away = True
    two.site.processes[0].end(signal.SIGKILL)
    gate.open()
    expect(ada.locator(".connection")).to_contain_text("Connecting")
    expect(ada.locator("#message-60")).to_be_in_viewport()


def test_quotes_that_come_later_do_not_push_the_end_away(two: Place) -> None:
    two.site.run(messages.fill, 200, read=200)
    two.site.run(messages.answer_the_first, 12)
    ada = two.open("/rooms/general/", "ada")
    expect(ada.locator(".quote__author")).to_have_count(12)
    ada.wait_for_timeout(A_MOMENT_MS)
    expect(ada.locator("#message-212")).to_be_in_viewport(ratio=1)
