"""`manage.py seed_demo` makes a place that is whole, believable and the same each time."""

from typing import Any

import pytest

from tests.conftest import MakeSite
from tests.programs import demo, people, reading
from tests.site import Site


# What the log renders and numbers itself, of the same texts.
def seeded(site: Site, *arguments: str, messages: int = 3000) -> Any:
    done = site.manage("seed_demo", "--messages", str(messages), *arguments)
    assert done.returncode == 0, done.stderr
    assert f"44 people, {messages:,} messages in" in done.stdout
    verified = site.manage("verify")
    assert verified.returncode == 0, verified.stdout
    return site.run(demo.content)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_it_works(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        place = seeded(site)
        assert place["messages"] == 3000
        assert place["rooms"] == 50
        assert place["is_owner"]
        assert place["days"] > 150
        for some in ("korean", "markdown", "replies", "mentions", "edited", "reactions"):
            assert place[some] > 30, some
        assert place["deleted"] > 3
        assert all(site.run(demo.go_on).values()), "and people can go on from there"


def test_the_same_seed_gives_the_same_place(make_site: MakeSite) -> None:
    places = []
    for database, seed in (("sqlite", "7"), ("sqlite", "7"), ("postgres", "7"), ("sqlite", "8")):
        with make_site(database, serve=False) as site:
            places.append(seeded(site, "--seed", seed, messages=1000)["hash"])
    same, again, on_postgres, other = places
    assert same == again == on_postgres != other


def test_it_refuses_a_place_with_messages(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        seeded(site, messages=1000)
        before = site.run(demo.content)
        refused = site.manage("seed_demo", "--messages", "10")
        assert refused.returncode == 1
        [sentence] = refused.stderr.strip().splitlines()
        assert "There are messages already" in sentence
        assert site.run(demo.content) == before


def test_who_is_there_already_sees_the_public_rooms(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("owner", "Ada")
        site.run(people.make_owner, "owner")
        done = site.manage("seed_demo", "--messages", "100")
        assert done.stdout.startswith("43 people"), "nobody speaks by another's account"
        public, rooms = site.run(reading.count_rooms, "owner")
        assert public == rooms
        assert site.run(demo.count_owners) == 1
        assert site.manage("verify").returncode == 0


def test_people_sign_in_with_the_printed_password_only(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        done = site.manage("seed_demo", "--messages", "10", "--password")
        assert "Sign in as ada" in done.stdout
        password = done.stdout.split()[-1]
        assert site.run(people.can_sign_in, ["ada", "minji"], password) == [True, True]
    with make_site("sqlite", serve=False) as site:
        done = site.manage("seed_demo", "--messages", "10")
        assert "Nobody can sign in yet" in done.stdout
        assert not site.run(people.first_has_password)


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_wrong_number_is_named(make_site: MakeSite, number: str) -> None:
    with make_site("sqlite", serve=False) as site:
        refused = site.manage("seed_demo", f"--messages={number}")
        assert refused.returncode != 0
        assert "is not a number of messages" in refused.stderr
