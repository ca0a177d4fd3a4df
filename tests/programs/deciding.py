"""What the log lets whom write, and what it tells of it."""

from typing import Any
from uuid import uuid4

import msgspec

from rooms import members, protocol
from rooms.log import batch as log
from rooms.log import rows
from rooms.log.batch import SYSTEM
from rooms.log.reacting import MAX_EMOJI
from rooms.log.requests import By
from rooms.models import Membership, Mention, Message, Person, Reaction, Room
from rooms.reading import state


def _person(handle: str) -> Person:
    return Person.objects.get(handle=handle)


def _private_room() -> Room:
    """Of ada alone."""
    return members.create_room(_person("ada"), "Other", "private")


def _ask(by: Person | By, command: protocol.Command) -> tuple[Any, log.Commit]:
    commit = log.commit([log.Request(by.pk if isinstance(by, Person) else by, command)])
    return commit.answers[0], commit


def _say(by: Person, body: str, room: int = 1, **fields: Any) -> tuple[Any, log.Commit]:
    return _ask(by, protocol.Send(1, room, uuid4(), body, **fields))


def _code(answered: tuple[Any, log.Commit]) -> str:
    answer, commit = answered
    if isinstance(answer, protocol.Error):
        assert (commit.changes, commit.events) == ([], []), "what is rejected is not told"
        return answer.code
    return "ack"


def _told(commit: log.Commit) -> protocol.MessageState:
    [changes] = commit.changes
    [message] = changes.messages
    return message


def write_as_inactive() -> tuple[list[str], list[int], int]:
    """The codes that somebody inactive gets; whom a message of ada's names; its spans."""
    ada, bob = _person("ada"), _person("bob")
    said, _ = _say(bob, "before")
    Person.objects.filter(pk=bob.pk).update(active=False)
    commands = [
        protocol.Send(1, 1, uuid4(), "after"),
        protocol.Edit(1, said.id, "edited"),
        protocol.Delete(1, said.id),
        protocol.React(1, said.id, "👍", True),
        protocol.Read(1, 1, 1),
    ]
    codes = [_code(_ask(bob, command)) for command in commands]
    message = _told(_say(ada, "@bob @eve")[1])
    return codes, message.mentions, message.html.count("data-user")


def name_people() -> tuple[list[Any], list[int]]:
    """Mentions and spans in a private room of ada and bob, of an edit there, in a public room."""
    ada, bob = _person("ada"), _person("bob")
    other = _private_room()
    members.add_member(ada, other, bob)
    sent, first = _say(ada, "@bob @eve", other.pk)
    _, edited = _ask(ada, protocol.Edit(1, sent.id, "@eve @bob and more"))
    _, public = _say(ada, "@bob @eve")
    shown = [_told(commit) for commit in (first, edited, public)]
    stored = Mention.objects.filter(room=other).values_list("person", flat=True)
    return [[m.mentions, m.html.count("data-user")] for m in shown], list(stored)


def refer() -> tuple[list[str], int]:
    """The codes for answering a message of this room, of another one, and none."""
    ada = _person("ada")
    here, _ = _say(ada, "here")
    there, _ = _say(ada, "there", _private_room().pk)
    codes = [
        _code(_say(ada, "so", **{field: id}))
        for field in ("reply_to", "thread")
        for id in (here.id, there.id, 999)
    ]
    return codes, Message.objects.filter(room=1).count()


def repeat_a_cid() -> list[str]:
    """The codes for a message twice, and for its cid with anything else."""
    ada = _person("ada")
    first, _ = _say(ada, "first")
    other, cid = _private_room(), uuid4()
    send = protocol.Send(1, 1, cid, "x", first.id)
    others = [
        protocol.Send(1, 1, cid, "y", first.id),
        protocol.Send(1, 1, cid, "x"),
        protocol.Send(1, 1, cid, "x", None, first.id),
        protocol.Send(1, other.pk, cid, "x", first.id),
    ]
    return [_code(_ask(ada, command)) for command in (send, send, *others)]


def write_as_system() -> tuple[Any, list[str], int]:
    """What deleting in an archived private room told; what is forbidden; the room's version."""
    ada = _person("ada")
    other = _private_room()
    said, _ = _say(ada, "private", other.pk)
    kept, _ = _say(ada, "kept", other.pk)
    members.set_archived(ada, other, True)
    _, commit = _ask(SYSTEM, protocol.Delete(1, said.id))
    [told] = commit.changes
    forbidden = [
        protocol.Send(1, other.pk, uuid4(), "x"),
        protocol.Edit(1, kept.id, "x"),
        protocol.React(1, kept.id, "👍", True),
        protocol.Read(1, other.pk, 1),
        protocol.Delete(1, 999),
    ]
    codes = [_code(_ask(SYSTEM, command)) for command in forbidden]
    return [told.from_, told.to], codes, Room.objects.get(pk=other.pk).version


def read_backwards() -> tuple[int, int, int, int]:
    """Bob's mark after an older one was written late; after he asks for one; as acked; events."""
    ada, bob = _person("ada"), _person("bob")
    for n in range(5):
        _say(ada, f"{n}")
    late = rows.people([(1, bob.pk)])[1][1, bob.pk]
    _ask(bob, protocol.Read(1, 1, 4))
    late.read_seq = 2
    rows.move_marks([late])
    first = Membership.objects.get(room=1, person=bob).read_seq
    ack, commit = _ask(bob, protocol.Read(1, 1, 3))
    after = Membership.objects.get(room=1, person=bob).read_seq
    return first, after, ack.seq, len(commit.events)


def change_together() -> tuple[bool, list[int], list[int], list[str]]:
    """Whether a batch told what is read after it; rows of what was deleted; bits; the codes."""
    ada, bob, eve = _person("ada"), _person("bob"), _person("eve")
    one, two = _say(ada, "one @bob")[0].id, _say(ada, "two")[0].id
    commands: list[tuple[Person, protocol.Command]] = [
        (bob, protocol.React(1, one, "👍", True)),
        (eve, protocol.React(2, one, "👍", True)),
        (bob, protocol.React(3, one, "👍", False)),
        (bob, protocol.React(4, two, "🎉", True)),
        (ada, protocol.Edit(5, two, "two @eve")),
        (ada, protocol.Edit(6, one, "one")),
        (ada, protocol.Edit(7, one, "one @eve")),
        (ada, protocol.Delete(8, two)),
        (bob, protocol.React(9, two, "🎉", True)),
        (eve, protocol.Send(10, 1, uuid4(), "three @bob")),
    ]
    commit = log.commit([log.Request(person.pk, command) for person, command in commands])
    told = [message for changes in commit.changes for message in changes.messages]
    same = msgspec.json.encode(told) == msgspec.json.encode(state.page(1, 1, 3))
    left = [model.objects.filter(message=two).count() for model in (Reaction, Mention)]
    bits = list(Message.objects.order_by("seq").values_list("parts", flat=True))
    return same, left, bits, [getattr(answer, "code", "ack") for answer in commit.answers]


def react_with_many() -> tuple[list[str], int]:
    """The codes for as many emoji as there may be, one more, one of them; how many there are."""
    ada, bob = _person("ada"), _person("bob")
    said, _ = _say(ada, "popular")
    emoji = [chr(0x1F400 + n) for n in range(MAX_EMOJI + 1)]

    def react(by: Person, emoji: str) -> str:
        return _code(_ask(by, protocol.React(1, said.id, emoji, True)))

    codes = [react(ada, one) for one in emoji]
    codes.append(react(bob, emoji[0]))
    return codes, len(state.page(1, 1, 1)[0].reactions)
