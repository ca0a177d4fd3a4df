"""Addresses of sockets."""

from django.urls import path

from rooms.consumers import ChatConsumer

websocket_urlpatterns = [path("ws/", ChatConsumer.as_asgi())]
