"""The chat itself as a design: `manage.py serve`, everything kept."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count

from bench.designs import Server, Services, started
from tests.services import redis_server
from tests.site import Site

# Rooms and the people in them; sessions as tests/chaos makes them: nobody types a password.
MAKE = """
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.db import transaction
call_command("migrate", verbosity=0)

def session_of(user):
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

with transaction.atomic():
    people = {room: [f"{name}-{n}" for n in range(first, end)] for room, (name, first, end) in rooms.items()}
    names = sorted({name for names in people.values() for name in names})
    User.objects.bulk_create([User(username=name, password="unusable of " + name) for name in names])
    users = {user.username: user for user in User.objects.filter(username__in=names)}
    persons = {p.handle: p for p in Person.objects.bulk_create([Person(handle=name, folded=name, name=name.title(), user=user) for name, user in users.items()])}
    rooms = {name: Room.objects.create(slug=name, name=name.title(), kind="private") for name in ROOMS}
    Membership.objects.bulk_create(
        [Membership(room=room, person=persons[name]) for slug, room in rooms.items() for name in people[slug]]
    )
    sessions = {name: session_of(user) for name, user in users.items()}
    Session.objects.bulk_create(sessions.values())
if MESSAGES:
    import uuid
    slug = next(iter(rooms))
    room, author = rooms[slug], persons[people[slug][0]]
    for n in range(MESSAGES):
        body = f"Message {n}: the **quick** brown fox jumps over the lazy dog."
        send = protocol.Send(ref=n, room=room.pk, cid=uuid.uuid4(), body=body)
        log.commit([log.Request(author.pk, send)])
print(json.dumps([
    {name: room.pk for name, room in rooms.items()},
    {name: session.session_key for name, session in sessions.items()},
]))
"""

# A name and from which number to before which: `ada-0`, `ada-1` …
People = tuple[str, int, int]

# Nobody is told to wait: what is measured is the server, not its limit.
NO_LIMIT = "1000000"


# So that every round has a database of its own.
_numbers = count(1)


@dataclass(frozen=True)
class Chat:
    name: str
    database: str
    rooms: Mapping[str, People]
    messages: int = 0  # in the first room
    processes: int = 1  # at most 8, all on one core

    @contextmanager
    def serve(self, services: Services) -> Iterator[Server]:
        environment = {
            "DEBUG": "off",
            "EMAIL_URL": "",
            "SEND_RATE": NO_LIMIT,
            "SEND_BURST": NO_LIMIT,
        }
        url = "sqlite:///FOLDER/chat.sqlite3"
        if self.database == "postgres":
            assert services.postgres is not None
            url = services.postgres.make_database(f"bench{next(_numbers)}")
        with ExitStack() as stack:
            redis = stack.enter_context(redis_server())
            environment["REDIS_URL"] = redis.url
            site = Site(url, environment, self.processes, "serve")
            stack.callback(site.close)
            rooms, sessions = site.run(MAKE, ROOMS=self.rooms, MESSAGES=self.messages)
            running = {}
            for port in site.ports:
                command = [sys.executable, "manage.py", "serve", "--port", port]
                pinned = services.cores.pinned(*command)
                running[port] = stack.enter_context(
                    started(pinned, site.environment, port, services.log)
                )
            (port, pid), *others = running.items()
            yield Server(
                "chat", "/ws/", port, pid, redis.process.pid, rooms, sessions, dict(others)
            )
