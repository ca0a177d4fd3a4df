"""The ASGI application: pages by Django, the socket by Channels."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import CookieMiddleware, SessionMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402

from chatsite.origin import ExactOrigin  # noqa: E402
from rooms import lifespan  # noqa: E402
from rooms.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "lifespan": lifespan.application,
        "websocket": ExactOrigin(
            CookieMiddleware(SessionMiddleware(URLRouter(websocket_urlpatterns))),
            settings.CHAT_URLS,
        ),
    }
)
