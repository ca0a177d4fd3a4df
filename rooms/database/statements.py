"""Statements by hand that SQLite and PostgreSQL both understand.

Measured, a batch of the log spent nine tenths of its time in the ORM.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection


def fetch(query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows that a statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def execute(query: str, values: Sequence[Any] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, values)


def listed(ids: Iterable[int]) -> str:
    """Ids in a query itself: measured, psycopg takes longer to bind 500 than to fetch the rows."""
    return ", ".join(f"{id:d}" for id in ids)


def table(rows: int, columns: int) -> str:
    """`(VALUES …)` with placeholders. Both databases call the columns column1, column2 …"""
    row = f"({', '.join(['%s'] * columns)})"
    return f"(VALUES {', '.join([row] * rows)})"


def flat(rows: Iterable[Iterable[Any]]) -> list[Any]:
    """The values for a `table`."""
    return [value for row in rows for value in row]
