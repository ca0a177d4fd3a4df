"""The chat's nouns as the wire shows them.

SQL by hand, and rows straight into frames: measured, the ORM takes ten times as long to put a
question together as the database to answer it, and its objects of 500 messages keep the garbage
collector busy for longer than all the rest takes.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from rooms import protocol
from rooms.database.statements import fetch
from rooms.models import Kind, Message, Person, Reaction


def _listed(ids: Iterable[int]) -> str:
    """Ids in a query itself: measured, psycopg takes longer to bind 500 than to fetch the rows."""
    return ", ".join(f"{id:d}" for id in ids)


# People


def person(row: Person) -> protocol.Person:
    return _person(row.pk, row.handle, row.name)


def _person(id: int, handle: str, name: str) -> protocol.Person:
    return protocol.Person(id, handle, name or handle)


_PEOPLE = "SELECT id, handle, name FROM rooms_person WHERE id IN ({ids})"


def people(ids: Collection[int]) -> dict[int, protocol.Person]:
    """One query, or none for nobody."""
    rows = fetch(_PEOPLE.format(ids=_listed(ids))) if ids else []
    return {id: _person(id, *names) for id, *names in rows}


_WHO = """
    SELECT place.epoch, person.id, person.handle, person.name
    FROM rooms_place place JOIN rooms_person person ON person.id = %s
    WHERE place.id = 1
"""


def epoch_and_person(person_id: int) -> tuple[str, protocol.Person]:
    [(epoch, *person)] = fetch(_WHO, [person_id])
    return str(UUID(str(epoch))), _person(*person)


# Messages

_MESSAGES = """
    SELECT message.id, message.seq, message.version, person.id, person.handle, person.name,
      message.cid, message.body, message.html, message.created_at, message.edited_at,
      message.deleted_at, message.reply_to_id, message.thread_id
    FROM rooms_message message
    JOIN rooms_person person ON person.id = message.author_id
    WHERE message.room_id = %s AND """
# By ids: PostgreSQL takes a page for ten times its size and would read the whole table instead.
_REACTIONS_AND_MENTIONS = """
    SELECT message_id, person_id, emoji, id FROM rooms_reaction WHERE message_id IN ({ids})
    UNION ALL
    SELECT message_id, person_id, NULL, 0 FROM rooms_mention WHERE message_id IN ({ids})
    ORDER BY 4
"""


def page(room_id: int, first: int, last: int) -> list[protocol.MessageState]:
    """The messages of a room with seqs from `first` to `last`, by seq. Two queries."""
    return _messages("message.seq BETWEEN %s AND %s", [room_id, first, last])


def changed(room_id: int, version: int) -> list[protocol.MessageState]:
    """The messages of a room that changed after `version`, by seq. Two queries."""
    return _messages("message.version > %s", [room_id, version])


def _messages(which: str, values: list[int]) -> list[protocol.MessageState]:
    rows = fetch(f"{_MESSAGES}{which} ORDER BY message.seq", values)
    if not rows:
        return []
    reactions: dict[int, list[tuple[str, int]]] = {}
    mentions: dict[int, list[int]] = {}
    ids = _listed(row[0] for row in rows)
    for id, person_id, emoji, _reaction in fetch(_REACTIONS_AND_MENTIONS.format(ids=ids)):
        if emoji is None:
            mentions.setdefault(id, []).append(person_id)
        else:
            reactions.setdefault(id, []).append((emoji, person_id))
    people: dict[int, protocol.Person] = {}
    messages = []
    for id, seq, version, author_id, handle, name, cid, *rest in rows:
        body, html, created_at, edited_at, deleted_at, reply_to, thread = rest
        if author_id not in people:
            people[author_id] = _person(author_id, handle, name)
        messages.append(
            protocol.MessageState(
                id=id,
                seq=seq,
                version=version,
                # SQLite has 32 hex digits.
                cid=cid if isinstance(cid, UUID) else UUID(cid),
                author=people[author_id],
                body=body,
                html=html,
                created_at=protocol.time(created_at),
                edited_at=protocol.time(edited_at) if edited_at else None,
                deleted=deleted_at is not None,
                reply_to=reply_to,
                thread=thread,
                reactions=_by_emoji(reactions.get(id, ())),
                attachments=[],
                mentions=sorted(mentions.get(id, ())),
            )
        )
    return messages


def message(
    row: Message, reactions: Iterable[Reaction], mentions: Iterable[int]
) -> protocol.MessageState:
    """A message with its reactions (oldest first) and the ids of the persons it mentions."""
    return protocol.MessageState(
        id=row.pk,
        seq=row.seq,
        version=row.version,
        cid=row.cid,
        author=person(row.author),
        body=row.body,
        html=row.html,
        created_at=protocol.time(row.created_at),
        edited_at=protocol.time(row.edited_at) if row.edited_at else None,
        deleted=row.deleted,
        reply_to=row.reply_to_id,
        thread=row.thread_id,
        reactions=_by_emoji((reaction.emoji, reaction.person_id) for reaction in reactions),
        attachments=[],
        mentions=sorted(mentions),
    )


def _by_emoji(reactions: Iterable[tuple[str, int]]) -> list[protocol.ReactionState]:
    by_emoji: dict[str, list[int]] = {}
    for emoji, person_id in reactions:
        by_emoji.setdefault(emoji, []).append(person_id)
    return [protocol.ReactionState(emoji, users) for emoji, users in by_emoji.items()]


# Rooms

# In the order of RoomState's fields.
_ROOMS = """
    SELECT member.person_id, room.id, room.slug, room.name, room.kind, room.topic,
      room.seq, room.version, member.read_seq, room.seq - member.read_seq,
      (SELECT COUNT(*) FROM rooms_mention mention WHERE mention.person_id = member.person_id
        AND mention.room_id = member.room_id AND mention.seq > member.read_seq),
      member.role, member.notify, room.archived_at IS NOT NULL
    FROM rooms_membership member JOIN rooms_room room ON room.id = member.room_id
    WHERE member.person_id IN ({people}) {only}
    ORDER BY room.name, room.id
"""
_PEOPLE_OF_ROOMS = """
    SELECT member.room_id, person.id, person.handle, person.name
    FROM rooms_membership member JOIN rooms_person person ON person.id = member.person_id
    WHERE member.room_id IN ({rooms})
    ORDER BY person.id
"""


def rooms(person_ids: Collection[int], room_id: int | None) -> dict[int, list[protocol.RoomState]]:
    """The rooms of each person as they see them, or only `room_id`. Two queries at most."""
    found: dict[int, list[protocol.RoomState]] = {id: [] for id in person_ids}
    if not found:
        return found
    only = "" if room_id is None else f"AND room.id = {room_id:d}"
    direct: dict[int, list[protocol.Person]] = {}
    for person_id, *facts in fetch(_ROOMS.format(people=_listed(found), only=only)):
        facts[-1] = bool(facts[-1])  # SQLite has 0 and 1
        room = protocol.RoomState(*facts)
        found[person_id].append(room)
        if room.kind == Kind.DIRECT:
            direct[room.id] = []
    if direct:
        for direct_id, *facts in fetch(_PEOPLE_OF_ROOMS.format(rooms=_listed(direct))):
            direct[direct_id].append(_person(*facts))
        for person_id, theirs in found.items():
            for room in theirs:
                if room.id in direct:
                    room.people = [other for other in direct[room.id] if other.id != person_id]
    return found
