"""Text frames to commands, events to text frames."""

import json

import msgspec
from msgspec import Struct

from rooms.protocol.frames import MAX_FRAME, Command, Error, Event, Ref
from rooms.protocol.frames import gettext_noop as _
from rooms.protocol.registry import registry

MAX_HINT = 200  # characters
_NOT_UNDERSTOOD = _("The server does not understand this. Reload the page.")


class BadFrame(Exception):
    """A frame to answer with `error`. `alien` if it is not this protocol at all (see 4400)."""

    def __init__(self, error: Error, *, alien: bool = False) -> None:
        super().__init__(error.detail)
        self.error = error
        self.alien = alien


class _Envelope(Struct):
    """The minimum of a frame, to answer frames that are otherwise invalid."""

    type: str
    ref: msgspec.Raw = msgspec.Raw(b"null")


_envelope_decoder = msgspec.json.Decoder(_Envelope)
_ref_decoder = msgspec.json.Decoder(Ref)
_encoder = msgspec.json.Encoder()


def parse(text: str) -> Command:
    """Returns the command in a text frame. Raises BadFrame with the `error` to answer.

    msgspec rejects NaN, Infinity and lone surrogates, which Python's json accepts.
    """
    is_large = False
    try:
        data = text.encode()
        is_large = len(data) > MAX_FRAME
        envelope = _envelope_decoder.decode(data)
    except (ValueError, RecursionError) as problem:
        if is_large:  # and possibly truncated by the server
            raise _too_large(None) from problem
        raise _unreadable(text) from problem
    ref = _ref_of(envelope.ref)
    if is_large:
        raise _too_large(ref)
    try:
        command = registry.decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        hint = str(problem)[:MAX_HINT]
        raise BadFrame(Error(ref, "invalid", _NOT_UNDERSTOOD, hint=hint)) from problem
    if (reason := command.fault()) is not None:
        raise BadFrame(Error(ref, *reason))
    return command


def _too_large(ref: Ref | None) -> BadFrame:
    return BadFrame(Error(ref, "too_large", _("This is too long to be sent at once.")))


def _unreadable(text: str) -> BadFrame:
    """The answer to text that msgspec rejects: alien, unless only a string in it is invalid."""
    try:
        frame = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        frame = None
    if isinstance(frame, dict) and isinstance(frame.get("type"), str):
        ref = _ref_of(json.dumps(frame.get("ref")).encode())
        hint = "A text in the frame is not valid Unicode."
        return BadFrame(Error(ref, "invalid", _NOT_UNDERSTOOD, hint=hint))
    hint = "A frame is one JSON object with a type."
    return BadFrame(Error(None, "invalid", _NOT_UNDERSTOOD, hint=hint), alien=True)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _ref_of(raw: bytes | msgspec.Raw) -> Ref | None:
    try:
        return _ref_decoder.decode(raw)
    except msgspec.MsgspecError:
        return None


def encode(event: Event) -> str:
    """Returns the text frame for an event."""
    return _encoder.encode(event).decode()
