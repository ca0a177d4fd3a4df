"""WebSocket URLs."""

from django.urls import path

from rooms.live.consumer import ChatConsumer

websocket_urlpatterns = [path("ws/", ChatConsumer.as_asgi())]
