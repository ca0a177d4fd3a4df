"""What one request does to those that are written with it."""

import asyncio

import pytest

from rooms import protocol
from rooms.live import writer
from rooms.live.broadcast import Broadcaster
from rooms.live.epoch import Epoch
from rooms.live.heads import Heads
from rooms.live.layer import of_site
from rooms.live.sockets import Sockets
from rooms.log import batch as log


def request(seq: int) -> log.Request:
    return log.Request(1, protocol.Read(seq, 1, seq))


async def test_a_request_that_breaks_the_batch_fails_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    committed: list[list[int]] = []

    def commit(requests: list[log.Request]) -> log.Commit:
        refs = [request.command.ref for request in requests]
        if 3 in refs:
            raise ValueError("a fault of ours")
        committed.append(refs)  # type: ignore[arg-type]
        return log.Commit([protocol.Ack(ref) for ref in refs])

    monkeypatch.setattr(writer, "_commit", commit)
    written = writer.Writer(Epoch(Sockets(), Heads()), Broadcaster(of_site()))
    answers: list[log.Answer] = []
    for seq in range(1, 7):
        written.submit(request(seq), answers.append)
    await asyncio.wait_for(written.drain(), 5)
    assert [answer.ref for answer in answers] == [1, 2, 3, 4, 5, 6]
    assert [type(answer) for answer in answers].count(protocol.Ack) == 5
    bad = answers[2]
    assert isinstance(bad, protocol.Error)
    assert (bad.code, bad.retry_after) == ("unavailable", writer.RETRY_AFTER)
    answers.clear()
    for seq in range(7, 10):
        written.submit(request(seq), answers.append)
    await asyncio.wait_for(written.drain(), 5)
    assert committed[-1] == [7, 8, 9], "together again"
