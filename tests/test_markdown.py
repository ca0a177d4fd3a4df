"""Bodies become HTML that is safe, and as the writer meant it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.log.rendering import mentioned, render, rendered

PEOPLE = {"ada": 5, "kim.minji": 6, "민지": 7}


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("**bold** *italic* ~~gone~~", "<p><strong>bold</strong> <em>italic</em> <s>gone</s></p>"),
        ("`code <b>`", "<p><code>code &lt;b&gt;</code></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("# not a heading", "<p># not a heading</p>"),
        ("hi @ada.", '<p>hi <span class="mention" data-user="5">@ada</span>.</p>'),
        ("@ADA", '<p><span class="mention" data-user="5">@ADA</span></p>'),
        ("@ada님 안녕", '<p><span class="mention" data-user="5">@ada</span>님 안녕</p>'),
        ("@민지", '<p><span class="mention" data-user="7">@민지</span></p>'),
        ("me@ada `@ada` @nobody", "<p>me@ada <code>@ada</code> @nobody</p>"),
        (">", "<p>&gt;</p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("<p>x</p>", "<p>&lt;p&gt;x&lt;/p&gt;</p>"),
    ],
)
def test_markdown_is_rendered(body: str, html: str) -> None:
    assert render(body, PEOPLE) == html


def test_fenced_code_is_highlighted() -> None:
    assert 'class="hl-k"' in render("```python\ndef f(): pass\n```", {})
    assert render("```nonsense\n<b>\n```", {}) == (
        '<pre tabindex="0"><code class="language-nonsense">&lt;b&gt;\n</code></pre>'
    )


def test_links_open_safely() -> None:
    html = render("https://example.org/a?b=1&c=2", {})
    assert 'rel="noopener noreferrer nofollow"' in html
    assert 'target="_blank"' in html


def test_nobody_is_mentioned_in_code() -> None:
    assert mentioned("@ada `@bob`\n```\n@eve\n```") == {"ada"}


class Parsed(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))


TAGS = frozenset(
    [
        "p",
        "br",
        "strong",
        "em",
        "s",
        "code",
        "pre",
        "ul",
        "ol",
        "li",
        "blockquote",
        "a",
        "hr",
        "span",
    ]
)
NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>)",
    "![x](http://x/y.png)",
    "<a href='javascript:x'>",
    "```<style>\n```",
    "@ada<svg/onload=1>",
    "&#x3C;script&#x3E;",
    "**" * 50,
    ">" * 300 + "x",
    "[" * 500,
    "`" * 500,
]


@given(st.lists(st.sampled_from(NASTY) | st.text(), min_size=1, max_size=6).map("\n".join))
def test_nothing_dangerous_comes_out(body: str) -> None:
    html = render(body, PEOPLE)
    for tag, attributes in Parsed(html).tags:
        assert tag in TAGS
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        if href := attributes.get("href"):
            assert re.match(r"(https?:|mailto:|[^:]*$)", href)
    if body.strip():
        assert html


@given(st.text("abz 가é9  ,;!?'…()%-.:\n", min_size=1, max_size=20).filter(str.strip))
def test_plain_text_becomes_what_all_the_rules_make_of_it(body: str) -> None:
    assert render(body, {}) == rendered(body, {})
