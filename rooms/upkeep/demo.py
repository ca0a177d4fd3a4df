"""Realistic demo data to try, show and measure. The same seed gives the same data.

This is the only code that bypasses `rooms.log`. It may, because the chat is empty and nobody has
to be notified; a million messages take minutes instead of hours. The data satisfies all the
invariants of the log, as `manage.py verify` confirms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from random import Random
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection, transaction

from rooms import protocol
from rooms.log import rendering
from rooms.log.sending import digest_of
from rooms.models import Kind, Membership, Mention, Message, Person, Reaction, Role, Room, fold
from rooms.reading.mentions import Mentions
from rooms.reading.reactions import Reactions
from rooms.upkeep.conversations import (
    CONVERSATIONS,
    DIRECT,
    EDITS,
    EMOJI,
    PEOPLE,
    ROOMS,
    WORDS,
    Language,
)

# Fixed, so that the data does not depend on today's date.
END = datetime(2026, 11, 20, 18, tzinfo=UTC)
DAYS = 240
# Messages in memory at once. Reactions, edits and deletions stay within a chunk.
CHUNK = 20_000
# Activity by hour of the day (UTC: Seoul's day, then Berlin's).
HOURS = [6, 8, 9, 5, 8, 8, 9, 12, 14, 14, 10, 9, 11, 10, 9, 6, 4, 3, 2, 2, 1, 1, 1, 3]
WEEKEND = 0.1
# Per message.
REACTIONS, EDITED, DELETED = 0.25, 0.03, 0.008
# Probability that the next message goes to the same room.
STAYS = 0.7


class NotEmpty(Exception):
    """There are already messages; nothing was changed."""


@dataclass(slots=True)
class Rendered:
    html: str
    mentions: list[int]


@dataclass(slots=True)
class Said:
    """A message and its reactions, until it is stored."""

    row: Message
    language: Language
    mentions: list[int]
    reactions: dict[tuple[str, int], Reaction] = field(default_factory=dict)


@dataclass(slots=True)
class Talk:
    """A room during the simulation."""

    room: Room
    people: list[Person]
    lines: Iterator[tuple[Person, str, Language, bool]]
    recent: list[Said] = field(default_factory=list)
    spoke: dict[int, int] = field(default_factory=dict)  # last seq of each person

    def next_version(self, said: Said) -> None:
        self.room.version += 1
        said.row.version = self.room.version


@transaction.atomic
def make(messages: int, seed: int, password: str | None = None) -> list[Person]:
    """Fills the empty chat in one transaction. Returns the new people, the owner first.

    `password` is hashed and set for everybody; without one they cannot sign in. People who
    already have an account join the public rooms. Raises NotEmpty.
    """
    # Block other writers until we commit.
    list(Room.objects.select_for_update().order_by("pk"))
    if Message.objects.exists():
        raise NotEmpty
    rng = Random(seed)
    guests = list(Person.objects.active().order_by("pk"))
    people = _people(password)
    talks = _rooms(rng, people)
    play = Play(rng, people, talks)
    said = play.messages(messages)
    while chunk := list(islice(said, CHUNK)):
        _store(chunk)
        for talk in talks:
            talk.recent.clear()
    Room.objects.bulk_update([talk.room for talk in talks], ["seq", "version"])
    Membership.objects.bulk_create(_memberships(rng, talks, guests))
    _settle()
    return people


def _people(password: str | None) -> list[Person]:
    taken = set(Person.objects.values_list("folded", flat=True))
    people = [
        Person(handle=handle, folded=fold(handle), name=name)
        for handle, name in PEOPLE
        if fold(handle) not in taken
    ]
    if apps.is_installed("rooms.accounts"):
        for person, user in zip(people, _accounts(people, password), strict=True):
            person.user = user
    Person.objects.bulk_create(people)
    return people


def _accounts(people: list[Person], password: str | None) -> list[User]:
    begin = END - timedelta(days=DAYS)
    users = [User(username=person.handle, date_joined=begin) for person in people]
    for user in users:
        if password is None:
            user.set_unusable_password()
        else:
            user.password = password
    if not User.objects.filter(is_superuser=True, is_active=True).exists():
        users[0].is_staff = users[0].is_superuser = True
    # bulk_create sends no signals: the persons are created here.
    return User.objects.bulk_create(users)


def _rooms(rng: Random, people: list[Person]) -> list[Talk]:
    """Returns the rooms, busiest first. The first person is in all of them."""
    begin = END - timedelta(days=DAYS)
    first, *others = people
    talks = []
    for plan in ROOMS:
        room = Room(name=plan.name, kind=plan.kind, topic=plan.topic, created_at=begin)
        room.slug = Room.free_slug(plan.name)
        room.archived_at = END if plan.archived else None
        share = rng.uniform(0.5, 1) if plan.kind == Kind.PUBLIC else rng.uniform(0.1, 0.4)
        here = [first, *rng.sample(others, round(share * len(others)))]
        talks.append(Talk(room, here, _lines(rng, here, plan.languages)))
    partners = iter(rng.sample(others, sum(DIRECT) - len(DIRECT)))
    for size in DIRECT:
        here = [first, *islice(partners, size - 1)]
        room = Room(kind=Kind.DIRECT, slug=f"dm-{rng.randbytes(6).hex()}", created_at=begin)
        room.people_key = Room.key_of(person.pk for person in here)
        talks.append(Talk(room, here, _lines(rng, here, ("en", "ko"))))
    Room.objects.bulk_create(talk.room for talk in talks)
    return talks


def _lines(
    rng: Random, people: list[Person], languages: Sequence[Language]
) -> Iterator[tuple[Person, str, Language, bool]]:
    """Yields one conversation after another: who writes, the language, whether as a reply."""
    while True:
        language = rng.choice(languages)
        cast = rng.sample(people, min(3, len(people)))
        words = {name: rng.choice(choice) for name, choice in WORDS.items()}
        words |= {role: cast[n % len(cast)].handle for n, role in enumerate("abc")}
        for line in rng.choice(CONVERSATIONS[language]):
            who = cast[line.speaker % len(cast)]
            yield who, line.said(words), language, line.answers


def _moments(rng: Random, number: int) -> Iterator[datetime]:
    """Yields `number` times, in order, spread over the months like working hours."""
    begin = END - timedelta(days=DAYS)
    hours = [begin + timedelta(hours=n) for n in range(DAYS * 24)]
    busy = [HOURS[hour.hour] * (WEEKEND if hour.weekday() > 4 else 1) for hour in hours]
    total, done = sum(busy), 0
    for hour, until in zip(hours, accumulate(busy), strict=True):
        here = round(number * until / total) - done
        done += here
        for second in sorted(rng.uniform(0, 3600) for _ in range(here)):
            yield hour + timedelta(seconds=second)


class Play:
    """Simulates people talking in rooms, month after month."""

    def __init__(self, rng: Random, people: list[Person], talks: list[Talk]) -> None:
        self.rng = rng
        self.talks = talks
        self.ids = {person.folded: person.pk for person in people}
        self.rendered: dict[str, Rendered] = {}

    def messages(self, number: int) -> Iterator[Said]:
        """Yields all messages in order. Each may change until CHUNK more were taken."""
        rng = self.rng
        # The second room is half as busy as the first, the third a third as busy (Zipf's law).
        busy = list(accumulate(1 / place for place in range(1, len(self.talks) + 1)))
        talk = self.talks[0]
        for id, moment in enumerate(_moments(rng, number), 1):
            if rng.random() > STAYS:
                [talk] = rng.choices(self.talks, cum_weights=busy)
            said = self.say(id, talk, moment)
            talk.recent.append(said)
            for chance, change in (
                (REACTIONS, self.react),
                (EDITED, self.edit),
                (DELETED, self.delete),
            ):
                if rng.random() < chance:
                    change(talk, rng.choice(talk.recent[-8:]), moment)
            yield said

    def say(self, id: int, talk: Talk, moment: datetime) -> Said:
        author, body, language, answers = next(talk.lines)
        rendered = self.render(body)
        before = talk.recent[-1].row if answers and talk.recent else None
        reply_to = before.pk if before else None
        room = talk.room
        room.seq += 1
        talk.spoke[author.pk] = room.seq
        cid = UUID(int=self.rng.getrandbits(128), version=4)
        message = Message(
            id=id,
            room_id=room.pk,
            seq=room.seq,
            author_id=author.pk,
            cid=cid,
            digest=digest_of(protocol.Send(0, room.pk, cid, body, reply_to)),
            body=body,
            html=rendered.html,
            reply_to_id=reply_to,
            created_at=moment,
        )
        said = Said(message, language, rendered.mentions)
        talk.next_version(said)
        return said

    def render(self, body: str) -> Rendered:
        if (found := self.rendered.get(body)) is None:
            names = rendering.mentioned(body) if "@" in body else set()
            mentions = sorted(self.ids[name] for name in names & self.ids.keys())
            found = self.rendered[body] = Rendered(rendering.render(body, self.ids), mentions)
        return found

    def react(self, talk: Talk, said: Said, moment: datetime) -> None:
        if said.row.deleted_at:
            return
        person = self.rng.choice(talk.people)
        emoji = EMOJI[int(len(EMOJI) * self.rng.random() ** 2)]
        if said.reactions and self.rng.random() < 0.6:
            emoji = next(iter(said.reactions))[0]
        if (emoji, person.pk) not in said.reactions:
            reaction = Reaction(message_id=said.row.pk, person_id=person.pk, emoji=emoji)
            said.reactions[emoji, person.pk] = reaction
            talk.next_version(said)

    def edit(self, talk: Talk, said: Said, moment: datetime) -> None:
        if said.row.deleted_at:
            return
        said.row.body += f"\n\n{self.rng.choice(EDITS[said.language])}"
        said.row.html = rendering.render(said.row.body, self.ids)
        said.row.edited_at = moment
        talk.next_version(said)

    def delete(self, talk: Talk, said: Said, moment: datetime) -> None:
        if said.row.deleted_at:
            return
        said.row.body = said.row.html = ""
        said.row.deleted_at = moment
        said.mentions = []
        said.reactions.clear()
        talk.next_version(said)


def _store(chunk: list[Said]) -> None:
    for said in chunk:
        said.row.parts = (Reactions.bit if said.reactions else 0) | (
            Mentions.bit if said.mentions else 0
        )
    Message.objects.bulk_create(said.row for said in chunk)
    Mention.objects.bulk_create(
        Mention(message_id=row.pk, person_id=person_id, room_id=row.room_id, seq=row.seq)
        for row, mentions in ((said.row, said.mentions) for said in chunk)
        for person_id in mentions
    )
    Reaction.objects.bulk_create(reaction for said in chunk for reaction in said.reactions.values())


def _memberships(rng: Random, talks: list[Talk], guests: list[Person]) -> Iterator[Membership]:
    """Memberships and read marks: some are up to date, some weeks behind."""
    for talk in talks:
        head = talk.room.seq
        for place, person in enumerate(talk.people):
            behind = rng.choice(
                [0, 0, 0, rng.randrange(10), rng.randrange(200), rng.randrange(5000)]
            )
            read = max(head - behind, talk.spoke.get(person.pk, 0))
            role = Role.OWNER if place == 0 else Role.MODERATOR if place == 1 else Role.MEMBER
            if talk.room.kind == Kind.DIRECT:
                role = Role.MEMBER
            begin = talk.room.created_at
            yield Membership(
                room=talk.room, person=person, role=role, read_seq=read, joined_at=begin
            )
        if talk.room.kind == Kind.PUBLIC:
            for person in guests:
                yield Membership(room=talk.room, person=person, read_seq=head)


def _settle() -> None:
    """Moves PostgreSQL's sequence past the ids we assigned, and updates its statistics."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Message]):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
