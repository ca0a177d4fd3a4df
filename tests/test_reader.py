"""What the reader's SQL makes of rows is what the log tells of the same rows."""

import pytest

from tests.conftest import MakeSite

COMPARE = """
from rooms.reading import queries
from rooms.reading import state

owner = Person.objects.get(handle="ada")
Person.objects.filter(handle="clara").update(name="")
wrong, count = [], 0
for room in Room.objects.all():
    told = [
        state.message(row, row.reactions.all(), [mention.person_id for mention in row.mentions.all()])
        for row in Message.objects.whole().filter(room=room).order_by("seq")
    ]
    count += len(told)
    if state.page(room.pk, 1, room.seq) != told or state.changed(room.pk, 0) != told:
        wrong.append(f"messages of {room}")
    page = [message for message in told if 3 <= message.seq <= 7]
    if queries.history(owner.pk, protocol.History(1, room.pk, after=2, limit=5)).messages != page:
        wrong.append(f"page of {room}")
    later = [message for message in told if message.version > room.version - 10]
    if queries.sync(owner.pk, protocol.Sync(1, room.pk, max(0, room.version - 10))).messages != later:
        wrong.append(f"changes of {room}")

everybody = list(Person.objects.values_list("pk", flat=True))
seen = queries.rooms_of(everybody)
for member in Membership.objects.select_related("room", "person"):
    room = member.room
    [shown] = [state for state in seen[member.person_id] if state.id == room.pk]
    mentions = Mention.objects.filter(person=member.person, room=room, seq__gt=member.read_seq).count()
    facts = [room.slug, room.name, room.kind, room.topic, room.seq, room.version, member.read_seq]
    facts += [room.seq - member.read_seq, mentions, member.role, member.notify, room.archived]
    names = "slug name kind topic seq version read_seq unread mentions role notify archived"
    if [getattr(shown, name) for name in names.split()] != facts:
        wrong.append(f"{room} as {member.person} sees it")
    if room.kind == "direct":
        others = room.members.exclude(pk=member.person_id).order_by("pk")
        if shown.people != [state.person(other) for other in others]:
            wrong.append(f"people of {room} as {member.person} sees it")
    if queries.rooms_of([member.person_id], room.pk) != {member.person_id: [shown]}:
        wrong.append(f"{room} alone")
print(json.dumps([wrong, count, protocol.encode(queries.hello(owner.pk)).count('"archived":true')]))
"""


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_is_read_is_what_was_told(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.manage("seed_demo", "--messages", "1500").check_returncode()
        assert site.run(COMPARE) == [[], 1500, 2]


def test_nobody_has_no_rooms(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        code = "from rooms.reading import queries\nprint(json.dumps(queries.rooms_of([])))"
        assert site.run(code) == {}
