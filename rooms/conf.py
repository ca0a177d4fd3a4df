"""The chat's settings: `conf.SEND_RATE` is Django's `CHAT_SEND_RATE`, or the default here."""

from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from django.conf import settings

T = TypeVar("T")


class Setting(Generic[T]):
    """Read each time, so that `override_settings` works."""

    def __init__(self, default: T) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"CHAT_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> "Setting[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        return self if instance is None else getattr(settings, self.name, self.default)


class Conf:
    # The address of the site, for links that people copy. Without it they name the host that the
    # request came to.
    URL = Setting("")
    # Where the socket is, below the root of the site; rooms.live.routing answers there.
    SOCKET_PATH = Setting("ws/")
    # What signs a person out on POST: an address or the name of a URL. Without one the chat
    # offers no way out, and the host site does.
    SIGN_OUT_URL = Setting("")
    # Whether the conversation's page is rendered once for each language, without a request:
    # quicker, where base templates show everybody the same.
    SHARED_PAGE = Setting(False)
    # Whether the site can send mail: without it an administrator hands out reset links.
    SENDS_MAIL = Setting(True)
    # Where `restore` keeps what it replaces and, if the site has it there, the secret key lies.
    DATA_DIR = Setting(Path("."))

    # Commands per second that one person may ask of one process, and how many at once.
    SEND_RATE = Setting(20.0)
    SEND_BURST = Setting(200.0)

    # Seconds between two comparisons of what the sockets here were told with the database. While
    # the channel layer is away, all frames of other processes come that way.
    REPAIR_EVERY = Setting(2.0)
    REPAIR_EVERY_WHILE_AWAY = Setting(0.4)
    # Seconds between two comparisons of the open sockets with sessions, accounts and memberships.
    # The end of a session that nobody told of is noticed this late.
    COMPARE_EVERY = Setting(20.0)
    COMPARE_EVERY_WHILE_AWAY = Setting(5.0)
    # Seconds between two messages of a process about who is online here, and how long one counts.
    PRESENCE_EVERY = Setting(20.0)
    PRESENCE_LIFETIME = Setting(60.0)
    # Seconds after its last renewal in which a process may hold a follower's lease. With the
    # renewal of others and their look every second a killed process is replaced in less than ten.
    LEASE = Setting(7.0)
    # Seconds in which changes of presence are gathered, so that a reload is no change at all.
    PRESENCE_SETTLE = Setting(1.0)


conf = Conf()
