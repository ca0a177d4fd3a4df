"""WebSocket URLs."""

from django.urls import path

from rooms.conf import conf
from rooms.live.consumer import ChatConsumer

websocket_urlpatterns = [path(conf.SOCKET_PATH, ChatConsumer.as_asgi())]
