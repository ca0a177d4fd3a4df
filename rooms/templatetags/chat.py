"""What a page loads."""

import re
from collections.abc import Sequence
from pathlib import Path
from posixpath import dirname, join, normpath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from rooms.models import Place
from rooms.pages import catalog

register = template.Library()

# `import … from "./x.js"`, `import "./x.js"`, `export … from "./x.js"`, at a line's beginning.
IMPORT = re.compile(r"""^(?:import|export)\b[^"';]*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


def imported_by(name: str) -> list[str]:
    """The modules that the module `name` needs to run, its own imports first. Static names."""
    found = [name]
    for module in found:
        path = finders.find(module)
        if path is None:
            raise FileNotFoundError(module)
        for address in IMPORT.findall(Path(path).read_text()):
            needed = normpath(join(dirname(module), address))
            if needed not in found:
                found.append(needed)
    return found[1:]


@register.simple_tag
def modulepreload(modules: Sequence[str]) -> SafeString:
    """Links for all that the modules import, so that the browser asks for everything at once."""
    imported = dict.fromkeys(needed for name in modules for needed in imported_by(name))
    links = ((static(name),) for name in imported if name not in modules)
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', links)


@register.simple_tag
def place_name() -> str:
    return Place.get().name


@register.simple_tag
def javascript_catalog() -> str:
    """The address of the JavaScript texts in the page's language."""
    return catalog.url(get_language())
