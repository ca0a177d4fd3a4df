"""Closes sockets whose session or account ended, and updates those whose rooms changed.

A socket is authenticated at its handshake, but the person's rights can end at any time. Ending
them sends an event to the affected sockets, in all processes. Because events may be lost, each
process also compares all its sockets with the database from time to time.
"""

from collections.abc import Collection, Iterable
from functools import partial
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from rooms import protocol
from rooms.conf import conf
from rooms.database.threads import read
from rooms.live.broadcast import person_group, tell_now
from rooms.live.facts import Facts
from rooms.live.groups import Groups
from rooms.live.layer import Layer
from rooms.live.sockets import Socket, Sockets
from rooms.models import Membership, Person
from rooms.models.person import Account
from rooms.protocol.closing import NOT_SIGNED_IN

# Account fields that do not affect sessions; each sign-in saves the first.
HARMLESS = {"last_login", "email", "first_name", "last_name"}

User = get_user_model()
SessionStore = import_module(settings.SESSION_ENGINE).SessionStore


# Sending events


def end_sockets(person_id: int, session_key: str | None = None) -> None:
    """Closes the person's sockets in every process, or only those of one session."""
    event = {"type": "session.ended", "session": session_key}
    tell_now([(person_group(person_id), event)])


def _persons(account: Account) -> list[int]:
    """The id of the account's person, if there is one. It may be deleted, or not created yet."""
    return list(Person.objects.filter(user=account.pk).values_list("pk", flat=True))


@receiver(user_logged_out)
def end_sockets_of_session(request: HttpRequest, user: Account | None, **_signal: Any) -> None:
    """Closes the sockets of other tabs on sign-out, however it happens."""
    if user is not None and request.session.session_key:
        for person_id in _persons(user):
            end_sockets(person_id, request.session.session_key)


# Without a sender: a site may save its accounts as proxies of the user model.
@receiver(pre_delete)
def end_sockets_of_account(instance: Model, **_signal: Any) -> None:
    for person_id in _persons(instance) if isinstance(instance, User) else ():
        transaction.on_commit(partial(end_sockets, person_id))


@receiver(post_save)
def compare_sockets_of_account(
    instance: Model,
    created: bool,
    update_fields: Iterable[str] | None = None,
    **_signal: Any,
) -> None:
    """Rechecks an account's sockets when it is deactivated or its password changes."""
    if not isinstance(instance, User) or created:
        return
    if update_fields is None or not set(update_fields) <= HARMLESS:
        events = [(person_group(id), {"type": "person.changed"}) for id in _persons(instance)]
        transaction.on_commit(lambda: tell_now(events))


# Comparing


def may_stay(keys: Iterable[str], person_ids: Iterable[int]) -> dict[str, int]:
    """Returns the valid sessions among `keys`, with the ids of their active persons."""
    persons = Person.objects.active().filter(pk__in=set(person_ids)).select_related("user")
    owners = {person.user.pk: (person.pk, person.user) for person in persons if person.user}
    good = {}
    for key, session in _sessions(set(keys)):
        try:
            person_id, user = owners[User._meta.pk.to_python(session.get(SESSION_KEY))]
        except (KeyError, TypeError, ValidationError):
            continue
        if user.is_active and any(
            constant_time_compare(session.get(HASH_SESSION_KEY, ""), hash)
            for hash in (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
        ):
            good[key] = person_id
    return good


def _sessions(keys: set[str]) -> Iterable[tuple[str, dict]]:
    if not issubclass(SessionStore, DatabaseSessions):
        return [(key, SessionStore(key).load()) for key in keys]
    rows = SessionStore.get_model_class().objects.filter(
        session_key__in=keys, expire_date__gt=timezone.now()
    )
    store = SessionStore()
    return [
        (key, store.decode(data)) for key, data in rows.values_list("session_key", "session_data")
    ]


def rooms_of(person_ids: Iterable[int]) -> dict[int, set[int]]:
    """Returns the room ids of each person."""
    rooms: dict[int, set[int]] = {id: set() for id in person_ids}
    rows = Membership.objects.filter(person_id__in=list(rooms)).values_list("person_id", "room_id")
    for person_id, room in rows:
        rooms[person_id].add(room)
    return rooms


class Comparer:
    """Compares open sockets with the database."""

    def __init__(self, sockets: Sockets, layer: Layer, groups: Groups, facts: Facts) -> None:
        self._sockets, self._layer = sockets, layer
        self._groups, self._facts = groups, facts
        self._waited = 0.0

    def interval(self) -> float:
        return conf.COMPARE_EVERY_WHILE_AWAY

    async def compare_all(self) -> None:
        """Compares all sockets. Called every `interval`."""
        self._waited += conf.COMPARE_EVERY_WHILE_AWAY
        if self._waited >= conf.COMPARE_EVERY or not self._layer.healthy:
            self._waited = 0.0
            await self.compare(list(self._sockets))

    async def compare(self, sockets: Collection[Socket]) -> None:
        """Closes sockets that may not be open, and updates the rooms of the others."""
        if not sockets:
            return
        before = {socket: set(socket.rooms) for socket in sockets}
        people = {socket.person_id for socket in sockets}
        good = await read(may_stay, [s.session_key for s in sockets if s.session_key], people)
        rooms = await read(rooms_of, people)
        for socket in sockets:
            if good.get(socket.session_key or "") != socket.person_id:
                await socket.end(NOT_SIGNED_IN)
                continue
            for room in before[socket] - rooms[socket.person_id]:
                await self._groups.leave_room(socket, room)
                socket.push(protocol.Left(room))
            for room in rooms[socket.person_id] - before[socket]:
                await self._groups.enter_room(socket, room)
                self._facts.tell(room, [socket])
