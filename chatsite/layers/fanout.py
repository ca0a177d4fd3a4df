"""The fan-out extension of a channel layer.

An event {"type": "fanout.frame", "text": "…"} goes straight from the layer to the sockets of this
process: decoded once, without a queue and a task for each socket. A consumer opts in with
`attach(channel_name, sink)`. Other channels, and all other events, are delivered by Channels as
usual, so a consumer also needs a handler `fanout_frame`, and then works on stock layers too.

`observe(watch)` calls `watch` with each frame, once per process, before the sockets get it.
`begin_send(group, event)` is `group_send` for a plain function: when it returns, the sockets of
this process have the frame. `healthy` is False while other processes may not get frames.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

logger = logging.getLogger(__name__)

FRAME = "fanout.frame"
EXTENSION = "fanout"

Watch = Callable[[dict], bool]


class Frame:
    """The text of an event, and its encoded frame."""

    __slots__ = ("_made", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._made: bytes | None = None

    def made(self, make: Callable[[str], bytes]) -> bytes:
        """Returns `make(text)`. Calls it for the first socket only: a process has one server."""
        if self._made is None:
            self._made = make(self.text)
        return self._made


Sink = Callable[[Frame], None]


class Fanout:
    """A mixin for channel layers. It must come first in the bases."""

    extensions = ["groups", "flush", EXTENSION]
    healthy = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sinks: dict[str, Sink] = {}
        self._watch: Watch | None = None

    def observe(self, watch: Watch) -> None:
        """`watch` decides from now on whether the sockets here may get a frame."""
        self._watch = watch

    def attach(self, channel: str, sink: Sink) -> None:
        """Sends frames for `channel` to `sink`, a plain function that must not block."""
        self._sinks[channel] = sink

    def detach(self, channel: str) -> None:
        self._sinks.pop(channel, None)

    def begin_send(self, group: str, message: dict) -> asyncio.Future[None]:
        """The future completes, or fails with ConnectionError, once other processes were told."""
        raise NotImplementedError

    def fan_out(self, channels: Iterable[str], event: dict) -> list[str]:
        """Passes a frame to the sinks of `channels`. Returns the channels without a sink.

        For other events, returns all channels.
        """
        if event.get("type") != FRAME:
            return list(channels)
        if self._watch is not None and not self._watch(event):
            return []
        frame = Frame(event["text"])
        others = []
        for channel in tuple(channels):
            sink = self._sinks.get(channel)
            if sink is None:
                others.append(channel)
                continue
            try:
                sink(frame)
            except Exception:
                # Deliver to the other sockets anyway.
                logger.exception("Could not write a frame to a socket.")
        return others
