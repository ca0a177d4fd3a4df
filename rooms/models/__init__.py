"""The models, a file for each."""

from rooms.models.follower import Activity, Cursor, Due, Lease
from rooms.models.membership import Membership, Notify, Role
from rooms.models.message import Mention, Message
from rooms.models.person import Person, fold
from rooms.models.place import Place, Signup
from rooms.models.reaction import Reaction
from rooms.models.room import DIRECT_MAX_PEOPLE, Kind, Room

__all__ = [
    "DIRECT_MAX_PEOPLE",
    "Activity",
    "Cursor",
    "Due",
    "Kind",
    "Lease",
    "Membership",
    "Mention",
    "Message",
    "Notify",
    "Person",
    "Place",
    "Reaction",
    "Role",
    "Room",
    "Signup",
    "fold",
]
