"""Polls in two browsers, with mouse and keyboard and on a phone."""

import re
import signal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    Place,
    assert_accessible,
    compose,
    hurry,
    press_enter_during_composition,
    say,
)
from tests.programs import polls


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
    hurry(ada, bob, tab)
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


def test_vote_survives_a_reload_right_after_it(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada")
    ask(ada, "Lunch?", "Noodles", "Pizza")
    ada.get_by_role("radio", name="Noodles").check()
    expect(ada.locator("chat-poll")).to_contain_text("1 person voted")
    # By arrow keys, which wait for the next one.
    ada.get_by_role("radio", name="Noodles").press("ArrowDown")
    ada.reload()
    expect(ada.locator(".poll__choice", has_text="Pizza")).to_contain_text("1 vote")
    expect(ada.get_by_role("radio", name="Pizza")).to_be_checked()


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


def test_typed_command_creates_a_poll(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada")
    field, dialog = ada.locator(".composer__field"), ada.get_by_role("dialog")
    field.press_sequentially("/p")
    expect(ada.get_by_role("option")).to_have_text("/poll Ask people to choose")
    field.press("Enter")
    expect(field).to_have_value("/poll ")
    field.press_sequentially("Lunch?")
    field.press("Enter")
    expect(dialog.get_by_label("Question")).to_have_value("Lunch?")
    expect(dialog.get_by_label("Choice 1")).to_be_focused()
    expect(field).to_have_value("")
    ada.keyboard.type("Noodles")
    ada.keyboard.press("Enter")
    expect(dialog.get_by_label("Choice 2", exact=True)).to_be_focused()
    ada.keyboard.type("Pizza")
    ada.keyboard.press("Enter")
    expect(dialog.get_by_label("Choice 3", exact=True)).to_be_focused()
    expect(ada.locator("#message-1")).to_have_count(0)
    ada.keyboard.press("Control+Enter")
    expect(ada.locator("#message-1")).to_contain_text("Lunch?")
    expect(ada.locator("chat-poll")).to_contain_text("Pizza")
    expect(field).to_be_focused()
    ada.keyboard.type("/Poll")
    ada.keyboard.press("Enter")
    expect(dialog.get_by_label("Question")).to_have_value("")
    expect(dialog.get_by_label("Question")).to_be_focused()


def test_typed_command_works_with_a_korean_ime(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada", locale="ko")
    field = ada.locator(".composer__field")
    devtools = ada.context.new_cdp_session(ada)
    field.press("/")
    for syllables in ("ㅌ", "투"):
        compose(devtools, syllables)
    expect(ada.get_by_role("option")).to_contain_text("/투표")
    press_enter_during_composition(devtools)
    devtools.send("Input.insertText", {"text": "투"})  # the composition ends
    expect(field).to_have_value("/투표 ")
    field.press_sequentially("점심은 ")
    for syllables in ("ㅇ", "어", "언", "언ㅈ", "언제"):
        compose(devtools, syllables)
    press_enter_during_composition(devtools)
    expect(ada.get_by_role("dialog")).to_have_count(0)
    devtools.send("Input.insertText", {"text": "언제"})
    expect(ada.get_by_role("dialog").get_by_label("질문")).to_have_value("점심은 언제")
    expect(ada.locator("chat-message")).to_have_count(0)
    ada.keyboard.press("Escape")
    say(ada, "/poll 저녁?")
    expect(ada.get_by_role("dialog").get_by_label("질문")).to_have_value("저녁?")


def test_refused_vote_shows_an_error_in_the_pages_language(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada", locale="ko")
    ada.get_by_role("button", name="투표").click()
    dialog = ada.get_by_role("dialog")
    dialog.get_by_label("질문").fill("점심?")
    for choice, text in ((1, "국수"), (2, "밥")):
        dialog.get_by_label(f"선택지 {choice}").fill(text)
    ada.keyboard.press("Control+Enter")
    expect(ada.get_by_role("radio")).to_have_count(2)
    place.site.run(polls.close_untold)
    ada.get_by_role("radio", name="밥").check()
    expect(ada.locator(".toast")).to_contain_text("마감된 투표예요.")


def test_question_is_kept_if_the_dialog_fails_to_load(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada")
    expect(ada.locator(".composer__field")).to_be_visible()
    place.may_be_away = True
    ada.context.set_offline(True)
    say(ada, "/poll Lunch?")
    expect(ada.locator(".toast")).to_contain_text("no connection")
    expect(ada.locator(".composer__field")).to_have_value("/poll Lunch?")
