"""What a page loads: everything at once, compressed, under names that are good for ever."""

import re
import urllib.request
from collections.abc import Iterator
from email.message import Message
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest

from chatsite.static import WholeCompressor
from rooms.templatetags.chat import imported_by
from tests.conftest import _site
from tests.site import Site

# Bytes of JavaScript over the wire before the first message shows.
MAX_SCRIPTS = 120_000
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


class Loads(HTMLParser):
    """The addresses that a page loads, by what they are for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.modules: list[str] = []
        self.preloaded: list[str] = []
        self.scripts: list[str] = []
        self.others: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "script" and "src" in has:
            (self.modules if has.get("type") == "module" else self.scripts).append(has["src"])
        if tag == "link":
            (self.preloaded if has["rel"] == "modulepreload" else self.others).append(has["href"])

    @property
    def javascript(self) -> list[str]:
        return self.scripts + self.modules + self.preloaded


# What they share takes seconds to make.
pytestmark = pytest.mark.xdist_group("assets")


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[Site]:
    with _site(request, server="serve", DEBUG="off") as site:
        site.people("ada")
        yield site


def fetch(site: Site, path: str, **headers: str) -> tuple[Message, bytes]:
    request = urllib.request.Request(site.url + path, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.headers, answer.read()


def page_of(site: Site, language: str = "en") -> Loads:
    cookie = f"sessionid={site.keys['ada']}"
    headers = {"Cookie": cookie, "Accept-Language": language}
    return Loads(fetch(site, "/rooms/general/", **headers)[1].decode())


def test_every_module_that_will_run_is_asked_for_by_the_page(served: Site) -> None:
    loads = page_of(served)
    needed = list(loads.modules)
    for path in needed:
        needed += [found for found in imports(served, path) if found not in needed]
    assert sorted(needed) == sorted(loads.modules + loads.preloaded)
    assert len(needed) > 20


def test_dialogs_are_loaded_when_they_are_opened(served: Site) -> None:
    loads = page_of(served)
    later = [name for path in loads.preloaded for name in imports(served, path, LATER)]
    assert len(later) >= 5
    for path in later:
        assert path not in loads.preloaded
        later += [found for found in imports(served, path) if found not in later + loads.preloaded]


# Statements at a line's beginning, and `import("./x.js")`.
NOW = re.compile(r"""^(?:import|export)\b[^;"']*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
LATER = re.compile(r"""\bimport\(["'](\.{1,2}/[^"']+\.js)["']\)""")


def imports(site: Site, path: str, how: re.Pattern[str] = NOW) -> list[str]:
    """The modules that a module imports, which must have their hash."""
    found = [normpath(join(dirname(path), name)) for name in how.findall(text_of(site, path))]
    assert [name for name in found if not HASHED.search(name)] == [], f"{path} imports without hash"
    return found


def text_of(site: Site, path: str) -> str:
    return fetch(site, path)[1].decode()


@pytest.mark.parametrize("encoding", ["br", "gzip"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_javascript_is_compressed_and_small(served: Site, encoding: str, language: str) -> None:
    total = 0
    for path in page_of(served, language).javascript:
        headers, body = fetch(served, path, **{"Accept-Encoding": encoding})
        total += len(body)
        if len(body) > 1000:
            # Files are compressed when they are collected; the texts on their way, by gzip alone.
            texts = path.startswith("/jsi18n/")
            if not (texts and encoding == "br"):
                assert headers["Content-Encoding"] == encoding, path
    assert total < MAX_SCRIPTS


def test_assets_need_not_be_asked_for_again(served: Site) -> None:
    loads = page_of(served)
    for path in loads.javascript + loads.others:
        headers, _body = fetch(served, path)
        assert "immutable" in headers["Cache-Control"], path
        assert "Cookie" not in headers.get("Vary", ""), path


def test_the_catalogue_is_of_the_pages_language(served: Site) -> None:
    english, korean = (
        [p for p in page_of(served, lang).scripts if "/jsi18n/" in p] for lang in ("en", "ko")
    )
    assert english != korean
    assert "메시지".encode("unicode_escape").decode() in text_of(served, korean[0])
    # A page from before an update gets the texts of now, and asks again next time.
    headers, body = fetch(served, "/jsi18n/ko/0123456789ab.js")
    assert body.decode() == text_of(served, korean[0])
    assert headers["Cache-Control"] == "no-cache"


def test_imports_are_found_in_all_their_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "a/main.js": 'import { x } from "./b.js";\nimport "../c.js";\n'
        'import {\n  y,\n} from "./d.js";\n',
        "a/b.js": 'export { z } from "./d.js";\nconst text = "import ./no.js";\n',
        "a/d.js": 'import "./main.js"; // in a circle\n',
        "c.js": "// import './neither.js'\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(
        "django.contrib.staticfiles.finders.find", lambda name: str(tmp_path / name)
    )
    assert imported_by("a/main.js") == ["a/b.js", "c.js", "a/d.js"]


def test_a_compressed_file_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.0123456789ab.js"
    file.write_text("text " * 1000)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("crash")))
    with pytest.raises(OSError, match="crash"):
        WholeCompressor(quiet=True).compress(str(file))
    assert not file.with_name(file.name + ".br").exists()
    monkeypatch.undo()
    assert sorted(Path(p).suffix for p in WholeCompressor(quiet=True).compress(str(file))) == [
        ".br",
        ".gz",
    ]
