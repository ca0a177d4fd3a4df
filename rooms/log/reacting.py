"""`react`: adds or removes an emoji on a message."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.database.statements import execute, fetch, flat, listed, table
from rooms.log.requests import Rejected, Request
from rooms.log.verbs import Verb, changed
from rooms.reading.reactions import Reactions, by_emoji

if TYPE_CHECKING:
    from rooms.log.batch import Batch

MAX_EMOJI = 50  # different reactions on one message

_LOAD = """
    SELECT message_id, emoji, person_id, id FROM rooms_reaction
    WHERE message_id IN ({ids}) ORDER BY id
"""
_ADD = "INSERT INTO rooms_reaction (message_id, emoji, person_id) {reactions}"
_REMOVE = "DELETE FROM rooms_reaction WHERE id IN ({ids})"


class Reacting(Verb[protocol.React]):
    command = protocol.React

    def __init__(self, batch: "Batch") -> None:
        super().__init__(batch)
        # The reactions of each message by emoji and person, oldest first: their ids, or 0 if new.
        self.reactions: dict[int, dict[tuple[str, int], int]] = {}
        self.removed: list[int] = []

    def load(self, requests: Sequence[tuple[Request, protocol.React]]) -> None:
        self.reactions = {command.message: {} for _request, command in requests}
        for id, emoji, person, reaction in fetch(_LOAD.format(ids=listed(self.reactions))):
            self.reactions[id][emoji, person] = reaction

    def decide(self, request: Request, command: protocol.React) -> protocol.Ack:
        person = self.batch.person(request)
        message = self.batch.message(request, command.message)
        reactions = self.reactions[message.id]
        key = command.emoji, person.id
        if command.on == (key in reactions):
            return changed(command, message)
        if command.on:
            emoji = {emoji for emoji, _person in reactions}
            if command.emoji not in emoji and len(emoji) >= MAX_EMOJI:
                raise Rejected("invalid", _("No more different reactions fit on this message."))
            reactions[key] = 0
        elif stored := reactions.pop(key):
            self.removed.append(stored)
        Reactions.show(message, by_emoji(reactions))
        self.batch.touch(message)
        return changed(command, message)

    def store(self) -> None:
        if self.removed:
            execute(_REMOVE.format(ids=listed(self.removed)))
        added = [
            (message, *key)
            for message, reactions in self.reactions.items()
            for key, stored in reactions.items()
            if not stored
        ]
        if added:
            execute(_ADD.format(reactions=table(len(added), 3)[1:-1]), flat(added))
