"""Who asks: a session, its device and its account, read together in one query by keys.

Django reads the session, then the account, and allauth's list of devices is a third question,
each put together anew by the ORM: measured, ten times what the database takes to answer. Whatever
is unusual about a session goes Django's own way.
"""

from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user,
    get_user_model,
    middleware,
)
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import User as UserType
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.core import signing
from django.db import connection, models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

User = get_user_model()

# Sessions whose signature is known to be good: some hundred bytes each.
MAX_KNOWN = 4096


class SessionStore(db.SessionStore):
    """Django's sessions in the database, with what a request will ask next."""

    _owner: UserType | None = None
    _last_seen: datetime | None = None

    @property
    def owner(self) -> UserType | None:
        """The account that the list of devices names, whoever the session itself is of."""
        self._load_quietly()
        return self._owner

    @property
    def last_seen(self) -> datetime | None:
        """When the device was last noted; None where it is not listed."""
        self._load_quietly()
        return self._last_seen

    def _load_quietly(self) -> None:
        # A session that is `accessed` makes an answer vary by cookie: nothing of it was used yet.
        accessed = self.accessed
        self._get_session()  # type: ignore[attr-defined]
        self.accessed = accessed

    def load(self) -> dict[str, Any]:
        with connection.cursor() as cursor:
            now = connection.ops.adapt_datetimefield_value(timezone.now())
            cursor.execute(_query(), [self.session_key, now])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        data, last_seen, *account = row
        if last_seen is not None:
            if timezone.is_naive(last_seen):  # from SQLite
                last_seen = last_seen.replace(tzinfo=UTC)
            self._last_seen = last_seen
            self._owner = User.from_db(connection.alias, _account_fields(), account)
        return self.decode(data)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            return self.serializer().loads(_signed(session_data, self.key_salt))
        except Exception:  # As Django does: an empty session; there the reason is logged.
            return super().decode(session_data)


class _Plain:
    """Leaves the bytes as they are, so that every request makes a dict of its own of them."""

    def loads(self, data: bytes) -> bytes:
        return data


@lru_cache(MAX_KNOWN)
def _signed(session_data: Any, salt: str) -> bytes:
    """What was signed. Raises BadSignature. The same text has the same signature for ever."""
    return signing.loads(session_data, salt=salt, serializer=_Plain)  # type: ignore[arg-type]


@cache
def _account_fields() -> list[str]:
    """Of dates there is no need at every request; they are read when somebody looks at one."""
    fields = User._meta.concrete_fields
    return [field.attname for field in fields if not isinstance(field, models.DateTimeField)]


@cache
def _query() -> str:
    account = ", ".join(f"account.{name}" for name in _account_fields())
    return (
        f"SELECT session.session_data, device.last_seen_at, {account} "
        f"FROM {Session._meta.db_table} session "
        f"LEFT JOIN {UserSession._meta.db_table} device "
        "ON device.session_key = session.session_key "
        f"LEFT JOIN {User._meta.db_table} account "
        f"ON account.{User._meta.pk.column} = device.user_id "
        "WHERE session.session_key = %s AND session.expire_date > %s"
    )


class AuthenticationMiddleware(middleware.AuthenticationMiddleware):
    """Django's, sparing the question for the account where the session brought it along."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(partial(_user, request))  # type: ignore[assignment]


def _user(request: Any) -> UserType | AnonymousUser:
    if not hasattr(request, "_cached_user"):
        request._cached_user = _owner(request.session) or get_user(request)
    return request._cached_user


def _owner(session: Any) -> UserType | None:
    """The account of a session that is good in every way that Django checks, else None."""
    signed_in = session.get(SESSION_KEY)
    owner = getattr(session, "owner", None)
    if (
        owner is not None
        and owner.is_active
        and signed_in == str(owner.pk)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(session.get(HASH_SESSION_KEY, ""), owner.get_session_auth_hash())
    ):
        return owner
    return None
