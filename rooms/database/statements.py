from collections.abc import Sequence
from typing import Any

from django.db import connection


def fetch(query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows that a statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
