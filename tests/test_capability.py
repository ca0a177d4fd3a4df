"""Apps add to the chat by their configuration; what cannot work keeps it from starting."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.core.exceptions import ImproperlyConfigured

import rooms
from rooms import capability, checks, members, protocol
from rooms.log.sending import Sending
from rooms.reading import parts, query
from rooms.reading.mentions import Mentions
from tests.web import browser, person


class Stamp(protocol.Command, frozen=True):
    message: int


class Stamps(parts.Part[int]):
    field = "stamps"
    bit = 2**30
    type = int
    table = "rooms_stamp"


class SameBit(Stamps):
    bit = Mentions.bit


class OddBit(Stamps):
    bit = 3


class SameField(Stamps):
    field = "mentions"


class Stamping(query.Query[Stamp]):
    command = Stamp


class StampsConfig(capability.Capability):
    """An app whose package is this module."""

    name = __name__
    label = "test"
    found: ClassVar[dict[str, Any]] = {}

    def resolve(self, path: str) -> Any:
        return self.found[path] if path in self.found else super().resolve(path)


@pytest.fixture(autouse=True)
def undo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    monkeypatch.undo()
    capability.install()


def install(monkeypatch: pytest.MonkeyPatch, **added: Any) -> None:
    app = StampsConfig(__name__, rooms)
    kernel = list(capability.installed())
    for kind, value in added.items():
        setattr(app, kind, list(value))
        app.found.update(value)
    monkeypatch.setattr(capability, "installed", lambda: iter([*kernel, app]))
    capability.install()


def test_what_an_app_adds_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, parts={"Stamps": Stamps}, queries={"Stamping": Stamping})
    assert parts.registered()[-1] is Stamps
    assert query.of(Stamp) is Stamping
    assert protocol.parse('{"type":"stamp","ref":1,"message":7}') == Stamp(1, 7)


@pytest.mark.parametrize(
    ("kind", "claim", "says"),
    [
        ("parts", SameBit, "bit of a part 2"),
        ("parts", SameField, "part 'mentions'"),
        ("parts", OddBit, "power of two"),
        ("verbs", Sending, "command 'send'"),
    ],
)
def test_two_apps_never_claim_the_same(
    monkeypatch: pytest.MonkeyPatch, kind: str, claim: Any, says: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=says):
        install(monkeypatch, **{kind: {"Claim": claim}})


def test_a_path_that_leads_nowhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    app = StampsConfig(__name__, rooms)
    app.verbs = ("log.Nothing",)  # type: ignore[misc]
    monkeypatch.setattr(capability, "installed", lambda: iter([app]))
    with pytest.raises(ImproperlyConfigured, match=r"log\.Nothing"):
        capability.install()


def test_a_command_that_nothing_handles_is_found_by_check() -> None:
    assert checks.every_command_is_handled(None) == []
    protocol.register(commands=[Stamp])
    [error] = checks.every_command_is_handled(None)
    assert (error.id, "'stamp'" in error.msg) == ("rooms.E001", True)


@pytest.mark.django_db
def test_the_page_loads_what_an_app_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = person("ada")
    members.create_room(ada, "General", "public")
    app = StampsConfig(__name__, rooms)
    app.scripts, app.styles = ("rooms/js/ui/forms.js",), ("stamps/stamp.css",)  # type: ignore[misc]
    apps = [*capability.installed(), app]
    monkeypatch.setattr(capability, "installed", lambda: iter(apps))
    page = browser(ada).get("/rooms/general/").content.decode()
    scripts = re.findall(r'<script type="module" src="[^"]*?([a-z_/]+)(?:\.\w+)?\.js"', page)
    assert scripts[-2:] == ["/static/rooms/js/ui/forms", "/static/rooms/js/main"]
    assert 'href="/static/stamps/stamp.css"' in page
