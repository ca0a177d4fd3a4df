"""Polls written past the sockets, and what is stored of them."""

from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from rooms import members, protocol
from rooms.log.batch import commit
from rooms.log.requests import Request
from rooms.models import Due, Membership, Message, Person, Room
from rooms.polls.models import Poll, Vote
from rooms.polls.protocol import Close, NewPoll
from rooms.polls.protocol import Vote as VoteCommand


def count() -> list[int]:
    return [Poll.objects.count(), Vote.objects.count()]


def everything() -> list[list[object]]:
    """All that polls are, but for moments."""
    polls = Poll.objects.values_list("message__body", "choices", "multiple", "anonymous")
    return [[*polls], [*Vote.objects.values_list("poll", "person", "choice")]]


def due() -> int:
    return Due.objects.count()


def make_due(message: int) -> None:
    """As if its time had come."""
    Poll.objects.filter(pk=message).update(closes_at=timezone.now())
    Due.objects.filter(key=str(message)).update(due_at=timezone.now())


def moderate(person: int) -> None:
    Membership.objects.filter(person=person).update(role="moderator")


def close_and_vote(author: int) -> list[str]:
    """The codes for a vote, a close and another vote in one transaction; the votes there are."""
    message = _ask(author, 1)
    commands = [VoteCommand(1, message, [0]), Close(2, message), VoteCommand(3, message, [1])]
    answers = commit([Request(author, command) for command in commands]).answers
    votes = Vote.objects.filter(poll=message).values_list("choice", flat=True)
    return [getattr(answer, "code", "ack") for answer in answers] + [f"{n}" for n in votes]


def archive(room: int) -> None:
    members.set_archived(None, Room.objects.get(pk=room), True)


def _ask(author: int, room: int) -> int:
    send = protocol.registry.send(
        ref=1,
        room=room,
        cid=uuid4(),
        body="Which?",
        poll=NewPoll(["one", "two"]),  # type: ignore[call-arg]
    )
    [answer] = commit([Request(author, send)]).answers
    assert isinstance(answer, protocol.Ack), answer
    assert isinstance(answer.id, int)
    return answer.id


def ask_in_private(ada: int, bob: int) -> list[int]:
    """The ids of the room and the message."""
    room = members.create_room(Person.objects.get(pk=ada), "Secret", "private")
    members.add_member(None, room, Person.objects.get(pk=bob))
    return [room.pk, _ask(ada, room.pk)]


def ask_and_vote(ada: int) -> None:
    """All that there is."""
    clear()
    message = _ask(ada, 1)
    [answer] = commit([Request(ada, VoteCommand(ref=1, message=message, choices=[1]))]).answers
    assert isinstance(answer, protocol.Ack), answer


def vote_as_many(message: int, number: int) -> None:
    for n in range(number):
        person = Person.of(User.objects.create(username=f"voter{n}"))
        members.join(person, Room.objects.get(pk=1))
        commit([Request(person.pk, VoteCommand(ref=1, message=message, choices=[0]))])


def delete_behind_its_back() -> None:
    Message.objects.update(body="", html="", parts=0, deleted_at=timezone.now())


def vote_for_nothing() -> None:
    Vote.objects.update(choice=5)


def close_untold() -> None:
    Poll.objects.update(closed_at=timezone.now())


def lose_the_choices() -> None:
    Poll.objects.update(choices=["one", 2])


def lose_the_poll() -> None:
    Vote.objects.all().delete()
    Poll.objects.all().delete()


def lose_the_closing() -> None:
    Poll.objects.update(closes_at=timezone.now())


def vote_twice() -> None:
    vote = Vote.objects.get()
    Vote.objects.create(poll=vote.poll, person=vote.person, choice=0)


def clear() -> None:
    Vote.objects.all().delete()
    Poll.objects.all().delete()
    Message.objects.all().delete()
    Room.objects.update(seq=0, version=0)
    Membership.objects.update(read_seq=0)
