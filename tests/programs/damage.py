"""Damages the log in ways that `manage.py verify` must find."""

from django.db import connection

from rooms.models import Cursor, Membership, Mention, Message, Reaction, Room


def remove_the_first() -> None:
    Mention.objects.all().delete()
    Reaction.objects.all().delete()
    Message.objects.filter(seq=1).delete()


def change_seq() -> None:
    Room.objects.filter(pk=1).update(seq=9)


def change_version() -> None:
    Room.objects.filter(pk=1).update(version=99)


def repeat_a_version() -> None:
    Message.objects.filter(seq=4).update(version=7)


def leave_the_versions() -> None:
    Message.objects.filter(seq=4).update(version=1000)


def keep_a_deleted_text() -> None:
    Message.objects.filter(seq=3).update(body="still")


def react_to_the_deleted() -> None:
    Reaction.objects.update(message=Message.objects.get(seq=3))


def claim_mentions() -> None:
    Message.objects.filter(seq=4).update(parts=2)


def deny_reactions() -> None:
    Message.objects.filter(seq=1).update(parts=2)


def move_what_is_answered() -> None:
    Message.objects.filter(seq=2).update(room=Room.objects.get(name="Empty"), seq=1)


def move_a_mention() -> None:
    Mention.objects.update(seq=3)


def follow_too_far() -> None:
    Cursor.objects.create(follower="some", room_id=1, version=8)


def miss_an_activity() -> None:
    Cursor.objects.create(follower="rooms.activity", room_id=1, version=7)


def read_too_far() -> None:
    Membership.objects.filter(room=1).update(read_seq=100)


def repeat_a_cid() -> None:
    """PostgreSQL refuses it unless its constraint is removed."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE rooms_message DROP CONSTRAINT said_once")
    Message.objects.update(cid="00000000-0000-4000-8000-000000000000")
