"""Leases: each follower and handler runs in one process, which keeps renewing its lease."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from rooms.conf import conf
from rooms.database.statements import fetch


class Lost(Exception):
    """Another process has the lease, or the database has a new epoch. Nothing was written."""


def clock(seconds: float = 0) -> str:
    """SQL for the database's time, `seconds` from now. The clocks of processes may differ."""
    if connection.vendor == "sqlite":
        return f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '{seconds:+.3f} seconds')"
    return f"(CLOCK_TIMESTAMP() + INTERVAL '{seconds:.3f} seconds')"


def _listed(names: Collection[str]) -> str:
    return ", ".join(["%s"] * len(names))


def hold(names: Collection[str], holder: UUID) -> set[str]:
    """Takes free leases and renews our own. Returns the leases held."""
    query = f"""
        UPDATE rooms_lease SET holder = %s, until = {clock(conf.LEASE)}
        WHERE name IN ({_listed(names)}) AND (holder = %s OR until <= {clock()})
        RETURNING name
    """
    me = value(holder)
    return {name for [name] in fetch(query, [me, *names, me])}


def give_back(names: Collection[str], holder: UUID) -> None:
    """Releases leases on a clean shutdown, so that others need not wait."""
    query = f"""
        UPDATE rooms_lease SET until = {clock()}
        WHERE name IN ({_listed(names)}) AND holder = %s
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [*names, value(holder)])


@contextmanager
def held(name: str, holder: UUID, epoch: str) -> Iterator[None]:
    """A transaction that commits only if the holder still has the lease. Raises Lost.

    This keeps a process that was suspended for longer than its lease from overwriting its
    successor's work, and keeps data read before a restore out of the restored database.
    """
    locking = "FOR UPDATE OF lease" if connection.features.has_select_for_update else ""
    query = f"""
        SELECT 1 FROM rooms_lease lease JOIN rooms_place place ON place.id = 1
        WHERE lease.name = %s AND lease.holder = %s AND lease.until > {clock()}
          AND place.epoch = %s {locking}
    """
    with transaction.atomic(durable=True):
        if not fetch(query, [name, value(holder), value(UUID(epoch))]):
            raise Lost(name)
        yield


def value(id: UUID) -> UUID | str:
    """Converts a UUID to a column value."""
    return id if connection.features.has_native_uuid_field else id.hex
