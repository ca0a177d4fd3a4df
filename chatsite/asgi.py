"""The ASGI application: Django for pages, Channels for the WebSocket."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import CookieMiddleware, SessionMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402

from chatsite import handler  # noqa: E402
from chatsite.origin import ExactOrigin  # noqa: E402
from chatsite.root import AtRoot  # noqa: E402
from rooms.live import lifespan  # noqa: E402
from rooms.live.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": AtRoot(handler.build()),
        "lifespan": lifespan.application,
        "websocket": AtRoot(
            ExactOrigin(
                CookieMiddleware(SessionMiddleware(URLRouter(websocket_urlpatterns))),
                settings.CHAT_URLS,
            )
        ),
    }
)
