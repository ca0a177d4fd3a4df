"""The texts of the client's JavaScript, under an address that names their language and content.

Whoever has them once need not ask again until a text changes.
"""

import hashlib
from functools import cache

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import check_for_language, override
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

FOR_EVER = "public, max-age=31536000, immutable"


@cache
def _script(language: str) -> tuple[bytes, str]:
    """The script, and the hash that its address carries."""
    request = HttpRequest()
    request.method = "GET"
    with override(language):
        response = JavaScriptCatalog.as_view(packages=["rooms"])(request)
    assert isinstance(response, HttpResponse)
    script = response.content
    return script, hashlib.blake2b(script, digest_size=6).hexdigest()


def url(language: str) -> str:
    return reverse("rooms:catalog", args=[language, _script(language)[1]])


@require_safe
@gzip_page
def javascript_catalog(request: HttpRequest, language: str, version: str) -> HttpResponse:
    """The texts as they are now, also for a page that was made before an update."""
    if not check_for_language(language):
        raise Http404
    script, current = _script(language)
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = FOR_EVER if version == current else "no-cache"
    return response
