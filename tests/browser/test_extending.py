"""An app adds to the client without a change to it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Place, say
from tests.conftest import MakeSite


@pytest.fixture
def greeting(make_site: MakeSite, chromium: Browser) -> Iterator[Place]:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.greeting.settings"}
    with make_site("sqlite", server="serve", DEBUG="off", **settings) as site:
        made = Place(site, chromium)
        yield made
        made.close()


def test_parts_actions_completions_frames_and_dialogs(greeting: Place) -> None:
    greeting.site.people("ada", "bob")
    ada, bob = greeting.open("/", "ada"), greeting.open("/", "bob")
    for page in (ada, bob):
        dialog = page.get_by_role("dialog", name="Welcome")
        expect(dialog).to_contain_text("Nice to see you")
        dialog.get_by_role("button", name="Close").click()

    say(ada, "hi @bob")
    named = bob.locator("#message-1 .named")
    expect(named).to_have_text("Named: You")
    expect(named).to_have_css("font-style", "italic")
    expect(bob.locator(".toast")).to_contain_text("Ada is busy")

    bob.locator("#message-1").hover()
    bob.get_by_role("button", name="Greet").click()
    expect(ada.locator("#message-2")).to_contain_text("hello back")
    ada.locator("#message-2").focus()
    ada.locator("#message-2").press("g")
    expect(bob.locator("#message-3")).to_contain_text("hello back")
    ada.locator("#message-3").hover()
    mine = ada.locator("#message-3")
    expect(mine.get_by_role("button", name="Reply")).to_be_visible()
    expect(mine.get_by_role("button", name="Greet")).to_have_count(0)
    ada.get_by_role("button", name="Wave").click()
    expect(bob.locator("#message-4")).to_contain_text("wave")

    field = ada.locator(".composer__field")
    field.fill("")
    field.press_sequentially("#hel")
    expect(ada.get_by_role("listbox", name="Tags").get_by_role("option")).to_have_text("#hello")
    field.press("Tab")
    expect(field).to_have_value("#hello ")

    field.fill("/n")
    option = ada.get_by_role("listbox", name="Commands").get_by_role("option")
    expect(option).to_have_text("/nod Agree")
    field.press("Enter")
    expect(field).to_have_value("/nod ")
    field.press_sequentially("slowly")
    field.press("Enter")
    expect(bob.locator("#message-5")).to_contain_text("nods slowly")
    expect(field).to_have_value("")
    say(ada, "/etc/hosts")
    expect(bob.locator("#message-6")).to_contain_text("/etc/hosts")
