"""Encodes and decodes text frames (RFC 6455, section 5.2)."""

from collections.abc import Iterator

# A complete text frame: FIN, and opcode 1.
TEXT = 0x81


def text_frame(text: str) -> bytes:
    """Returns a complete, unmasked text frame, as servers send it."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 2**16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Section 5.3: XORs the payload with the four bytes of the mask, repeated."""
    size = len(payload)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def ordinary_texts(data: bytes) -> Iterator[tuple[str, int]]:
    """Yields the text of each frame at the start of `data`, and the offset after it.

    Stops at the first frame that is not a complete, unfragmented, masked text frame in UTF-8 of
    fewer than 65,536 bytes with its length in the shortest form.
    """
    at, end = 0, len(data)
    while end - at >= 6 and data[at] == TEXT:
        size, start = data[at + 1] - 128, at + 2
        if size == 126:
            size, start = int.from_bytes(data[start : start + 2], "big"), at + 4
            if size < 126:
                return
        elif not 0 <= size < 126:
            return
        payload = start + 4
        if payload + size > end:
            return
        try:
            text = unmask(data[payload : payload + size], data[start:payload]).decode()
        except UnicodeDecodeError:
            return
        at = payload + size
        yield text, at
