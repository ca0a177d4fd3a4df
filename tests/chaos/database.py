"""Reads the database without any code of the product."""

import sqlite3
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.chaos.history import Said


@dataclass
class RoomRow:
    id: int
    seq: int
    version: int
    messages: dict[int, Said] = field(default_factory=dict)  # by seq
    rows: list[Said] = field(default_factory=list)


@dataclass
class Truth:
    epoch: str
    rooms: dict[int, RoomRow]
    members: dict[int, set[int]]  # user → rooms
    active: set[int]


class Database:
    """An independent connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._connection: Any = None

    def _connect(self) -> Any:
        if self._connection is None:
            if self.is_sqlite:
                path = self.url.removeprefix("sqlite:///")
                self._connection = sqlite3.connect(
                    path, timeout=0, isolation_level=None, check_same_thread=False
                )
            else:
                self._connection = psycopg.connect(self.url, autocommit=True, connect_timeout=2)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def execute(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Raises sqlite3.Error or psycopg.Error if the database is down."""
        if not self.is_sqlite:
            query = query.replace("?", "%s")
        try:
            return self._connect().execute(query, values).fetchall()
        except psycopg.OperationalError:
            self.close()
            raise

    def has(self, user: int, cid: str) -> bool:
        value: Any = uuid.UUID(cid)
        if self.is_sqlite:
            value = value.hex
        query = "SELECT count(*) FROM rooms_message WHERE author_id = ? AND cid = ?"
        return bool(self.execute(query, user, value)[0][0])

    def read(self) -> Truth:
        """Reads everything in one snapshot."""
        connection = self._connect()
        isolation = "" if self.is_sqlite else " ISOLATION LEVEL REPEATABLE READ"
        connection.execute("BEGIN" + isolation)
        try:
            return self._read()
        finally:
            connection.execute("ROLLBACK")

    def _read(self) -> Truth:
        [[epoch]] = self.execute("SELECT epoch FROM rooms_place")
        rooms = {
            row[0]: RoomRow(*row) for row in self.execute("SELECT id, seq, version FROM rooms_room")
        }
        reactions: defaultdict[int, set[tuple[str, int]]] = defaultdict(set)
        for message, emoji, user in self.execute(
            "SELECT message_id, emoji, person_id FROM rooms_reaction"
        ):
            reactions[message].add((emoji, user))
        for room, id, seq, version, author, cid, body, deleted, edited in self.execute(
            "SELECT room_id, id, seq, version, author_id, cid, body,"
            " deleted_at IS NOT NULL, edited_at IS NOT NULL FROM rooms_message ORDER BY seq"
        ):
            said = Said(
                id,
                seq,
                version,
                author,
                str(uuid.UUID(str(cid))),
                body,
                bool(deleted),
                bool(edited),
                frozenset(reactions[id]),
            )
            rooms[room].rows.append(said)
            rooms[room].messages[seq] = said
        members: defaultdict[int, set[int]] = defaultdict(set)
        for user, room in self.execute("SELECT person_id, room_id FROM rooms_membership"):
            members[user].add(room)
        active = {row[0] for row in self.execute("SELECT id FROM rooms_person WHERE active")}
        return Truth(str(uuid.UUID(str(epoch))), rooms, members, active)
