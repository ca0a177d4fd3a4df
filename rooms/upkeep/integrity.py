"""Checks the integrity of the log, read-only.

Each check is one query over all rooms, so a million messages take seconds and little memory.
"""

from collections.abc import Iterator

from django.db.models import Count, F, Max, Min, Q, QuerySet

from rooms import capability
from rooms.database.statements import fetch
from rooms.following.activity import ActivityFollower
from rooms.models import Cursor, Membership, Mention, Message, Room
from rooms.reading import parts

# Places reported per kind of damage.
MAX_NAMED = 20


def problems() -> Iterator[str]:
    """Yields a sentence for each problem. Call it within `rooms.database.one_moment()`."""
    yield from _counters()
    wrong: list[tuple[str, QuerySet | list[int]]] = [
        ("Message {}: its version is not between 1 and its room's", _versions()),
        ("Message {}: deleted, but its text is still there", _undeleted()),
        ("Message {}: it replies to a message in another room", _elsewhere("reply_to")),
        ("Message {}: its thread is in another room", _elsewhere("thread")),
        ("Message {}: a mention has the wrong room or seq", _mentions()),
        ("Membership {}: its read mark is ahead of the room", _read()),
        ("Cursor {}: it is ahead of its room", _ahead()),
        ("Room {}: its activity does not match its latest message", _inactive()),
        *(
            (f"Message {{}}: deleted, but it has {part.field}", _deleted_with(part))
            for part in parts.registered()
        ),
        *(
            (f"Message {{}}: its parts are wrong about {part.field}", _wrong(part))
            for part in parts.registered()
        ),
    ]
    for sentence, rows in wrong:
        found = list(rows[: MAX_NAMED + 1])
        yield from (f"{sentence.format(key)}." for key in found[:MAX_NAMED])
        if len(found) > MAX_NAMED:
            yield f"{sentence.format('…')}: and more."
    said_twice = Message.objects.values("author", "cid").annotate(n=Count("pk")).filter(n__gt=1)
    for row in said_twice.order_by()[:MAX_NAMED]:
        yield f"Person {row['author']}: the cid {row['cid']} is used {row['n']} times."
    for check in capability.all_of("checks"):
        yield from check()


def _counters() -> Iterator[str]:
    """Checks seqs 1 … n without holes, distinct versions, and both counters."""
    rooms = Room.objects.order_by("pk").annotate(
        rows=Count("messages"),
        seqs=Count("messages__seq", distinct=True),
        first=Min("messages__seq"),
        last=Max("messages__seq"),
        versions=Count("messages__version", distinct=True),
        newest=Max("messages__version"),
    )
    for room in rooms.iterator():
        if not (room.rows == room.seqs == (room.last or 0) and (room.first or 1) == 1):
            yield f"Room {room.pk}: {room.rows} messages with seqs {room.first} to {room.last}."
        if room.seq != (room.last or 0):
            yield f"Room {room.pk}: its seq is {room.seq}, its last message's {room.last}."
        if room.versions != room.rows:
            yield f"Room {room.pk}: {room.rows} messages with {room.versions} versions."
        if room.version != (room.newest or 0):
            yield f"Room {room.pk}: its version is {room.version}, its newest {room.newest}."


def _versions() -> QuerySet:
    wrong = Q(version__gt=F("room__version")) | Q(version__lt=1)
    return Message.objects.filter(wrong).values_list("pk", flat=True)


def _undeleted() -> QuerySet:
    deleted = Message.objects.filter(deleted_at__isnull=False)
    return deleted.exclude(body="", html="").values_list("pk", flat=True)


def _deleted_with(part: type[parts.Part]) -> list[int]:
    query = f"""
        SELECT DISTINCT message.id FROM "{part.table}" part
        JOIN rooms_message message ON message.id = part.message_id
        WHERE message.deleted_at IS NOT NULL ORDER BY message.id LIMIT {MAX_NAMED + 1}
    """
    return [id for [id] in fetch(query)]


def _wrong(part: type[parts.Part]) -> list[int]:
    query = f"""
        SELECT id FROM rooms_message
        WHERE (parts & {part.bit} <> 0) <> (id IN (SELECT message_id FROM "{part.table}"))
        ORDER BY id LIMIT {MAX_NAMED + 1}
    """
    return [id for [id] in fetch(query)]


def _elsewhere(relation: str) -> QuerySet:
    other = Message.objects.filter(**{f"{relation}__isnull": False})
    return other.exclude(**{f"{relation}__room": F("room")}).values_list("pk", flat=True)


def _mentions() -> QuerySet:
    wrong = ~Q(room=F("message__room")) | ~Q(seq=F("message__seq"))
    return Mention.objects.filter(wrong).values_list("message", flat=True)


def _read() -> QuerySet:
    return Membership.objects.filter(read_seq__gt=F("room__seq")).values_list("pk", flat=True)


def _ahead() -> QuerySet:
    return Cursor.objects.filter(version__gt=F("room__version")).values_list("pk", flat=True)


def _inactive() -> QuerySet:
    """Rooms whose activity differs although the follower is up to date."""
    followed = Cursor.objects.filter(follower=ActivityFollower.name, version=F("room__version"))
    wrong = Q(room__activity=None) | ~Q(room__activity__seq=F("room__seq"))
    return followed.filter(wrong).values_list("room", flat=True)
