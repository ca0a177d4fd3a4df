"""Two people talk, close their laptops, come back, and find everything where they left it."""

import re
import signal

from playwright.sync_api import expect

from tests.browser.conftest import Place, assert_accessible, hurry, say
from tests.programs import messages, rooms

# Two frames of the screen: what is above is loaded while somebody scrolls.
TWO_FRAMES_MS = 30


def test_it_works(place: Place) -> None:
    place.site.people("ada", "bob")
    ada, bob = place.open("/", "ada"), place.open("/", "bob")
    expect(ada).to_have_url(re.compile("/rooms/general/$"))
    say(ada, "hello **bob**")
    expect(bob.locator("chat-message")).to_contain_text("hello bob")
    expect(bob.locator("chat-message strong")).to_have_text("bob")
    say(bob, "안녕하세요")
    expect(ada.locator("chat-message").last).to_contain_text("안녕하세요")
    expect(ada.locator(".message--pending")).to_have_count(0)
    bob.locator(".composer__field").press_sequentially("typing on", delay=500)
    expect(ada.locator("main")).to_contain_text("Bob is typing")
    ada.close()
    say(bob, "while you were away")
    expect(bob.locator("chat-message").last).to_contain_text("while you were away")
    back = place.open("/rooms/general/", "ada")
    expect(back.locator("chat-message")).to_have_count(3)
    expect(back.locator(".divider--new")).to_be_visible()


def test_edits_deletions_and_reactions_are_live(place: Place) -> None:
    place.site.people("ada", "bob")
    ada, bob = place.open("/", "ada"), place.open("/", "bob")
    say(ada, "frist")
    expect(bob.locator("#message-1")).to_contain_text("frist")
    ada.locator(".composer__field").press("ArrowUp")
    editor = ada.get_by_label("Edit message")
    expect(editor).to_have_value("frist")
    editor.fill("first")
    editor.press("Enter")
    expect(bob.locator("#message-1 .message__body")).to_have_text("first")
    expect(bob.locator("#message-1")).to_contain_text("edited")

    bob.locator("#message-1").hover()
    bob.get_by_role("button", name="Add reaction").click()
    bob.get_by_role("button", name="👍", exact=True).click()
    expect(ada.locator(".reaction__count")).to_have_text("1")
    ada.locator(".reaction").first.click()
    expect(bob.locator(".reaction__count")).to_have_text("2")
    ada.locator(".reaction--mine").click()
    expect(bob.locator(".reaction__count")).to_have_text("1")

    bob.locator("#message-1").hover()
    bob.get_by_role("button", name="Reply").click()
    say(bob, "a reply")
    expect(ada.locator("#message-2")).to_contain_text("first")

    for undo in (True, False):
        ada.locator("#message-1").hover()
        ada.get_by_role("button", name="Delete").click()
        expect(ada.locator("#message-1")).to_contain_text("This message was deleted.")
        if undo:
            ada.get_by_role("button", name="Undo").click()
            expect(ada.locator("#message-1 .message__body")).to_have_text("first")
    expect(bob.locator("#message-1")).to_contain_text("This message was deleted.", timeout=10_000)


def test_unread_marks_come_and_go(place: Place) -> None:
    people = place.site.people("ada", "bob")
    place.site.run(rooms.direct, people["ada"], [people["bob"]])
    ada, bob = place.open("/", "ada"), place.open("/", "bob")
    bob.get_by_role("link", name="Ada").click()
    say(bob, "psst")
    badge = ada.locator(".room-link", has_text="Bob").locator(".badge--mention")
    expect(badge).to_contain_text("1")
    expect(ada).to_have_title(re.compile(r"^\(1\)"))
    expect(ada.locator("link[rel=icon]")).to_have_attribute("href", re.compile("unread"))
    ada.get_by_role("link", name="Bob").click()
    expect(ada.locator("chat-message")).to_contain_text("psst")
    expect(ada.locator(".badge")).to_have_count(0)
    expect(ada).not_to_have_title(re.compile(r"^\("))
    again = place.open("/", "ada")
    expect(again.locator(".composer__field")).to_be_visible()
    expect(again.locator(".badge")).to_have_count(0)


def test_a_room_opens_at_the_first_unread_message(place: Place) -> None:
    place.site.people("ada", "bob")
    place.site.run(messages.fill, 200, read=120)
    ada = place.open("/rooms/general/", "ada")
    expect(ada.locator(".divider--new")).to_be_in_viewport()
    expect(ada.locator("#message-121")).to_be_in_viewport()
    badge = ada.locator(".room-link .badge")
    expect(badge).not_to_have_count(0)
    ada.locator(".to-new").click()
    expect(ada.locator("#message-200")).to_be_in_viewport()
    expect(badge).to_have_count(0)


def test_history_of_a_thousand_messages_scrolls_without_jumping(place: Place) -> None:
    place.site.people("ada", "bob")
    place.site.run(messages.fill, 1000, read=1000)
    ada = place.open("/rooms/general/", "ada")
    expect(ada.locator("#message-1000")).to_be_in_viewport()
    scroller = ada.locator(".timeline__scroller")
    top_row = """scroller => {
        const edge = scroller.getBoundingClientRect().top;
        const rows = [...scroller.querySelectorAll("chat-message")];
        const row = rows.find((row) => row.getBoundingClientRect().bottom > edge + 40);
        return [row.id, row.getBoundingClientRect().top - edge, rows.length];
    }"""
    seen: set[str] = set()
    for _ in range(400):
        scroller.evaluate("scroller => scroller.scrollBy(0, -900)")
        row, before, rows = scroller.evaluate(top_row)
        seen.add(row)
        assert rows <= 300
        ada.wait_for_timeout(TWO_FRAMES_MS)
        place_of = "(scroller, id) => scroller.querySelector('#' + id)?.getBoundingClientRect().top"
        edge = scroller.evaluate("scroller => scroller.getBoundingClientRect().top")
        after = scroller.evaluate(place_of, row)
        assert after is not None
        assert abs(after - edge - before) < 3, f"{row} jumped"
        if row == "message-1":
            break
    expect(ada.locator("#message-1")).to_be_visible()
    assert len(seen) > 40
    ada.locator(".to-new").click()
    expect(ada.locator("#message-1000")).to_be_in_viewport()


def test_a_server_that_dies_in_the_middle_of_typing_costs_nothing(place: Place) -> None:
    place.site.people("ada", "bob")
    ada, bob = place.open("/", "ada"), place.open("/", "bob")
    say(ada, "before")
    expect(bob.locator("chat-message")).to_have_count(1)
    ada.locator(".composer__field").press_sequentially("half a sen")
    place.may_be_away = True
    place.site.processes[0].end(signal.SIGKILL)
    expect(ada.locator(".connection")).to_contain_text("Reconnecting")
    ada.locator(".composer__field").press_sequentially("tence")
    ada.locator(".composer__field").press("Enter")
    expect(ada.locator(".message--pending")).to_have_count(1)
    ada.locator(".composer__field").fill("a draft")
    place.site.processes[0].start()
    expect(bob.locator("chat-message").last).to_contain_text("half a sentence", timeout=40_000)
    expect(ada.locator(".message--pending")).to_have_count(0)
    expect(ada.locator(".composer__field")).to_have_value("a draft")
    expect(ada.locator("chat-message")).to_have_count(2)
    expect(bob.locator("chat-message")).to_have_count(2)
    count = place.site.run(messages.count)
    assert count == 2


def test_what_was_said_offline_survives_a_reload(place: Place) -> None:
    place.site.people("ada", "bob")
    ada, bob = place.open("/", "ada"), place.open("/", "bob")
    expect(ada.locator(".composer__field")).to_be_visible()
    place.may_be_away = True
    place.site.processes[0].end(signal.SIGKILL)
    expect(ada.locator(".connection")).to_contain_text("Reconnecting")
    say(ada, "one")
    say(ada, "two")  # to a room in which nothing was said before
    expect(ada.locator(".message--pending")).to_have_count(2)
    place.site.processes[0].start()
    ada.goto("/rooms/general/")
    hurry(bob)
    expect(bob.locator("chat-message").last).to_contain_text("two", timeout=40_000)
    expect(ada.locator(".message--pending")).to_have_count(0)
    expect(ada.locator("chat-message")).to_have_count(2)
    assert place.site.run(messages.count) == 2


def test_a_permalink_opens_at_its_message(place: Place) -> None:
    place.site.people("ada", "bob")
    place.site.run(messages.fill, 300, read=300)
    ada = place.open("/rooms/general/42", "ada")
    expect(
        ada.locator("#message-42.message--highlighted, #message-42 .message--highlighted")
    ).to_be_in_viewport()


def test_a_korean_ime_sends_once_and_not_early(place: Place) -> None:
    place.site.people("ada", "bob")
    ada = place.open("/", "ada")
    field = ada.locator(".composer__field")
    field.focus()
    devtools = ada.context.new_cdp_session(ada)
    for text in ("ㅎ", "하", "한"):
        devtools.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": 1, "selectionEnd": 1}
        )
    expect(field).to_have_value("한")
    expect(ada.locator("chat-message")).to_have_count(0)
    devtools.send("Input.insertText", {"text": "한"})
    field.press("Enter")
    expect(ada.locator("chat-message")).to_have_count(1)
    expect(ada.locator("chat-message")).to_contain_text("한")
    expect(field).to_have_value("")


def test_enter_sends_and_shift_enter_breaks_the_line(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/", "ada")
    field = ada.locator(".composer__field")
    field.press_sequentially("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    before = field.bounding_box()
    expect(field).to_have_value("one\ntwo")
    field.press("Enter")
    expect(ada.locator("chat-message")).to_have_count(1)
    after = field.bounding_box()
    assert before
    assert after
    assert before["height"] > after["height"], "the field grows with its text"


def test_drafts_are_kept_for_each_room(place: Place) -> None:
    people = place.site.people("ada")
    place.site.run(rooms.create, people["ada"], "Other")
    ada = place.open("/rooms/general/", "ada")
    ada.locator(".composer__field").fill("for General")
    ada.get_by_role("link", name="Other").click()
    expect(ada.locator(".composer__field")).to_have_value("")
    ada.locator(".composer__field").fill("for Other")
    ada.get_by_role("link", name="General").click()
    expect(ada.locator(".composer__field")).to_have_value("for General")
    ada.reload()
    expect(ada.locator(".composer__field")).to_have_value("for General")


def test_an_archived_room_says_why_nothing_can_be_written(place: Place) -> None:
    place.site.people("ada")
    ada = place.open("/rooms/general/", "ada")
    say(ada, "before")
    expect(ada.locator(".message--pending")).to_have_count(0)
    place.site.run(rooms.archive, 1)
    ada.reload()
    expect(ada.locator("chat-message")).to_contain_text("before")
    expect(ada.locator("chat-composer")).to_contain_text("archived")
    expect(ada.locator(".composer__field")).to_have_count(0)
    assert_accessible(ada)
