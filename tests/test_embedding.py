"""Embeds the chat in a Django site that does not know it: tests/bare, see docs/embedding.md."""

import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.embedded import SERVERS, Embedded, embedded
from tests.programs import embedding
from tests.services import Postgres
from tests.wire import Frame, Wire, new_cid

ADA, BOB = "ada@example.org", "bob@example.org"
NAMES = {ADA: "Ada Lovelace", BOB: "Bob Hope"}


@pytest.fixture(params=["sqlite", "postgres"])
def bare(request: pytest.FixtureRequest) -> Iterator[Embedded]:
    """A site with accounts where the chat was never migrated."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            site = stack.enter_context(embedded())
        else:
            postgres: Postgres = request.getfixturevalue("postgres")
            stack.callback(postgres.drop_database, "bare")
            site = stack.enter_context(embedded(postgres.make_database("bare")))
        yield site


@pytest.fixture
def site() -> Iterator[Embedded]:
    with embedded() as made:
        made.manage("migrate", "-v", "0")
        made.run(embedding.add_users, NAMES)
        yield made


def test_check_and_makemigrations_find_nothing(site: Embedded) -> None:
    assert "no issues" in site.manage("check", "--fail-level", "WARNING")
    assert "No changes" in site.manage("makemigrations", "--check", "--dry-run")


def test_existing_accounts_become_persons(bare: Embedded) -> None:
    bare.manage("migrate", "-v", "0", "people")
    bare.run(embedding.import_users, {**NAMES, "ada@other.example.org": "Ada Lovelace"})
    bare.manage("migrate", "-v", "0")
    assert sorted(bare.run(embedding.persons)) == [
        ["ada-lovelace", "Ada Lovelace", True, True],
        ["ada-lovelace-2", "Ada Lovelace", True, True],
        ["bob-hope", "Bob Hope", True, True],
    ]


def test_chat_survives_a_flush(bare: Embedded) -> None:
    bare.manage("migrate", "-v", "0")
    assert bare.run(embedding.flush_and_open, ADA) == ["Chat", []]


def test_demo_verify_and_backup_work(site: Embedded) -> None:
    assert "200 messages" in site.manage("seed_demo", "--messages", "200")
    assert "no problems" in site.manage("verify")
    file = site.folder / "chat.tar.gz"
    site.manage("backup", str(file))
    with tarfile.open(file) as backup:
        assert backup.getnames() == ["manifest.json", "chat.sqlite3"]
    site.manage("restore", str(file), "--yes")
    assert "no problems" in site.manage("verify")


def boot_of(page: str) -> Frame:
    found = re.search(r'<script id="chat" type="application/json">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found[1])


def test_page_uses_the_sites_urls(site: Embedded) -> None:
    site.run(embedding.open_room)
    with site.served("daphne") as url:
        page = site.page(url, "/chat/rooms/lounge/", ADA)
        boot = boot_of(page)
        assert boot["urls"] == {
            "home": "/chat/",
            "socket": "/chat/ws/",
            "sign_in": "/sign-in/",
            "sign_out": "/sign-out/",
            "admin": "/admin/",
        }
        assert '<header class="site-header">' in page
        assert "Ada Lovelace</span>" in page, "the site's own header shows the user"
        assert "Bob Hope</span>" in site.page(url, "/chat/rooms/lounge/", BOB)
        settings = site.page(url, "/chat/settings/", ADA)
        assert '<header class="site-header">' in settings
        assert 'action="/chat/settings/profile"' in settings
        for script in re.findall(r'<script[^>]* src="([^"]+)"', page):
            assert site.page(url, script, ADA)


def test_names_in_the_base_template_are_only_text(site: Embedded) -> None:
    site.run(embedding.add_users, {"eve@example.org": "⟦boot⟧ ⟦nothing⟧ Eve"})
    site.run(embedding.open_room)
    with site.served("daphne") as url:
        page = site.page(url, "/chat/rooms/lounge/", "eve@example.org")
    assert "<span>⟦boot⟧ ⟦nothing⟧ Eve</span>" in page
    assert boot_of(page)["person"]["name"] == "⟦boot⟧ ⟦nothing⟧ Eve"


@pytest.mark.parametrize("server", SERVERS)
async def test_two_people_talk(site: Embedded, server: str) -> None:
    room = site.run(embedding.open_room)
    with site.served(server) as url:
        async with site.socket(url, ADA) as ada, site.socket(url, BOB) as bob:
            ack = await ada.call(type="send", room=room, cid=new_cid(), body="hi @bob-hope")
            changes = await bob.expect("changes")
            assert [m["id"] for m in changes["messages"]] == [ack["id"]]
            assert [m["author"]["name"] for m in changes["messages"]] == ["Ada Lovelace"]
            await bob.call(type="react", message=ack["id"], emoji="👍", on=True)
            [liked] = (await ada.expect("changes", to=2))["messages"]
            assert [reaction["emoji"] for reaction in liked["reactions"]] == ["👍"]
            await ada.say(room, "Lunch?", poll={"choices": ["Soup", "Rice"]})
            [asked] = (await bob.expect("changes", to=3))["messages"]
            assert [choice["text"] for choice in asked["poll"]["choices"]] == ["Soup", "Rice"]


async def test_emails_never_reach_the_wire(site: Embedded) -> None:
    site.run(embedding.add_users, {"carol@example.org": "", "dan@example.org": "dan@example.org"})
    room = site.run(embedding.open_room)
    with site.served("daphne") as url:
        async with site.socket(url, "carol@example.org") as carol, site.socket(url, ADA) as ada:
            await carol.call(type="send", room=room, cid=new_cid(), body="I have no name")
            await ada.expect("changes")
            heard = [ada.hello, carol.hello, *ada.events, *ada.answers.values()]
            heard.append(await ada.call(type="members", room=room))
            heard.append(await ada.call(type="sync", rooms={str(room): 0}))
            heard.append(await ada.call(type="history", room=room))
        pages = ["/chat/rooms/lounge/", "/chat/rooms/", "/chat/people.json?q=", "/chat/settings/"]
        said = json.dumps(heard) + "".join(site.page(url, page, ADA) for page in pages)
    assert "I have no name" in said
    assert "person" in said
    assert re.findall(r"\w+@(?!bob|media)\w*\.?\w*", said) == []
    assert "example.org" not in said


def test_proxies_of_the_user_model_are_accounts(site: Embedded) -> None:
    site.run(embedding.deactivate_as_staff, ADA)
    assert [active for *_who, active, _account in site.run(embedding.persons)] == [False, True]


@pytest.mark.parametrize("server", SERVERS)
async def test_deleted_accounts_messages_stay_and_its_sockets_close(
    site: Embedded, server: str
) -> None:
    room = site.run(embedding.open_room)
    with site.served(server) as url:
        ada: Wire
        async with site.socket(url, ADA) as ada, site.socket(url, BOB) as bob:
            await ada.call(type="send", room=room, cid=new_cid(), body="I was here")
            await bob.expect("changes")
            site.post(url, "/delete-account/", ADA)
            assert await ada.closed() == 4401
            page = await bob.call(type="history", room=room)
            assert [(m["body"], m["author"]["name"]) for m in page["messages"]] == [
                ("I was here", "Ada Lovelace")
            ]
    assert site.run(embedding.persons)[0][2:] == [False, False]
