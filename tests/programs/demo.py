"""Inspects the data of `seed_demo`."""

import hashlib
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User

from rooms import protocol
from rooms.log import batch as log
from rooms.models import Membership, Mention, Message, Person, Reaction
from rooms.reading import queries


def content() -> dict[str, Any]:
    """Counts of everything, and a hash of it all."""
    rows: list[Any] = list(
        Message.objects.order_by("id").values_list(
            *("id", "room__slug", "seq", "version", "author__handle", "cid", "digest", "body"),
            *("html", "reply_to", "created_at", "edited_at", "deleted_at"),
        )
    )
    rows += Reaction.objects.order_by("message", "pk").values_list(
        "message", "person__handle", "emoji"
    )
    rows += Mention.objects.order_by("message", "person").values_list(
        "message", "person__handle", "seq"
    )
    rows += Membership.objects.order_by("pk").values_list(
        "person__handle", "room__slug", "role", "read_seq"
    )
    owner = Person.objects.get(handle="ada")
    texts = Message.objects.filter(deleted_at=None)
    return {
        "hash": hashlib.sha256(repr(rows).encode()).hexdigest(),
        "messages": Message.objects.count(),
        "days": Message.objects.dates("created_at", "day").count(),
        "korean": texts.filter(body__regex="[가-힣]").count(),
        "markdown": texts.filter(html__contains="<strong>").count(),
        "replies": Message.objects.exclude(reply_to=None).count(),
        "edited": Message.objects.exclude(edited_at=None).count(),
        "deleted": Message.objects.exclude(deleted_at=None).count(),
        "reactions": Reaction.objects.count(),
        "mentions": Mention.objects.count(),
        "rooms": len(queries.hello(owner.pk).rooms),
        "is_owner": User.objects.get(username="ada").is_superuser,
    }


def go_on() -> dict[str, bool]:
    """Sends an existing demo message again and compares it with the one `seed_demo` wrote."""
    ada = Person.objects.get(handle="ada")
    said = Message.objects.filter(room__archived_at=None, deleted_at=None, edited_at=None)
    old = said.exclude(mentions=None)[0]
    room = old.room
    send = protocol.Send(1, room.pk, uuid4(), old.body)
    [ack] = log.commit([log.Request(ada.pk, send)]).answers
    assert isinstance(ack, protocol.Ack), ack
    assert isinstance(ack.id, int)
    new = Message.objects.get(pk=ack.id)
    old_mentions, new_mentions = (
        {mention.person_id for mention in message.mentions.all()} for message in (old, new)
    )
    return {
        "ids go on": new.pk == Message.objects.count() == Message.objects.order_by("-id")[0].pk,
        "seqs go on": new.seq == room.seq + 1,
        "versions go on": new.version == room.version + 1,
        "HTML is the same": new.html == old.html,
        "mentions are the same": new_mentions == old_mentions,
    }


def count_owners() -> int:
    return User.objects.filter(is_superuser=True).count()
