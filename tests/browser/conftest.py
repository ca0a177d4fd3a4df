import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    sync_playwright,
)

from tests.conftest import MakeSite
from tests.services import missing
from tests.site import Site

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

AXE = (Path(__file__).parent.parent / "vendor/axe.min.js").read_text()

# The browser's own words about a server that is away; a page cannot keep it from saying them.
AWAY = ("WebSocket connection to", "net::ERR_CONNECTION_REFUSED", "Failed to load resource")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # The shell is the same engine without windows, of which each costs Chromium a second of CPU.
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        missing("Chromium")
    # Playwright's synchronous API keeps an event loop running, which Django takes for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


class Place:
    """A site and the browsers of the people in it. Every page is watched for errors."""

    def __init__(self, site: Site, chromium: Browser) -> None:
        self.site, self.chromium = site, chromium
        self.contexts: list[BrowserContext] = []
        self.problems: list[str] = []
        self.may_be_away = False

    def open(self, path: str = "/", name: str | None = None, **options: Any) -> Page:
        """A page in a browser of its own, signed in as `name`."""
        context = self.chromium.new_context(
            **{"base_url": self.site.url, "viewport": {"width": 1100, "height": 700}, **options}
        )
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        if name:
            cookie = {"name": "sessionid", "value": self.site.keys[name], "url": self.site.url}
            context.add_cookies([cookie])  # type: ignore[list-item]
        return self.tab(context, path)

    def tab(self, context: BrowserContext, path: str = "/") -> Page:
        page = context.new_page()
        page.on("console", self.heard)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(path)
        return page

    def heard(self, message: ConsoleMessage) -> None:
        away = self.may_be_away and any(words in message.text for words in AWAY)
        if message.type in {"error", "warning"} and not away:
            self.problems.append(f"{message.text} {message.location}")

    def close(self) -> None:
        for context in self.contexts:
            for page in context.pages:
                assert_no_overflow(page)
            context.close()
        assert self.problems == []


def assert_no_overflow(page: Page) -> None:
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1], f"{page.url} is wider than its window"


def assert_accessible(page: Page, context: str | None = None) -> None:
    """axe finds nothing in the page, or in an element of it; it runs outside of the page's CSP."""
    page.evaluate(AXE)
    run = "context => axe.run(context ?? document).then(({violations}) => violations)"
    found = page.evaluate(run, context)
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == [], page.url


def hurry(*pages: Page) -> None:
    """The browser is online: a page tries again at once, and not when its backoff says so."""
    for page in pages:
        page.evaluate("dispatchEvent(new Event('online'))")


def say(page: Page, text: str) -> None:
    page.locator(".composer__field").fill(text)
    page.locator(".composer__field").press("Enter")


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


@pytest.fixture
def place(make_site: MakeSite, chromium: Browser) -> Iterator[Place]:
    with ExitStack() as stack:
        site = stack.enter_context(make_site("sqlite", server="serve", DEBUG="off"))
        made = Place(site, chromium)
        yield made
        made.close()
