"""Reads polls."""

import json
from collections.abc import Collection

from rooms import protocol
from rooms.database.statements import execute, fetch, listed
from rooms.following import due
from rooms.polls.models import CLOSE
from rooms.polls.protocol import MAX_SHOWN, ChoiceState, MyVotes, PollState, Votes
from rooms.reading.parts import Part
from rooms.reading.query import Asker, Query

# One row for each poll, with `choice` NULL; one for each choice with votes; and one for each of the
# first people who voted for it.
_POLLS = """
    SELECT message_id, NULL, NULL, NULL, CAST(choices AS VARCHAR), multiple, anonymous, closes_at,
      closed_at IS NOT NULL, (
        SELECT COUNT(DISTINCT person_id) FROM rooms_polls_vote vote
        WHERE vote.message_id = poll.message_id
      )
    FROM rooms_polls_poll poll WHERE message_id IN ({ids})
    UNION ALL
    SELECT message_id, choice, place, person_id, NULL, NULL, NULL, NULL, NULL, votes
    FROM (
      SELECT vote.message_id, choice, person_id,
        ROW_NUMBER() OVER (PARTITION BY vote.message_id, choice ORDER BY vote.id) AS place,
        COUNT(*) OVER (PARTITION BY vote.message_id, choice) AS votes
      FROM rooms_polls_vote vote WHERE vote.message_id IN ({ids})
    ) AS ranked WHERE place <= {shown}
    ORDER BY 1, 3
"""
_FORGET = "DELETE FROM rooms_polls_vote WHERE message_id IN ({ids})"


class PollPart(Part[PollState]):
    field = "poll"
    bit = 4
    type = PollState
    table = "rooms_polls_poll"

    @classmethod
    def load(cls, ids: Collection[int]) -> dict[int, PollState]:
        polls: dict[int, PollState] = {}
        votes: list[tuple[int, int, int, int]] = []
        for id, choice, _place, person_id, choices, *facts, number in fetch(
            _POLLS.format(ids=listed(ids), shown=MAX_SHOWN)
        ):
            if choice is not None:
                votes.append((id, choice, person_id, number))
                continue
            multiple, anonymous, closes_at, closed = facts
            polls[id] = PollState(
                choices=[ChoiceState(text) for text in json.loads(choices)],
                voters=number,
                multiple=bool(multiple),
                anonymous=bool(anonymous),
                closed=bool(closed),
            )
            if closes_at is not None:
                polls[id].closes_at = protocol.time(closes_at)
        for id, choice, person_id, number in votes:
            shown = polls[id].choices[choice]
            shown.votes = number
            if not polls[id].anonymous:
                shown.people = [*(shown.people or ()), person_id]
        return polls

    @classmethod
    def forget(cls, ids: Collection[int]) -> None:
        execute(_FORGET.format(ids=listed(ids)))
        due.cancel(CLOSE, *map(str, ids))
        super().forget(ids)


_MINE = """
    SELECT vote.message_id, vote.choice
    FROM rooms_polls_vote vote
    JOIN rooms_message message ON message.id = vote.message_id
    JOIN rooms_membership member
      ON member.room_id = message.room_id AND member.person_id = vote.person_id
    WHERE vote.message_id IN ({ids}) AND vote.person_id = %s
    ORDER BY vote.message_id, vote.choice
"""


class VotesQuery(Query[Votes]):
    command = Votes

    @classmethod
    def answer(cls, asker: Asker, command: Votes) -> MyVotes:
        """Leaves out everything that is not a poll in a room of the requester."""
        votes: dict[str, list[int]] = {}
        if command.messages:
            found = fetch(_MINE.format(ids=listed(command.messages)), [asker.person_id])
            for id, choice in found:
                votes.setdefault(str(id), []).append(choice)
        return MyVotes(command.ref, votes)
