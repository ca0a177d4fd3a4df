"""What `verify` checks of polls, and polls for the demo place."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Max

from rooms.log.rendering import render
from rooms.models import Due, Membership, Message
from rooms.polls.log import CLOSE
from rooms.polls.models import Poll, Vote
from rooms.polls.protocol import MAX_CHOICES, MIN_CHOICES
from rooms.polls.state import PollPart

QUESTIONS = [
    ("Where do we have lunch on Friday?", ["The Korean place", "Noodles", "Pizza"], False),
    ("회식 날짜 언제가 좋을까요?", ["목요일", "금요일", "다음 주"], True),
    ("Which name for the release?", ["Halla", "Seorak", "Jiri"], False),
]


def problems() -> Iterator[str]:
    """A sentence for each damage found. What holds for all parts is checked with them."""
    due = set(Due.objects.filter(kind=CLOSE).values_list("key", flat=True))
    for poll in Poll.objects.annotate(last=Max("votes__choice")).order_by("pk").iterator():
        if not _are_choices(poll.choices):
            yield f"Message {poll.pk}: the choices of its poll are not 2 to 10 texts."
        elif poll.last is not None and poll.last >= len(poll.choices):
            yield f"Message {poll.pk}: a vote for a choice that it does not have."
        if poll.closes_at and not poll.closed_at and str(poll.pk) not in due:
            yield f"Message {poll.pk}: its poll closes at a time, but nothing is due to close it."
    twice = (
        Vote.objects.filter(poll__multiple=False).values("poll", "person").annotate(n=Count("pk"))
    )
    for row in twice.filter(n__gt=1).order_by():
        yield f"Message {row['poll']}: somebody voted {row['n']} times."


def _are_choices(choices: Any) -> bool:
    is_list = isinstance(choices, list) and MIN_CHOICES <= len(choices) <= MAX_CHOICES
    return is_list and all(isinstance(choice, str) for choice in choices)


def demo(rng: random.Random) -> None:
    """Turns some of the last messages of public rooms into polls in which members have voted."""
    said = Message.objects.filter(
        room__kind="public", room__archived_at=None, deleted_at=None, edited_at=None, parts=0
    )
    recent = list(said.filter(seq__gt=F("room__seq") - 40).order_by("room", "-seq")[:100])
    for message, (question, choices, multiple) in zip(
        rng.sample(recent, min(len(recent), len(QUESTIONS))), QUESTIONS, strict=False
    ):
        message.body, message.html = question, render(question, {})
        message.parts |= PollPart.bit
        message.save(update_fields=["body", "html", "parts"])
        poll = Poll.objects.create(
            message=message,
            choices=choices,
            multiple=multiple,
            closes_at=message.created_at + timedelta(days=7) if multiple else None,
            closed_at=message.created_at + timedelta(days=7) if multiple else None,
        )
        people = Membership.objects.filter(room=message.room_id).order_by("pk")
        Vote.objects.bulk_create(
            Vote(poll=poll, person_id=person, choice=choice)
            for person in people.values_list("person", flat=True)
            if rng.random() < 0.7
            for choice in rng.sample(range(len(choices)), rng.randint(1, 2) if multiple else 1)
        )
