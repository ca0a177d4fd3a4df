"""Polls in two browsers, with mouse and keyboard and on a phone."""

import re
import signal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Place, assert_accessible


def ask(page: Page, question: str, *choices: str, multiple: bool = False) -> None:
    page.get_by_role("button", name="Poll", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Question").fill(question)
    for number, choice in enumerate(choices, 1):
        if number > 2:
            dialog.get_by_role("button", name="Add a choice").click()
        dialog.get_by_label(f"Choice {number}", exact=True).fill(choice)
    if multiple:
        dialog.get_by_label("more than one").check()
    dialog.get_by_role("button", name="Ask", exact=True).click()


def test_votes_change_live_and_after_a_reconnect(place: Place) -> None:
    place.site.people("ada", "bob")
    ada, bob = place.open("/", "ada"), place.open("/", "bob")
    ask(ada, "Lunch?", "Noodles", "Pizza", "비빔밥")
    poll = bob.locator("chat-poll")
    expect(poll.get_by_role("radio")).to_have_count(3)
    poll.get_by_role("radio", name="비빔밥").check()
    expect(ada.locator("chat-poll")).to_contain_text("1 vote · 100%")
    expect(ada.locator("chat-poll")).to_contain_text("1 person voted")
    expect(ada.get_by_role("radio", name="비빔밥")).not_to_be_checked()
    poll.get_by_role("radio", name="Pizza").check()
    expect(ada.locator(".poll__choice", has_text="Pizza")).to_contain_text("1 vote")
    expect(ada.locator(".poll__choice", has_text="비빔밥")).to_contain_text("0 votes")
    # In my other tab, and after the server was down.
    tab = place.tab(bob.context, "/rooms/general/")
    expect(tab.get_by_role("radio", name="Pizza")).to_be_checked()
    place.may_be_away = True
    place.site.processes[0].end(signal.SIGKILL)
    expect(tab.locator(".connection")).to_contain_text("Reconnecting")
    place.site.processes[0].start()
    expect(tab.locator(".connection")).to_be_empty(timeout=40_000)
    tab.get_by_role("button", name="Take back my vote").click()
    expect(ada.locator("chat-poll")).to_contain_text("0 people voted", timeout=40_000)
    expect(bob.get_by_role("radio", name="Pizza")).not_to_be_checked(timeout=40_000)


def test_author_can_close_a_poll_for_everybody(place: Place) -> None:
    place.site.people("ada", "bob")
    ada, bob = place.open("/", "ada"), place.open("/", "bob")
    ask(bob, "Which days?", "Mon", "Tue", multiple=True)
    for day in ("Mon", "Tue"):
        ada.get_by_role("checkbox", name=day).check()
    expect(bob.locator("chat-poll")).to_contain_text("1 person voted")
    expect(bob.locator(".poll__choice", has_text="Tue")).to_contain_text("1 vote · 100%")
    expect(ada.get_by_role("button", name="Close poll…")).to_have_count(0)
    bob.get_by_role("button", name="Close poll…").click()
    bob.get_by_role("button", name="Close poll", exact=True).click()
    expect(ada.locator("chat-poll")).to_contain_text("Final results")
    expect(ada.get_by_role("checkbox", name="Mon")).to_be_disabled()
    expect(ada.get_by_role("checkbox", name="Mon")).to_be_checked()


def test_invalid_polls_show_errors_before_sending(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada")
    ada.get_by_role("button", name="Poll").click()
    dialog = ada.get_by_role("dialog")
    dialog.get_by_role("button", name="Ask", exact=True).click()
    expect(dialog).to_contain_text("Ask something.")
    expect(dialog).to_contain_text("Give at least two choices.")
    expect(dialog.get_by_label("Question")).to_be_focused()
    dialog.get_by_label("Question").fill("?")
    dialog.get_by_label("Choice 1").fill("Yes")
    dialog.get_by_label("Choice 2").fill(" yes")
    dialog.get_by_role("button", name="Ask", exact=True).click()
    expect(dialog).to_contain_text("Two choices are the same.")
    assert_accessible(ada)
    expect(ada.locator("chat-message")).to_have_count(0)


@pytest.mark.parametrize(
    "options",
    [
        {"locale": "en"},
        {"locale": "ko", "color_scheme": "dark", "viewport": {"width": 360, "height": 640}},
    ],
    ids=["english", "korean dark phone"],
)
def test_voting_by_keyboard_and_layout(place: Place, options: dict) -> None:
    place.site.people("ada", "bob")
    bob = place.open("/", "bob")
    ask(bob, "A question that is so long that it needs two lines on a phone?", "W" * 60, "나", "c")
    ada = place.open("/", "ada", **options)
    ada.locator("#message-1").focus()
    ada.keyboard.press("Tab")
    for _ in range(8):
        if ada.evaluate("document.activeElement.type") == "radio":
            break
        ada.keyboard.press("Tab")
    ada.keyboard.press("Space")
    ada.keyboard.press("ArrowDown")
    expect(bob.locator(".poll__choice", has_text="나")).to_contain_text("1 vote")
    assert_accessible(ada)
    box = ada.locator(".poll").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= ada.evaluate("innerWidth")
    assert ada.evaluate("document.documentElement.scrollWidth <= innerWidth")
    summary = ada.locator(".poll__who summary")
    summary.press("Enter")
    expect(ada.locator(".poll__who dd")).to_have_text(re.compile("You|나|Ada|me", re.IGNORECASE))


def test_all_voters_are_named(place: Place) -> None:
    place.site.people("ada", "bob", "eve")
    ada = place.open("/", "ada")
    ask(ada, "Lunch?", "Noodles", "Pizza")
    for name in ("bob", "eve"):
        place.open("/", name).get_by_role("radio", name="Pizza").check()
    expect(ada.locator("chat-poll")).to_contain_text("2 people voted")
    ada.get_by_text("Who voted").click()
    expect(ada.locator(".poll__who dd")).to_have_text("Bob and Eve")


def test_closing_by_keyboard_keeps_the_focus(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada")
    ask(ada, "Lunch?", "Noodles", "Pizza")
    ada.get_by_role("button", name="Close poll…").press("Enter")
    expect(ada.get_by_role("button", name="Keep open")).to_be_focused()
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("button", name="Close poll…")).to_be_focused()
    ada.keyboard.press("Enter")
    expect(ada.get_by_role("button", name="Keep open")).to_be_focused()
    ada.keyboard.press("Shift+Tab")
    ada.keyboard.press("Enter")
    expect(ada.locator("chat-poll")).to_contain_text("Final results")
    expect(ada.locator("#message-1")).to_be_focused()
