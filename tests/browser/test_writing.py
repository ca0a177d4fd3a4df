"""What somebody types is sent once, whole, under their name."""

import re
import signal

from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import Place, compose, hurry, press_enter_during_composition, say
from tests.programs import messages

# IndexedDB does not answer before the tab is closed.
NEVER_STORED = """
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function (...names) {
        const request = open.apply(this, names);
        request.addEventListener = () => {};
        return request;
    };
"""
# An event that comes after the end of a composition, or never.
A_MOMENT_MS = 300


def composing(place: Place) -> tuple[Page, CDPSession]:
    place.site.people("ada")
    ada = place.open("/", "ada")
    ada.locator(".composer__field").focus()
    return ada, ada.context.new_cdp_session(ada)


def test_enter_during_a_korean_composition_sends_once_and_whole(place: Place) -> None:
    ada, devtools = composing(place)
    compose(devtools, "ㅎ")
    compose(devtools, "한")
    press_enter_during_composition(devtools)
    ada.wait_for_timeout(A_MOMENT_MS)
    expect(ada.locator("chat-message")).to_have_count(0)
    expect(ada.locator(".composer__field")).to_have_value("한")

    devtools.send("Input.insertText", {"text": "한"})  # the composition ends
    expect(ada.locator("chat-message .message__body")).to_have_text("한")
    expect(ada.locator(".composer__field")).to_have_value("")
    ada.wait_for_timeout(A_MOMENT_MS)
    expect(ada.locator("chat-message")).to_have_count(1)


def test_enter_during_a_japanese_composition_only_picks_the_word(place: Place) -> None:
    ada, devtools = composing(place)
    compose(devtools, "にほん")
    press_enter_during_composition(devtools)
    devtools.send("Input.insertText", {"text": "日本"})
    ada.wait_for_timeout(A_MOMENT_MS)
    expect(ada.locator("chat-message")).to_have_count(0)
    expect(ada.locator(".composer__field")).to_have_value("日本")

    ada.locator(".composer__field").press("Enter")
    expect(ada.locator("chat-message .message__body")).to_have_text("日本")


def test_what_was_typed_survives_a_tab_that_is_closed_at_once(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada")
    ada.route_web_socket(re.compile("/ws/"), lambda _route: None)  # never a hello
    ada.add_init_script(NEVER_STORED)
    ada.reload()
    say(ada, "in a hurry")
    expect(ada.locator(".message--pending")).to_contain_text("in a hurry")
    ada.close()
    again = place.tab(ada.context)
    expect(again.locator("#message-1")).to_contain_text("in a hurry")
    expect(again.locator(".message--pending")).to_have_count(0)
    assert again.evaluate("Object.keys(localStorage).filter((key) => /^outbox/.test(key))") == []
    assert place.site.run(messages.bodies) == ["in a hurry"]


def test_a_dialog_that_cannot_be_loaded_says_so_and_opens_later(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada")
    expect(ada.locator(".composer__field")).to_be_visible()
    place.may_be_away = True
    place.site.processes[0].end(signal.SIGKILL)
    expect(ada.locator(".connection")).to_contain_text("Reconnecting")
    ada.get_by_role("button", name="Create a room").click()
    expect(ada.locator(".toast")).to_contain_text("no connection")
    expect(ada.get_by_role("dialog")).to_have_count(0)

    place.site.processes[0].start()
    hurry(ada)
    expect(ada.locator(".connection")).to_have_text("", timeout=40_000)
    ada.get_by_role("button", name="Create a room").click()
    expect(ada.get_by_role("dialog", name="Create a room")).to_be_visible()
