"""Reads of sockets: what they see belongs together."""

import pytest

from tests.conftest import MakeSite

READ_TWICE = """
import asyncio, threading
from uuid import uuid4
from rooms.database.threads import read
ada = Person.objects.get(handle="ada")
def say():
    log.commit([log.Request(ada.pk, protocol.Send(1, 1, uuid4(), "meanwhile"))])
def look():
    before = Room.objects.get(pk=1).version
    writing = threading.Thread(target=say)
    writing.start()
    writing.join()
    return before, Message.objects.count(), Room.objects.get(pk=1).version
seen = asyncio.run(read(look))
print(json.dumps([seen, asyncio.run(read(look))]))
"""


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_read_sees_one_moment_and_holds_no_writer(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.people("ada")
        assert site.run(READ_TWICE) == [[0, 0, 0], [1, 1, 1]]
