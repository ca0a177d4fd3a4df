"""What a socket may read: its rooms, a room's history, what changed since, who is there.

Every function runs a constant number of queries and checks that the user is in the room.
"""

from collections.abc import Collection

from django.contrib.auth import get_user_model
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from rooms import protocol, state
from rooms.models import Kind, Membership, Mention, Message, Place, Room

User = get_user_model()


class Refused(Exception):
    """The `error` to answer instead."""

    def __init__(self, code: protocol.Code, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def room_ids(user_id: int) -> set[int]:
    return set(Membership.objects.filter(user_id=user_id).values_list("room_id", flat=True))


def rooms_of(
    user_ids: Collection[int], room_id: int | None = None
) -> dict[int, list[protocol.RoomState]]:
    """The rooms of each of the users as they see them, or only the room `room_id`. Two queries."""
    unread_mentions = (
        Mention.objects.filter(
            user=OuterRef("user"), room=OuterRef("room"), seq__gt=OuterRef("read_seq")
        )
        .order_by()
        .values("user")
        .annotate(count=Count("*"))
        .values("count")
    )
    memberships = (
        Membership.objects.filter(user_id__in=user_ids)
        .select_related("room")
        .annotate(mentions=Coalesce(Subquery(unread_mentions, IntegerField()), 0))
        .order_by("room__name", "room_id")
    )
    if room_id is not None:
        memberships = memberships.filter(room_id=room_id)
    rows = list(memberships)
    direct = {m.room_id for m in rows if m.room.kind == Kind.DIRECT}
    people: dict[int, list[protocol.Person]] = {}
    if direct:
        others = Membership.objects.filter(room_id__in=direct).select_related("user__profile")
        for other in others.order_by("user_id"):
            people.setdefault(other.room_id, []).append(state.person(other.user))
    rooms: dict[int, list[protocol.RoomState]] = {user_id: [] for user_id in user_ids}
    for membership in rows:
        others_here = None
        if membership.room_id in direct:
            others_here = [p for p in people[membership.room_id] if p.id != membership.user_id]
        rooms[membership.user_id].append(state.room(membership, membership.mentions, others_here))
    return rooms


def hello(user_id: int) -> protocol.Hello:
    """The first frame of a socket. Four queries."""
    user = User.objects.select_related("profile").get(pk=user_id)
    return protocol.Hello(
        epoch=str(Place.get().epoch),
        user=state.person(user),
        rooms=rooms_of([user_id])[user_id],
    )


def heads() -> dict[int, int]:
    """The version of every room."""
    return dict(Room.objects.values_list("id", "version"))


def require_member(user_id: int, room_id: int) -> Room:
    """The room, if the user is in it. Raises Refused: a private room of others does not exist."""
    room = Room.objects.filter(pk=room_id).first()
    member = Membership.objects.filter(room_id=room_id, user_id=user_id).exists()
    if problem := door(room, member):
        raise Refused(*problem)
    assert room is not None
    return room


def door(room: Room | None, member: bool) -> tuple[protocol.Code, str] | None:
    """Why somebody may not enter a room, or None. The same verdict at every door."""
    if room is None or (not member and room.kind != Kind.PUBLIC):
        return "not_found", "There is no such room."
    if not member:
        return "forbidden", "Join the room first."
    return None


def sync(user_id: int, command: protocol.Sync) -> protocol.Changes | protocol.Reset:
    """What changed since the version that the client has. Raises Refused."""
    room = require_member(user_id, command.room)
    epoch = str(Place.get().epoch)
    behind = room.version - command.version
    if (command.epoch or epoch) != epoch or not 0 <= behind <= protocol.MAX_BEHIND:
        latest = _page(room, room.seq - protocol.PAGE + 1, room.seq)
        return protocol.Reset(command.ref, room.pk, epoch, room.version, latest)
    changed = Message.objects.whole().filter(room=room, version__gt=command.version)
    messages = [state.stored(row) for row in changed.order_by("seq")]
    # The query may see commits after the head was read, and then sees all up to the newest.
    to = max([room.version, *(message.version for message in messages)])
    return protocol.Changes(room.pk, command.version, to, messages, command.ref)


def history(user_id: int, command: protocol.History) -> protocol.HistoryPage:
    """A page of a room. Since seqs have no holes, a page is a range of them. Raises Refused."""
    room = require_member(user_id, command.room)
    limit = command.limit
    if command.before is not None:
        last = min(command.before - 1, room.seq)
        first = last - limit + 1
    elif command.after is not None:
        first = min(command.after, room.seq) + 1
        last = first + limit - 1
    elif command.around is not None:
        first = max(1, min(command.around, room.seq) - limit // 2)
        last = first + limit - 1
    else:
        last = room.seq
        first = last - limit + 1
    messages = _page(room, first, min(last, room.seq))
    return protocol.HistoryPage(
        ref=command.ref,
        room=room.pk,
        version=room.version,
        messages=messages,
        more_before=first > 1 and room.seq > 0,
        more_after=last < room.seq,
    )


def _page(room: Room, first: int, last: int) -> list[protocol.MessageState]:
    page = Message.objects.whole().filter(room=room, seq__gte=max(first, 1), seq__lte=last)
    return [state.stored(row) for row in page.order_by("seq")]


def members(
    user_id: int, command: protocol.Members, online: Collection[int]
) -> protocol.MembersPage:
    """People of a room by id, `online` being the ids of those who are. Raises Refused."""
    room = require_member(user_id, command.room)
    rows = (
        Membership.objects.filter(room=room, user_id__gt=command.after, user__is_active=True)
        .select_related("user__profile")
        .order_by("user_id")[: command.limit + 1]
    )
    people = []
    for row in rows:
        person = state.person(row.user)
        people.append(
            protocol.Member(
                id=person.id,
                username=person.username,
                name=person.name,
                avatar=person.avatar,
                role=row.role,  # type: ignore[arg-type]
                presence="online" if person.id in online else "offline",
            )
        )
    more = len(people) > command.limit
    return protocol.MembersPage(command.ref, room.pk, people[: command.limit], more)
