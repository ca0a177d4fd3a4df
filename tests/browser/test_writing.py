"""What somebody types is sent once, whole, under their name."""

import signal

from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import Place, expect_no_connection, hurry

# An event that comes after the end of a composition, or never.
A_MOMENT_MS = 300


def compose(devtools: CDPSession, text: str) -> None:
    end = len(text)
    devtools.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": end, "selectionEnd": end}
    )


def press_enter_during_composition(devtools: CDPSession) -> None:
    """As an input method does: the page sees a key that it processes, not an Enter."""
    key = {"key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    devtools.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


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


def test_a_dialog_that_cannot_be_loaded_says_so_and_opens_later(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada")
    expect(ada.locator(".composer__field")).to_be_visible()
    place.may_be_away = True
    place.site.processes[0].end(signal.SIGKILL)
    expect_no_connection(ada)
    ada.get_by_role("button", name="Create a room").click()
    expect(ada.locator(".toast")).to_contain_text("no connection")
    expect(ada.get_by_role("dialog")).to_have_count(0)

    place.site.processes[0].start()
    hurry(ada)
    expect(ada.locator(".connection")).to_have_text("", timeout=40_000)
    ada.get_by_role("button", name="Create a room").click()
    expect(ada.get_by_role("dialog", name="Create a room")).to_be_visible()
