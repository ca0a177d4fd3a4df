"""Renders a message's Markdown to safe HTML, once, when the message is written.

markdown-it renders, Pygments highlights fenced code, nh3 (ammonia) sanitises the result.
"""

import re
from collections.abc import Mapping

import nh3
from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from rooms.models import fold

# Handles, without a full stop or hyphen at the end of a sentence.
MENTION = re.compile(r"(?<![\w@.+-])@([\w.+-]*\w)")

_formatter = HtmlFormatter(nowrap=True, classprefix="hl-")


def _highlight(code: str, language: str, _attributes: str) -> str:
    """Pygments' spans for a fence with a known language; "" leaves the code unchanged."""
    if not language:
        return ""
    try:
        return highlight(code, get_lexer_by_name(language, stripnl=False), _formatter)
    except ClassNotFound:
        return ""


# js-default does not pass raw HTML through; the nesting limit guards against hostile quotes.
_markdown = MarkdownIt(
    "js-default",
    {"linkify": True, "breaks": True, "highlight": _highlight, "maxNesting": 20},
).disable(["image", "table", "heading", "lheading"])
assert _markdown.linkify is not None
_markdown.linkify.set({"fuzzy_email": False, "fuzzy_link": False})

_cleaner = nh3.Cleaner(
    tags={
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
    },
    attributes={
        "a": {"href", "title"},
        "code": {"class"},
        "ol": {"start"},
        "span": {"class", "data-user"},
    },
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
    # Long lines scroll, so they must be reachable by keyboard.
    set_tag_attribute_values={"a": {"target": "_blank"}, "pre": {"tabindex": "0"}},
)


def mentioned(body: str) -> set[str]:
    """The folded handles after an @ in a body. Ignores code."""
    return {name for token in _texts(_markdown.parse(body)) for name in _names(token.content)}


# In Korean, particles and titles follow a name without a space: "@ada님", "@ada에게".
PARTICLE = re.compile(r"[가-힣]+$")


def _spellings(name: str) -> list[str]:
    """The possible meanings of an @name, longest first."""
    name = fold(name)
    bare = PARTICLE.sub("", name)
    return [name, bare] if bare and bare != name else [name]


def _names(text: str) -> list[str]:
    return [name for match in MENTION.finditer(text) for name in _spellings(match[1])]


def _texts(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or [] if child.type == "text"]


# One line without Markdown: words, and signs that have a meaning only at the beginning of a line,
# next to others of their kind, or directly before a word. "1." and "1)" begin a list.
PLAIN = re.compile(r"(?!\d+[.)])[^\W_](?:[^\W_]|[ ,;!?'…()%-]|[.:](?=\s|$))*")


def render(body: str, people: Mapping[str, int]) -> str:
    """Renders a body to HTML. `people`: the ids of people it may mention, by folded handle."""
    if PLAIN.fullmatch(body):
        return f"<p>{body.rstrip()}</p>"
    return rendered(body, people)


def rendered(body: str, people: Mapping[str, int]) -> str:
    """Renders a body with the full Markdown renderer."""
    tokens = _markdown.parse(body)
    for token in tokens:
        if token.children:
            token.children = [
                part for child in token.children for part in _with_mentions(child, people)
            ]
    html = _cleaner.clean(_markdown.renderer.render(tokens, _markdown.options, {})).strip()
    # Markdown can render to nothing (an empty quote, too deep nesting). A message must not.
    return html if re.sub(r"<(?!hr)[^>]*>", "", html).strip() else f"<p>{escape(body.strip())}</p>"


def _with_mentions(token: Token, people: Mapping[str, int]) -> list[Token]:
    if token.type != "text" or "@" not in token.content:
        return [token]
    parts: list[Token] = []
    at = 0
    for match in MENTION.finditer(token.content):
        name = next((name for name in _spellings(match[1]) if name in people), None)
        if name is None:
            continue
        end = match.start(1) + len(name)
        parts.append(Token("text", "", 0, content=token.content[at : match.start()]))
        # Safe without escaping: one of our integers, and word characters, dots, + and -.
        written = token.content[match.start() : end]
        span = f'<span class="mention" data-user="{people[name]}">{written}</span>'
        parts.append(Token("html_inline", "", 0, content=span))
        at = end
    parts.append(Token("text", "", 0, content=token.content[at:]))
    return parts
