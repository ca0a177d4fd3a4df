"""python -m bench.browser: page loads and typing, measured in Chromium; writes bench/browser.json.

It runs its own site, `manage.py serve` on SQLite, with a room of 10,000 messages. Each
page is loaded in its own browser context, once with an empty cache and once with a full one.
"""

import json
import shutil
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.site import Site

RESULTS = Path(__file__).with_name("browser.json")
MESSAGES = 10_000
LOADS = 10
SENDS = 20

WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((task) => task.duration)))
  .observe({ type: "longtask" });
// The time at which the first message is painted.
window.firstMessage = new Promise((resolve) => {
  const painted = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
  const look = () =>
    document.querySelector("chat-message .message__body") ? painted() : requestAnimationFrame(look);
  look();
});
"""

LOADED = """
async () => {
  const message = await window.firstMessage;
  const paint = await new Promise((resolve) => new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name === "first-contentful-paint") resolve(entry.startTime);
    }
  }).observe({ type: "paint", buffered: true }));
  const [page] = performance.getEntriesByType("navigation");
  const files = performance.getEntriesByType("resource");
  const scripts = files.filter((file) => file.name.endsWith(".js"));
  const sum = (entries, what) => entries.reduce((total, entry) => total + entry[what], 0);
  return {
    first_byte_ms: page.responseStart,
    first_contentful_paint_ms: paint,
    first_message_ms: message,
    requests: files.length + 1,
    bytes: sum([page, ...files], "transferSize"),
    javascript_bytes: sum(scripts, "encodedBodySize"),
  };
}
"""

# From the key press until the pending message is in the page and laid out.
SEND = """
async (text) => {
  const field = document.querySelector(".composer__field");
  field.focus();
  field.value = text;
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const shown = new Promise((resolve) => {
    new MutationObserver((_changes, observer) => {
      const last = [...document.querySelectorAll("chat-message")].at(-1);
      if (!last.textContent.includes(text)) return;
      observer.disconnect();
      const inPage = performance.now();
      document.body.offsetHeight;
      resolve([inPage, performance.now()]);
    }).observe(document.querySelector(".timeline__rows"), { childList: true, subtree: true });
  });
  const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
  const pressed = performance.now();
  field.dispatchEvent(enter);
  const [inPage, laidOut] = await shown;
  return { in_page_ms: inPage - pressed, laid_out_ms: laidOut - pressed };
}
"""

# Scrolls a step in each frame, like a wheel, up to the first message of the room.
SCROLL = """
async () => {
  const scroller = document.querySelector(".timeline__scroller");
  longTasks.length = 0;
  let rows = 0, frames = 0, slowest = 0, waits = 0;
  const began = performance.now();
  let last = began;
  while (!document.querySelector("#message-1")) {
    const at = scroller.scrollTop;
    scroller.scrollBy(0, -300);
    if (scroller.scrollTop === at) waits++;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    slowest = Math.max(slowest, now - last);
    last = now;
    const shown = ++frames % 20 === 0 ? scroller.querySelectorAll("chat-message").length : 0;
    rows = Math.max(rows, shown);
    if (now - began > 600_000) throw new Error("scrolling does not reach the first message");
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  return {
    seconds: (performance.now() - began) / 1000,
    frames,
    frames_without_a_move: waits,
    slowest_frame_ms: slowest,
    most_rows: rows,
    long_tasks: longTasks.length,
    longest_task_ms: Math.max(0, ...longTasks),
  };
}
"""


@contextmanager
def room_of(messages: int) -> Iterator[Site]:
    site = Site("sqlite:///FOLDER/chat.sqlite3", {"DEBUG": "off"}, 1, "serve")
    try:
        site.manage("migrate", "-v", "0").check_returncode()
        site.people(*(f"person{number}" for number in range(10)))
        site.run("bench.programs:fill", messages)
        site.serve()
        yield site
    finally:
        site.close()


def open_page(browser: Browser, site: Site) -> Page:
    context = browser.new_context(
        base_url=site.url, viewport={"width": 1100, "height": 700}, locale="en-US"
    )
    context.set_default_timeout(30_000)
    cookie = {"name": "sessionid", "value": site.keys["person0"], "url": site.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    context.add_init_script(WATCH)
    return context.new_page()


def measure_loads(browser: Browser, site: Site) -> dict[str, dict[str, float]]:
    found: dict[str, list[dict[str, float]]] = {"empty_cache": [], "full_cache": []}
    for _ in range(LOADS):
        page = open_page(browser, site)
        for loads in found.values():
            page.goto("/rooms/general/")
            loads.append(page.evaluate(LOADED))
        page.context.close()
    return {name: middle(loads) for name, loads in found.items()}


def measure_sends(browser: Browser, site: Site) -> dict[str, float]:
    page = open_page(browser, site)
    page.goto("/rooms/general/")
    page.locator(".composer__field").wait_for()
    page.wait_for_timeout(500)
    sends = []
    for number in range(SENDS):
        sends.append(page.evaluate(SEND, f"sent as number {number}"))
        page.wait_for_timeout(100)
    page.context.close()
    return middle(sends) | {f"worst_{name}": max(send[name] for send in sends) for name in sends[0]}


def measure_scrolling(browser: Browser, site: Site) -> dict[str, float]:
    page = open_page(browser, site)
    page.goto("/rooms/general/")
    page.locator(f"#message-{MESSAGES}").wait_for()
    page.wait_for_timeout(1000)
    found = page.evaluate(SCROLL)
    page.context.close()
    return found


def middle(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def main() -> None:
    program = shutil.which("chromium")
    if program is None:
        sys.exit("Chromium is not installed; run bin/test-deps")
    with sync_playwright() as playwright, room_of(MESSAGES) as site:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        results: dict[str, Any] = {"browser": f"Chromium {browser.version}", "messages": MESSAGES}
        # Scroll first, while the room is unchanged.
        for name, measure in (
            ("scroll", measure_scrolling),
            ("load", measure_loads),
            ("send", measure_sends),
        ):
            results[name] = measure(browser, site)
            say(f"{name}: {json.dumps(results[name], indent=2)}")
        browser.close()
    RESULTS.write_text(json.dumps(rounded(results), indent=2) + "\n")


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    return round(value, 1) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
