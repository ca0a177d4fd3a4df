"""Submitting forms: locked, sent once, and input is kept if it is invalid."""

from playwright.sync_api import CDPSession, Request, expect

from tests.browser.conftest import Place

# Runs in the page, because Playwright waits for the navigation after a click. Submits twice, like
# an impatient user.
SUBMIT = """async () => {
  const form = document.querySelector("main form");
  form.requestSubmit();
  await new Promise((resolve) => setTimeout(resolve, 100));
  form.requestSubmit();
  const fields = [...form.querySelectorAll("input:not([type=hidden])")];
  return [form.querySelector("button").ariaDisabled, fields.map((field) => field.readOnly)];
}"""


def slow(devtools: CDPSession, milliseconds: int) -> None:
    conditions = {"latency": milliseconds, "downloadThroughput": -1, "uploadThroughput": -1}
    devtools.send("Network.emulateNetworkConditions", {"offline": False, **conditions})


def test_form_on_a_slow_connection_is_locked_and_sent_once(place: Place) -> None:
    place.site.people("ada")
    page = place.open("/accounts/login/")
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    page.locator("[name=login]").fill("ada")
    page.locator("[name=password]").fill("wrong")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    slow(devtools, 2000)
    assert page.evaluate(SUBMIT) == ["true", [True, True]]
    expect(page.locator("[role=alert], .errorlist").first).to_be_visible()
    assert [request.method for request in requests].count("POST") == 1, "sent once"
    slow(devtools, 0)
    expect(page.locator("[name=login]")).to_have_value("ada")
    expect(page.locator("[name=login]")).to_be_editable()
    page.locator("[name=password]").fill("correct horse ada")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".composer__field")).to_be_visible()
