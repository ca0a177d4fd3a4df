"""Two people talk in the site of tests/bare, in browsers."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import assert_accessible, assert_no_overflow, say
from tests.embedded import SERVERS, embedded
from tests.programs import embedding

NAMES = {"ada@example.org": "Ada Lovelace", "bob@example.org": "Bob Hope"}


@pytest.fixture(params=SERVERS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with embedded() as site:
        site.manage("migrate", "-v", "0")
        site.run(embedding.add_users, NAMES)
        site.run(embedding.open_room)
        with site.served(request.param) as url:
            yield url


def sign_in(chromium: Browser, url: str, email: str, problems: list[str]) -> Page:
    page = chromium.new_context(viewport={"width": 1100, "height": 700}).new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(f"{url}/chat/rooms/lounge/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(embedding.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return page


def test_two_people_talk_and_one_deletes_the_account(chromium: Browser, address: str) -> None:
    problems: list[str] = []
    ada = sign_in(chromium, address, "ada@example.org", problems)
    expect(ada).to_have_url(f"{address}/chat/rooms/lounge/")
    expect(ada.locator(".site-header")).to_contain_text("Ada Lovelace")
    bob = sign_in(chromium, address, "bob@example.org", problems)
    say(ada, "Hello from a site of our own")
    expect(bob.locator(".message__body").last).to_have_text("Hello from a site of our own")
    expect(bob.locator(".message__author").last).to_have_text("Ada Lovelace")
    say(bob, "안녕하세요 @ada-lovelace")
    expect(ada.locator(".message__body").last).to_have_text("안녕하세요 @ada-lovelace")
    for page in (ada, bob):
        assert_no_overflow(page)
        bottom = page.evaluate("document.documentElement.scrollHeight - innerHeight")
        assert bottom <= 0, "the chat fits below the site's header"
        assert "example.org" not in page.content()
    assert_accessible(ada, ".app")
    # Settings, whose form the site itself draws otherwise, and back.
    ada.locator(".menu__me").click()
    ada.get_by_role("link", name="Settings").click()
    ada.get_by_label("Display name").fill("Countess Ada")
    ada.get_by_role("button", name="Save name").click()
    expect(ada.get_by_text("Your name was saved.")).to_be_visible()
    assert_no_overflow(ada)
    ada.goto(f"{address}/chat/")
    expect(ada).to_have_url(f"{address}/chat/rooms/lounge/")
    # A room made in the browser: POSTs are proved with the site's cookie.
    bob.get_by_role("button", name="Create a room").click()
    bob.locator(".dialog").get_by_label("Name", exact=True).fill("Kitchen")
    bob.locator(".dialog").get_by_role("button", name=re.compile("Create")).click()
    expect(bob).to_have_url(f"{address}/chat/rooms/kitchen/")
    bob.go_back()
    ada.get_by_role("button", name="Delete my account").click()
    expect(ada).to_have_url(f"{address}/")
    expect(bob.locator(".message__author").first).to_have_text(re.compile("Ada"))
    expect(bob.locator(".message__body").first).to_have_text("Hello from a site of our own")
    # The tab of somebody without an account leads to the site's own sign-in.
    ada.goto(f"{address}/chat/rooms/lounge/")
    expect(ada).to_have_url(f"{address}/sign-in/?next=/chat/rooms/lounge/")
    assert problems == []
    for page in (ada, bob):
        page.context.close()


def test_signing_out_ends_the_other_tab(chromium: Browser, address: str) -> None:
    problems: list[str] = []
    ada = sign_in(chromium, address, "ada@example.org", problems)
    other = ada.context.new_page()
    other.goto(f"{address}/chat/rooms/lounge/")
    expect(other.locator(".composer__field")).to_be_visible()
    ada.locator(".menu__me").click()
    ada.get_by_role("button", name="Sign out").click()
    expect(ada).to_have_url(f"{address}/")
    expect(other).to_have_url(re.compile(r"/sign-in/\?next=%2Fchat%2Frooms%2Flounge%2F"))
    assert problems == []
    ada.context.close()
