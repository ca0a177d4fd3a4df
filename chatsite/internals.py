"""All the undocumented internals of other libraries that the site uses.

A library may rename any of these in a minor release. So each feature that needs them calls
`usable` at startup. If one is missing, it is logged by name and the feature falls back to the
library's documented behaviour. A test checks that this list is complete.
"""

import dis
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import isclass
from types import FunctionType
from typing import Any, Literal

logger = logging.getLogger(__name__)

Feature = Literal["server", "redis layer", "memory layer", "pages", "sessions"]

ORDINARY: dict[Feature, str] = {
    "server": "daphne's own server, without our limits and fast path",
    "redis layer": "channels_redis' own pub/sub layer, which is slower",
    "memory layer": "Channels' own in-memory layer, which is slower",
    "pages": "Django's own ASGI handler, which is slower",
    "sessions": "none; sign-in may fail until rooms.accounts.sessions is adapted",
}


@dataclass(frozen=True, slots=True)
class Internal:
    feature: Feature
    owner: str  # "module:Class" or "module"
    name: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.owner.replace(':', '.')}.{self.name}"

    def exists(self) -> bool:
        """Whether the owner defines it, or assigns it on its instances."""
        module, _, path = self.owner.partition(":")
        try:
            owner: Any = import_module(module)
            for part in filter(None, path.split(".")):
                owner = getattr(owner, part)
        except (ImportError, AttributeError):
            return False
        return hasattr(owner, self.name) or self.name in _assigned_by(owner)


@cache
def _assigned_by(owner: Any) -> set[str]:
    """The attributes assigned in a function, or in the methods of a class and its bases."""
    return {
        instruction.argval
        for function in _functions(owner)
        for instruction in dis.get_instructions(function)
        if instruction.opname == "STORE_ATTR"
    }


def _functions(owner: Any) -> Iterator[FunctionType]:
    if isinstance(owner, FunctionType):
        yield owner
    elif isclass(owner):
        for kind in owner.__mro__:
            yield from (value for value in vars(kind).values() if isinstance(value, FunctionType))


def _all_of(feature: Feature, owner: str, **purposes: str) -> Iterator[Internal]:
    return (Internal(feature, owner, name, purpose) for name, purpose in purposes.items())


INTERNALS: tuple[Internal, ...] = (
    *_all_of(
        "server",
        "daphne.server:Server",
        application="is called for each connection",
        connections="the open connections and their tasks, for a graceful shutdown",
        create_application="gives sockets a bounded inbound queue",
        handle_reply="sends the application's events",
        http_factory="creates our requests",
        kill_all_applications="shuts down gracefully on SIGTERM",
        listen_error="reports why a port cannot be opened",
        listen_success="knows the ports, to stop listening on shutdown",
        ready_callable="runs after the factories are created",
        ws_factory="creates our sockets",
    ),
    *_all_of(
        "server",
        "daphne.ws_protocol:WebSocketProtocol",
        application_queue="receives the client's events",
        check_timeouts="pauses pings while reading is paused",
        last_ping="no ping for a client that sent something",
        muted="daphne ignores frames of a socket that it closed after an error",
        onMessage="bounds a message",
        onOpen="becomes the transport's producer",
        serverClose="closes with codes that autobahn refuses",
        serverSend="sends through the flusher",
    ),
    *_all_of(
        "server",
        "daphne.http_protocol:WebRequest",
        process="is skipped for rejected requests",
        channel="is closed if the body is too large",
    ),
    *_all_of("server", "daphne.http_protocol:HTTPFactory", buildProtocol="creates our requests"),
    *_all_of(
        "server",
        "autobahn.twisted.websocket:WebSocketServerProtocol",
        STATE_OPEN="whether a socket can be written to",
        _cancelAutoPingTimeoutCall="stops waiting for a pong while reading is paused",
        autoPingTimeoutCall="whether a pong is awaited",
        current_frame="whether a frame has begun; then autobahn reads it",
        data="whether bytes are buffered; then autobahn reads them",
        dataReceived="parses ordinary frames before autobahn",
        inside_message="whether a message has begun; then autobahn reads it",
        onMessageBegin="bounds a message",
        onMessageFrameData="bounds a message",
        sendCloseFrame="closes with codes that only servers may use",
        sendFrame="sends binary frames",
        state="whether a socket can be written to",
    ),
    *_all_of(
        "server",
        "twisted.internet.tcp:Connection",
        _tempDataBuffer="whether bytes are waiting to be sent",
        dataBuffer="whether bytes are waiting to be sent",
        disconnecting="whether the connection is being closed",
        pauseProducing="stops reading",
        resumeProducing="reads again",
        socket="is written to directly if nothing is queued",
    ),
    *_all_of(
        "server",
        "twisted.web.http:Request",
        content="the size of the body so far",
        gotLength="rejects a body by its length",
        handleContentChunk="rejects a body that grows too large",
    ),
    *_all_of("server", "twisted.web.http:HTTPChannel", requestFactory="creates our requests"),
    *_all_of(
        "redis layer",
        "channels_redis.pubsub:RedisPubSubChannelLayer",
        _args="arguments for the layer of a loop",
        _get_layer="creates our layer for each event loop",
        _kwargs="arguments for the layer of a loop",
        _layers="the layers by event loop",
        deserialize="decodes an event once per process",
        serialize="encodes an event once per process",
    ),
    *_all_of(
        "redis layer",
        "channels_redis.pubsub:RedisPubSubLoopLayer",
        _get_group_channel_name="the name of a group in Redis",
        _get_shard="the Redis of a group",
        _shards="replaces the connections with ours",
        _subscribe_to_channel="gives sockets a smaller queue",
        channel_layer="encodes and decodes",
        channels="the queues of the sockets here",
        group_add="waits for the subscription",
        group_send="delivers to the sockets here first",
        groups="the sockets here by group",
    ),
    *_all_of(
        "redis layer",
        "channels_redis.pubsub:RedisSingleShardConnection",
        _do_receiving="reads without a task for each message",
        _ensure_receiver="starts reading",
        _ensure_redis="connects",
        _pubsub="redis-py's subscriptions",
        _receive_message="delivers messages that are not for a group",
        _subscribed_to="the subscriptions requested from Redis",
        channel_layer="receives incoming messages",
        flush="also stops our tasks",
        host="the address of Redis",
        publish="does not wait for Redis",
        subscribe="does not wait for Redis",
        unsubscribe="does not wait for Redis",
    ),
    *_all_of(
        "redis layer",
        "channels_redis.utils",
        _wrap_close="closes the connections with their event loop",
        create_pool="parses a host's settings",
    ),
    *_all_of(
        "redis layer", "redis.asyncio:ConnectionPool", make_connection="a connection for publishing"
    ),
    *_all_of(
        "redis layer",
        "redis.asyncio:Connection",
        connect="a connection for publishing",
        disconnect="drops a connection that may be in the middle of an answer",
        is_connected="whether a connection was used before",
        pack_commands="many messages in one write",
        read_response="the answers to them",
        send_packed_command="many messages in one write",
    ),
    *_all_of(
        "redis layer",
        "redis.asyncio.client:PubSub",
        subscribed="whether there are subscriptions to read from",
    ),
    *_all_of(
        "memory layer", "channels.layers:InMemoryChannelLayer", groups="the channels of a group"
    ),
    *_all_of(
        "pages",
        "django.core.handlers.asgi:ASGIHandler",
        chunk_size="the size of a file's blocks",
        create_request="creates the request, or the response to a bad one",
        load_middleware="makes all middleware synchronous",
        read_body="reads the body",
        send_response="sends the response",
    ),
    *_all_of(
        "pages",
        "django.core.handlers.asgi:ASGIHandler.run_get_response",
        _handler_class="is the sender of signals",
    ),
    *_all_of(
        "pages", "django.core.handlers.base:BaseHandler", get_response="responds on one thread"
    ),
    *_all_of("pages", "django.core.handlers.asgi", get_script_prefix="where the site is mounted"),
    *_all_of("pages", "django.urls", set_script_prefix="where the site is mounted"),
    *_all_of(
        "pages", "django.http:HttpResponse", closed="whether the response's resources are freed"
    ),
    *_all_of("pages", "django.http:FileResponse", block_size="the size of a file's blocks"),
    *_all_of(
        "sessions",
        "django.contrib.sessions.backends.db:SessionStore",
        _get_session="loads without marking the session as accessed",
        _session_key="drops the key of a deleted session",
    ),
    *_all_of(
        "sessions",
        "django.contrib.auth.middleware:get_user",
        _cached_user="the account, once per request",
    ),
)


def missing(feature: Feature) -> list[Internal]:
    return [i for i in INTERNALS if i.feature == feature and not i.exists()]


@cache
def usable(feature: Feature) -> bool:
    """Whether all internals that a feature needs exist. Logs missing ones, once."""
    gone = missing(feature)
    for internal in gone:
        logger.warning(
            "%s is missing (purpose: %s). Fallback: %s.",
            internal,
            internal.purpose,
            ORDINARY[feature],
        )
    return not gone
