"""What the site uses of other libraries without their promise: the one list of it.

A library may rename any of these in a minor release. So each feature that rests on them asks
`usable` when it starts: where one is missing, that is logged by name and the feature takes its
ordinary path, which only uses what is documented. A test holds this list complete.
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
    "server": "daphne's own server runs, without our bounds and fast path",
    "redis layer": "channels_redis' own pub/sub layer runs, slower",
    "memory layer": "Channels' own in-memory layer runs, slower",
    "pages": "Django's own ASGI handler answers pages, slower",
    "sessions": "sign-in may fail until rooms.accounts.sessions is adapted",
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
        """Whether the owner has it, or sets it on its instances."""
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
    """The attributes that a function, or the methods of a class and of its bases, assign."""
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
        connections="the open connections and their tasks, to end them in order",
        create_application="gives sockets a bounded inbound queue",
        handle_reply="is what an application sends through",
        http_factory="makes our requests",
        kill_all_applications="ends in order on SIGTERM",
        listen_error="says why a port cannot be opened",
        listen_success="knows the ports, to stop listening before the end",
        ready_callable="runs when the factories are there",
        ws_factory="makes our sockets",
    ),
    *_all_of(
        "server",
        "daphne.ws_protocol:WebSocketProtocol",
        application_queue="takes what the client says",
        check_timeouts="pauses pings while nothing is read",
        last_ping="a client that said something is not pinged",
        muted="daphne ignores frames of a socket that it closed after an error",
        onMessage="bounds a message",
        onOpen="becomes the transport's producer",
        serverClose="closes with codes that autobahn refuses",
        serverSend="sends through the flusher",
    ),
    *_all_of(
        "server",
        "daphne.http_protocol:WebRequest",
        process="does not run for a request that was refused",
        channel="its connection is closed when its body is too large",
    ),
    *_all_of("server", "daphne.http_protocol:HTTPFactory", buildProtocol="makes our requests"),
    *_all_of(
        "server",
        "autobahn.twisted.websocket:WebSocketServerProtocol",
        STATE_OPEN="whether a socket can be written to",
        _cancelAutoPingTimeoutCall="no pong is awaited while nothing is read",
        autoPingTimeoutCall="whether a pong is awaited",
        current_frame="whether a frame has begun: then autobahn reads it",
        data="whether bytes wait: then autobahn reads them",
        dataReceived="takes ordinary frames before autobahn",
        inside_message="whether a message has begun: then autobahn reads it",
        onMessageBegin="bounds a message",
        onMessageFrameData="bounds a message",
        sendCloseFrame="closes with codes that only a server may use",
        sendFrame="sends binary frames",
        state="whether a socket can be written to",
    ),
    *_all_of(
        "server",
        "twisted.internet.tcp:Connection",
        _tempDataBuffer="whether bytes wait to be sent",
        dataBuffer="whether bytes wait to be sent",
        disconnecting="whether the connection is being closed",
        pauseProducing="stops reading",
        resumeProducing="reads again",
        socket="is written to directly when nothing waits",
    ),
    *_all_of(
        "server",
        "twisted.web.http:Request",
        content="how much of a body is there",
        gotLength="refuses a body by its length",
        handleContentChunk="refuses a body that grows too large",
    ),
    *_all_of("server", "twisted.web.http:HTTPChannel", requestFactory="makes our requests"),
    *_all_of(
        "redis layer",
        "channels_redis.pubsub:RedisPubSubChannelLayer",
        _args="what the layer of a loop is made of",
        _get_layer="makes our layer for each event loop",
        _kwargs="what the layer of a loop is made of",
        _layers="the layers by event loop",
        deserialize="an event is decoded once per process",
        serialize="an event is encoded once per process",
    ),
    *_all_of(
        "redis layer",
        "channels_redis.pubsub:RedisPubSubLoopLayer",
        _get_group_channel_name="the name of a group at Redis",
        _get_shard="the Redis of a group",
        _shards="our connections in place of its own",
        _subscribe_to_channel="gives a socket a smaller queue",
        channel_layer="encodes and decodes",
        channels="the queues of the sockets here",
        group_add="waits for the subscription",
        group_send="hands over to the sockets here first",
        groups="the sockets here by group",
    ),
    *_all_of(
        "redis layer",
        "channels_redis.pubsub:RedisSingleShardConnection",
        _do_receiving="reads without a task for each message",
        _ensure_receiver="starts reading",
        _ensure_redis="connects",
        _pubsub="redis-py's subscriptions",
        _receive_message="hands over what is not for a group",
        _subscribed_to="what Redis was asked for",
        channel_layer="is handed what comes in",
        flush="stops our tasks too",
        host="where Redis is",
        publish="does not wait for Redis",
        subscribe="does not wait for Redis",
        unsubscribe="does not wait for Redis",
    ),
    *_all_of(
        "redis layer",
        "channels_redis.utils",
        _wrap_close="closes the connections with their event loop",
        create_pool="reads a host's settings",
    ),
    *_all_of(
        "redis layer", "redis.asyncio:ConnectionPool", make_connection="a connection to publish on"
    ),
    *_all_of(
        "redis layer",
        "redis.asyncio:Connection",
        connect="a connection to publish on",
        disconnect="drops one that may be in the middle of an answer",
        is_connected="whether a connection was used before",
        pack_commands="many messages in one write",
        read_response="the answers to them",
        send_packed_command="many messages in one write",
    ),
    *_all_of(
        "redis layer", "redis.asyncio.client:PubSub", subscribed="whether there is anything to read"
    ),
    *_all_of(
        "memory layer", "channels.layers:InMemoryChannelLayer", groups="the channels of a group"
    ),
    *_all_of(
        "pages",
        "django.core.handlers.asgi:ASGIHandler",
        chunk_size="the size of a file's blocks",
        create_request="makes the request, or the answer to a bad one",
        load_middleware="makes all middleware synchronous",
        read_body="reads the body",
        send_response="sends the answer",
    ),
    *_all_of(
        "pages",
        "django.core.handlers.asgi:ASGIHandler.run_get_response",
        _handler_class="signals name it",
    ),
    *_all_of(
        "pages", "django.core.handlers.base:BaseHandler", get_response="answers on one thread"
    ),
    *_all_of("pages", "django.core.handlers.asgi", get_script_prefix="where the site is mounted"),
    *_all_of("pages", "django.urls", set_script_prefix="where the site is mounted"),
    *_all_of(
        "pages", "django.http:HttpResponse", closed="whether the answer's resources are freed"
    ),
    *_all_of("pages", "django.http:FileResponse", block_size="the size of a file's blocks"),
    *_all_of(
        "sessions",
        "django.contrib.sessions.backends.db:SessionStore",
        _get_session="loads without marking the session as accessed",
        _session_key="forgets the key of a session that is gone",
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
    """Whether everything is there that a feature rests on. Logs what is not, once."""
    gone = missing(feature)
    for internal in gone:
        logger.warning(
            "%s is gone, which %s. So %s.", internal, internal.purpose, ORDINARY[feature]
        )
    return not gone
