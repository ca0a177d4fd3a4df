"""Writes polls: creating them with a message, voting, closing."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.following import due
from rooms.log.requests import SYSTEM, Rejected, Request
from rooms.log.rows import MessageRow
from rooms.log.verbs import Along, Verb, changed
from rooms.polls.models import CLOSE, Poll
from rooms.polls.models import Vote as VoteRow
from rooms.polls.protocol import MAX_CHOICE, ChoiceState, Close, NewPoll, PollState, Vote
from rooms.polls.state import PollPart

if TYPE_CHECKING:
    from rooms.log.batch import Batch

SOONEST, LATEST = timedelta(minutes=1), timedelta(days=366)
# Characters that are invisible, or that make two choices look the same.
INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Letters and marks that show nothing: fillers of Hangul, a blank of Braille, joiners and selectors.
BLANK = re.compile("[\u115f\u1160\u3164\uffa0\u2800\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# These join emoji, and letters of some scripts.
JOINERS = {"\u200c", "\u200d"}


def fault(poll: NewPoll, now: datetime) -> str | None:
    """Returns the error of a new poll, if any."""
    for choice in poll.choices:
        if not _compared(choice) or len(choice.strip()) > MAX_CHOICE:
            return _("A choice is empty or too long.")
        odd = {character for character in choice if unicodedata.category(character) in INVISIBLE}
        if odd - JOINERS:
            return _("Control characters and line breaks cannot be used in a choice.")
    if len({_compared(choice) for choice in poll.choices}) < len(poll.choices):
        return _("Two choices are the same.")
    try:
        closes_at = moment(poll)
    except ValueError:
        return _("A closing time needs a date, a time and a time zone: 2026-11-23T09:30:00Z.")
    if closes_at is not None and not SOONEST <= closes_at - now <= LATEST:
        return _("A poll must close between a minute and a year from now.")
    return None


def moment(poll: NewPoll) -> datetime | None:
    """Returns the closing time in UTC. Raises ValueError."""
    if poll.closes_at is None:
        return None
    closes_at = datetime.fromisoformat(poll.closes_at)
    if closes_at.tzinfo is None:
        raise ValueError("no zone")
    try:
        return closes_at.astimezone(UTC)
    except OverflowError as problem:
        raise ValueError("beyond all years") from problem


def _compared(choice: str) -> str:
    """Normalises a choice. Choices that look the same compare equal."""
    seen = BLANK.sub("", "".join(character for character in choice if character not in JOINERS))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold()).strip()


class Asking(Along[NewPoll]):
    field = "poll"
    type = NewPoll

    def __init__(self, batch: "Batch") -> None:
        super().__init__(batch)
        self.asked: list[tuple[MessageRow, NewPoll]] = []

    def decide(self, request: Request, value: NewPoll) -> None:
        assert isinstance(request.command, protocol.Send)
        if not request.command.body.strip():
            raise Rejected("invalid", _("A poll needs a question."))
        if problem := fault(value, self.batch.now):
            raise Rejected("invalid", problem)

    def attach(self, message: MessageRow, value: NewPoll) -> None:
        state = PollState(
            choices=[ChoiceState(choice.strip()) for choice in value.choices],
            multiple=value.multiple,
            anonymous=value.anonymous,
        )
        if (closes_at := moment(value)) is not None:
            state.closes_at = protocol.time(closes_at)
        PollPart.show(message, state)
        self.asked.append((message, value))

    def store(self) -> None:
        Poll.objects.bulk_create(
            Poll(
                message_id=message.id,
                choices=[choice.strip() for choice in value.choices],
                multiple=value.multiple,
                anonymous=value.anonymous,
                closes_at=moment(value),
            )
            for message, value in self.asked
        )
        for message, value in self.asked:
            if (closes_at := moment(value)) is not None:
                due.schedule(CLOSE, str(message.id), closes_at)


def _loaded(ids: Sequence[int]) -> dict[int, Poll]:
    return Poll.objects.in_bulk(ids)


def _found(polls: dict[int, Poll], message: MessageRow) -> Poll:
    """Raises Rejected."""
    if message.id not in polls:
        raise Rejected("not_found", _("There is no poll on this message."))
    return polls[message.id]


class Voting(Verb[Vote]):
    command = Vote

    def __init__(self, batch: "Batch") -> None:
        super().__init__(batch)
        self.polls: dict[int, Poll] = {}
        self.before: dict[tuple[int, int], set[int]] = {}  # by poll and person
        self.after: dict[tuple[int, int], list[int]] = {}

    def load(self, requests: Sequence[tuple[Request, Vote]]) -> None:
        self.polls = _loaded([command.message for _request, command in requests])
        people = {request.by for request, _command in requests if isinstance(request.by, int)}
        votes = VoteRow.objects.filter(poll__in=self.polls, person__in=people)
        for poll, person, choice in votes.values_list("poll", "person", "choice"):
            self.before.setdefault((poll, person), set()).add(choice)

    def decide(self, request: Request, command: Vote) -> protocol.Ack:
        person = self.batch.person(request)
        message = self.batch.message(request, command.message)
        poll = _found(self.polls, message)
        if poll.closed or message.id in Closing.closed_in(self.batch):
            raise Rejected("conflict", _("This poll is closed."))
        wanted = sorted(set(command.choices))
        if len(wanted) > 1 and not poll.multiple:
            raise Rejected("invalid", _("Each person has one vote in this poll."))
        if wanted and wanted[-1] >= len(poll.choices):
            raise Rejected("invalid", _("This poll has no such choice."))
        key = poll.pk, person.id
        if set(wanted) != set(self.after.get(key, self.before.get(key, ()))):
            self.after[key] = wanted
            # Reloaded after storing the votes: the counts, and the first voters of each choice.
            PollPart.unknown(message)
            self.batch.touch(message)
        return changed(command, message)

    def store(self) -> None:
        new = []
        for (poll, person), choices in self.after.items():
            before = self.before.get((poll, person), set())
            if gone := before.difference(choices):
                VoteRow.objects.filter(poll=poll, person=person, choice__in=gone).delete()
            new += [
                VoteRow(poll_id=poll, person_id=person, choice=choice)
                for choice in choices
                if choice not in before
            ]
        VoteRow.objects.bulk_create(new)


class Closing(Verb[Close]):
    command = Close

    def __init__(self, batch: "Batch") -> None:
        super().__init__(batch)
        self.polls: dict[int, Poll] = {}
        self.closed: list[Poll] = []

    @classmethod
    def closed_in(cls, batch: "Batch") -> set[int]:
        """Returns the polls that earlier requests of the batch have closed."""
        closing = batch.verb(cls)
        return {poll.pk for poll in closing.closed} if closing else set()

    def load(self, requests: Sequence[tuple[Request, Close]]) -> None:
        self.polls = _loaded([command.message for _request, command in requests])

    def decide(self, request: Request, command: Close) -> protocol.Ack:
        message = self.batch.message(request, command.message)
        poll = _found(self.polls, message)
        may_close = request.by in (SYSTEM, message.author.id) or self.batch.may_moderate(
            request, message.room_id
        )
        if not may_close:
            raise Rejected("forbidden", _("Only its author or a moderator can close a poll."))
        if poll.closed_at is None:
            poll.closed_at = self.batch.now
            self.closed.append(poll)
            PollPart.unknown(message)
            self.batch.touch(message)
        return changed(command, message)

    def store(self) -> None:
        Poll.objects.bulk_update(self.closed, ["closed_at"])
        for poll in self.closed:
            if poll.closes_at is not None:
                due.cancel(CLOSE, str(poll.pk))
