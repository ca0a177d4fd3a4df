"""Writes messages without sockets, and reads stored ones."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from rooms import members, protocol
from rooms.log import batch as log
from rooms.models import Membership, Message, Person, Place, Room
from rooms.reading import queries
from rooms.reading.query import Asker


def _send(author: int, body: str, room: int = 1, **fields: Any) -> log.Request:
    return log.Request(author, protocol.Send(1, room, uuid4(), body, **fields))


def _ids(*handles: str) -> Sequence[int]:
    return [Person.objects.get(handle=handle).pk for handle in handles]


def _acked(requests: Sequence[log.Request]) -> list[int]:
    """Commits the requests, which must all succeed. Returns the message ids."""
    ids = []
    for answer in log.commit(requests).answers:
        assert isinstance(answer, protocol.Ack), answer
        assert isinstance(answer.id, int)
        ids.append(answer.id)
    return ids


def say(author: int, bodies: list[str], room: int = 1) -> None:
    """One transaction each."""
    for body in bodies:
        log.commit([_send(author, body, room)])


def say_together(author: int, bodies: list[str], room: int = 1) -> int:
    """One transaction. Returns the version of the last message."""
    log.commit([_send(author, body, room) for body in bodies])
    return Room.objects.get(pk=room).version


def say_much(author: int, batches: int, size: int) -> None:
    for _ in range(batches):
        log.commit([_send(author, f"{n}") for n in range(size)])


def said_at(*moments: str) -> None:
    """Sets the times of the first messages, as ISO 8601."""
    for seq, moment in enumerate(moments, 1):
        Message.objects.filter(seq=seq).update(created_at=moment)


def fill(count: int, read: int) -> None:
    """Lines by bob in General, of which ada has read `read`."""
    ada, bob = _ids("ada", "bob")
    for start in range(0, count, 100):
        log.commit(
            [
                _send(bob, f"line {n + 1}\n\n" + "more " * (n % 60))
                for n in range(start, min(start + 100, count))
            ]
        )
    log.commit([log.Request(ada, protocol.Read(1, 1, read))])


def talk() -> None:
    """Nine messages by ada and bob; some have reactions, were edited or deleted."""
    ada, bob = _ids("ada", "bob")
    ids = _acked([_send((ada, bob)[n % 2], f"**{n}** @bob") for n in range(9)])
    log.commit([log.Request(bob, protocol.React(1, ids[2], "👍", True))])
    log.commit([log.Request(ada, protocol.Edit(1, ids[4], "edited"))])
    log.commit([log.Request(bob, protocol.Delete(1, ids[5]))])
    log.commit([log.Request(ada, protocol.Read(1, 1, 9))])


def everything() -> None:
    """A mention, an edit, a deletion, a reaction, a reply, a thread; and an empty room."""
    ada, bob = _ids("ada", "bob")
    one, two, three = _acked([_send(ada, body) for body in ("one @bob", "two", "three")])
    log.commit([_send(ada, "four", reply_to=two, thread=two)])
    log.commit(
        [
            log.Request(bob, protocol.React(1, one, "👍", True)),
            log.Request(ada, protocol.Edit(1, two, "changed")),
            log.Request(ada, protocol.Delete(1, three)),
        ]
    )
    members.create_room(Person.objects.get(pk=ada), "Empty", "public")


def answer_the_first(number: int) -> None:
    """ada replies to the oldest messages and has read everything."""
    [ada] = _ids("ada")
    for id in list(Message.objects.order_by("seq").values_list("pk", flat=True)[:number]):
        log.commit([_send(ada, "to that", reply_to=id)])
    log.commit([log.Request(ada, protocol.Read(1, 1, 10**6))])


def restore_as(body: str) -> None:
    """Changes all messages and the epoch, like a restore of a different log."""
    Message.objects.update(body=body, html=f"<p>{body}</p>")
    Place.new_epoch()


def count() -> int:
    return Message.objects.count()


def bodies() -> list[str]:
    return list(Message.objects.order_by("seq").values_list("body", flat=True))


def cids() -> list[str]:
    return [str(cid) for cid in Message.objects.values_list("cid", flat=True)]


def rows() -> list[Any]:
    return list(Message.objects.order_by("seq").values_list("seq", "version", "body"))


def read_by(name: str) -> int:
    """The read mark of somebody in the only room they are in."""
    return Membership.objects.get(person__handle=name).read_seq


def history(person: int) -> Any:
    """The latest page of General, as on the wire."""
    page = queries.HistoryQuery.answer(Asker(person), protocol.History("page", 1))
    return json.loads(protocol.encode(page))
