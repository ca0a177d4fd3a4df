"""Programs that write the data to measure, in a process with the site's settings."""

from datetime import timedelta
from uuid import uuid4

from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from rooms import protocol
from rooms.log import batch as log
from rooms.models import Membership, Person, Room

# Messages written in one transaction.
BATCH = 100


def make(
    rooms: dict[str, tuple[str, int, int]], messages: int
) -> tuple[dict[str, int], dict[str, str]]:
    """Private rooms with people `name-first` and so on, and messages in the first room.

    Returns room ids by slug and session keys by handle.
    """
    people = {
        slug: [f"{name}-{n}" for n in range(first, end)]
        for slug, (name, first, end) in rooms.items()
    }
    with transaction.atomic():
        names = sorted({name for names in people.values() for name in names})
        # Nobody signs in with a password.
        User.objects.bulk_create(
            [User(username=name, password="unusable of " + name) for name in names]
        )
        users = {user.username: user for user in User.objects.filter(username__in=names)}
        persons = Person.objects.bulk_create(
            [
                Person(handle=name, folded=name, name=name.title(), user=user)
                for name, user in users.items()
            ]
        )
        by_handle = {person.handle: person for person in persons}
        made = {
            slug: Room.objects.create(slug=slug, name=slug.title(), kind="private")
            for slug in rooms
        }
        Membership.objects.bulk_create(
            [
                Membership(room=room, person=by_handle[name])
                for slug, room in made.items()
                for name in people[slug]
            ]
        )
        sessions = {name: _session_of(user) for name, user in users.items()}
        Session.objects.bulk_create(sessions.values())
    first = next(iter(rooms))
    for n in range(messages):
        body = f"Message {n}: the **quick** brown fox jumps over the lazy dog."
        send = protocol.Send(ref=n, room=made[first].pk, cid=uuid4(), body=body)
        log.commit([log.Request(by_handle[people[first][0]].pk, send)])
    return (
        {slug: room.pk for slug, room in made.items()},
        {name: session.session_key for name, session in sessions.items()},
    )


def _session_of(user: User) -> Session:
    data = {
        "_auth_user_id": str(user.pk),
        "_auth_user_backend": "allauth.account.auth_backends.AuthenticationBackend",
        "_auth_user_hash": user.get_session_auth_hash(),
    }
    return Session(
        session_key=get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
        session_data=SessionStore().encode(data),
        expire_date=timezone.now() + timedelta(days=1),
    )


def fill(messages: int) -> None:
    """Messages of all lengths in General, with code, lists, reactions and replies; all read."""
    ids = list(Person.objects.order_by("pk").values_list("pk", flat=True))
    last: int | None = None
    for start in range(0, messages, BATCH):
        answers = log.commit(
            [
                log.Request(
                    ids[n // 3 % len(ids)],
                    protocol.Send(1, 1, uuid4(), _text(n), reply_to=last if n % 11 == 0 else None),
                )
                for n in range(start, start + BATCH)
            ]
        ).answers
        written = [
            answer.id
            for answer in answers
            if isinstance(answer, protocol.Ack) and isinstance(answer.id, int)
        ]
        assert len(written) == BATCH
        last = written[0]
        log.commit(
            [
                log.Request(person, protocol.React(1, message, emoji, True))
                for message in written[::9]
                for person in ids[:3]
                for emoji in ("👍", "🎉")
            ]
        )
    for person in ids:
        log.commit([log.Request(person, protocol.Read(1, 1, messages))])


def _text(n: int) -> str:
    text = f"line {n + 1} **bold** and `code`\n\n" + "more words " * (n % 40)
    if n % 25 == 0:
        text += "\n\n```python\ndef f(x):\n    return x + 1\n```"
    if n % 17 == 0:
        text += "\n\n- one\n- two\n- three"
    return text
