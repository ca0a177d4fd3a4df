"""The chat's nouns as the wire shows them."""

from collections.abc import Iterable

from django.contrib.auth.models import User

from rooms import protocol
from rooms.models import Membership, Message, Profile, Reaction


def person(user: User) -> protocol.Person:
    return protocol.Person(**Profile.person(user))


def message(
    row: Message, reactions: Iterable[Reaction], mentions: Iterable[int]
) -> protocol.MessageState:
    """A message with its reactions (oldest first) and the ids of the users it mentions."""
    by_emoji: dict[str, list[int]] = {}
    for reaction in reactions:
        by_emoji.setdefault(reaction.emoji, []).append(reaction.user_id)
    return protocol.MessageState(
        id=row.pk,
        seq=row.seq,
        version=row.version,
        cid=row.cid,
        author=person(row.author),
        body=row.body,
        html=row.html,
        created_at=protocol.time(row.created_at),
        edited_at=protocol.time(row.edited_at) if row.edited_at else None,
        deleted=row.deleted,
        reply_to=row.reply_to_id,
        thread=row.thread_id,
        reactions=[protocol.ReactionState(emoji, users) for emoji, users in by_emoji.items()],
        attachments=[],
        mentions=sorted(mentions),
    )


def stored(row: Message) -> protocol.MessageState:
    """A message that was read with `Message.objects.whole()`."""
    return message(row, row.reactions.all(), [mention.user_id for mention in row.mentions.all()])


def room(
    membership: Membership, mentions: int, people: list[protocol.Person] | None
) -> protocol.RoomState:
    """A room as the member sees it; `people` are the others of a direct room, else None."""
    row = membership.room
    state = protocol.RoomState(
        id=row.pk,
        slug=row.slug,
        name=row.name,
        kind=row.kind,  # type: ignore[arg-type]
        topic=row.topic,
        seq=row.seq,
        version=row.version,
        read_seq=membership.read_seq,
        unread=row.seq - membership.read_seq,
        mentions=mentions,
        role=membership.role,  # type: ignore[arg-type]
        notify=membership.notify,  # type: ignore[arg-type]
        archived=row.archived,
    )
    if people is not None:
        state.people = people
    return state
