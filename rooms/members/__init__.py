"""Rooms and their members.

Every function is one transaction. It locks the room like a write to its log, checks the rights of
the acting person (`by`), and notifies open sockets after COMMIT. `by=None` is an administrator in
Django's admin, who needs no role in the room.
"""

from rooms.members.creating import (
    change_room,
    create_general,
    create_room,
    direct_room,
    set_archived,
)
from rooms.members.joining import add_member, join, leave, remove_member
from rooms.members.rights import Refused
from rooms.members.roles import set_role

__all__ = [
    "Refused",
    "add_member",
    "change_room",
    "create_general",
    "create_room",
    "direct_room",
    "join",
    "leave",
    "remove_member",
    "set_archived",
    "set_role",
]
