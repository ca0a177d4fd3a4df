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
    # Base URL of links that people copy. By default the host of the request.
    URL = Setting("")
    # Path of the socket below the site's root (rooms.live.routing).
    SOCKET_PATH = Setting("ws/")
    # URL or URL name of the view that signs out on POST. Without it the menu has no such item.
    SIGN_OUT_URL = Setting("")
    # Render the conversation's page once per language, without a request. Faster, if the base
    # template shows everyone the same.
    SHARED_PAGE = Setting(False)
    # Whether the site can send mail. If not, an owner hands out password-reset links.
    SENDS_MAIL = Setting(True)
    # Where `restore` keeps the state that it replaces, and where the secret key may be.
    DATA_DIR = Setting(Path("."))

    # Commands per second from one person to one process, and how many at once.
    SEND_RATE = Setting(20.0)
    SEND_BURST = Setting(200.0)

    # Seconds between two comparisons of sent versions with the database. While the channel layer is
    # down, all changes from other processes arrive this way.
    REPAIR_EVERY = Setting(2.0)
    REPAIR_EVERY_WHILE_AWAY = Setting(0.4)
    # Seconds between two comparisons of open sockets with sessions, accounts and memberships. If
    # its event is lost, the end of a session is noticed this late.
    COMPARE_EVERY = Setting(20.0)
    COMPARE_EVERY_WHILE_AWAY = Setting(5.0)
    # Seconds between a process's presence announcements, and how long they are valid.
    PRESENCE_EVERY = Setting(20.0)
    PRESENCE_LIFETIME = Setting(60.0)
    # Seconds to collect presence changes, so that a reload does not count as one.
    PRESENCE_SETTLE = Setting(1.0)

    # Seconds that a follower's lease lasts after its last renewal. With the others polling every
    # second, a killed process is replaced in less than ten.
    LEASE = Setting(7.0)


conf = Conf()
