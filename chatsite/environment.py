"""The settings from the environment, validated at startup.

All values are read through `Environment`. An invalid value stops the startup with one sentence
that names the setting. A test compares this file with docs/settings.md.
"""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")


class Environment:
    """Reads and validates the environment. ImproperlyConfigured is a sentence for the user."""

    def __init__(self, base: Path) -> None:
        self._env = environ.Env()
        self._base = base

    def _text(self, name: str, default: str) -> str:
        """Returns the value of `name`. An empty value counts as unset."""
        return self._env.str(name, default="").strip() or default

    def debug(self) -> bool:
        value = self._text("DEBUG", "off").lower()
        if value not in {"on", "off", "true", "false", "1", "0", "yes", "no"}:
            raise ImproperlyConfigured(f"DEBUG must be on or off, not {value!r}.")
        return value in {"on", "true", "1", "yes"}

    def port(self) -> int:
        value = self._text("PORT", "8000")
        if not value.isdecimal() or not 0 < int(value) < 65536:
            raise ImproperlyConfigured(f"PORT must be a number from 1 to 65535, not {value!r}.")
        return int(value)

    def data_dir(self) -> Path:
        folder = Path(self._text("DATA_DIR", str(self._base / "data"))).expanduser()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ImproperlyConfigured(
                f"DATA_DIR: the folder {folder} cannot be created: {error.strerror}."
            ) from error
        return folder.resolve()

    def secret_key(self, data_dir: Path) -> str:
        """Returns SECRET_KEY, or the key in the data folder, which the first start creates."""
        if key := self._text("SECRET_KEY", ""):
            if len(key) < 32:
                raise ImproperlyConfigured("SECRET_KEY must have at least 32 characters.")
            return key
        path = data_dir / "secret_key"
        try:
            if not path.exists():
                draft = data_dir / f"secret_key.{secrets.token_hex(8)}"
                draft.touch(mode=0o600)
                draft.write_text(secrets.token_urlsafe(50))
                try:
                    # Hard links are atomic: if two processes start at once, one key wins.
                    path.hardlink_to(draft)
                except FileExistsError:
                    pass
                finally:
                    draft.unlink()
            key = path.read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"SECRET_KEY is not set and {path} cannot be used: {error.strerror}."
            ) from error
        if len(key) < 32:
            raise ImproperlyConfigured(f"{path} must contain at least 32 characters.")
        return key

    def chat_urls(self, port: int) -> list[str]:
        """The public origins of the chat (`https://chat.example.org`), main one first."""
        default = f"http://127.0.0.1:{port},http://localhost:{port}"
        origins = []
        for url in self._text("CHAT_URL", default).split(","):
            try:
                parts = urlsplit(url.strip())
                parts.port  # noqa: B018 - raises ValueError for a wrong port
            except ValueError:
                parts = urlsplit("")
            if (
                parts.scheme not in {"http", "https"}
                or not parts.hostname
                or "@" in parts.netloc
                or parts.path not in {"", "/"}
                or parts.query
                or parts.fragment
            ):
                raise ImproperlyConfigured(
                    f"CHAT_URL must be an address like https://chat.example.org, not {url!r}."
                )
            netloc = parts.netloc.lower()
            default_port = ":443" if parts.scheme == "https" else ":80"
            origins.append(f"{parts.scheme}://{netloc.removesuffix(default_port)}")
        return origins

    def database(self, data_dir: Path) -> dict:
        url = self._text("DATABASE_URL", f"sqlite:///{data_dir / 'chat.sqlite3'}")
        if url.partition("://")[0] not in DATABASE_SCHEMES:
            raise ImproperlyConfigured(
                "DATABASE_URL must begin with sqlite:/// or postgres://, "
                f"not {url.partition(':')[0]!r}."
            )
        try:
            database = self._env.db_url_config(url)
        except (ValueError, ImproperlyConfigured) as error:
            raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}.") from error
        if not database.get("NAME"):
            raise ImproperlyConfigured("DATABASE_URL does not name a database.")
        return database

    def redis_url(self) -> str:
        url = self._text("REDIS_URL", "")
        if url and url.partition("://")[0] not in REDIS_SCHEMES:
            raise ImproperlyConfigured(
                "REDIS_URL must begin with redis://, rediss:// or unix://, "
                f"not {url.partition(':')[0]!r}."
            )
        return url

    def trusted_proxies(self) -> int:
        """The number of proxies in front that append to X-Forwarded-For."""
        value = self._text("TRUSTED_PROXIES", "0")
        if not value.isdecimal() or int(value) > 9:
            raise ImproperlyConfigured(f"TRUSTED_PROXIES must be 0 to 9, not {value!r}.")
        return int(value)

    def send_rate(self) -> float:
        """Sustained commands per second for one user."""
        return self._positive("SEND_RATE", "20")

    def send_burst(self) -> float:
        """Commands that one user may send at once."""
        return self._positive("SEND_BURST", "200")

    def _positive(self, name: str, default: str) -> float:
        value = self._text(name, default)
        try:
            number = float(value)
        except ValueError:
            number = 0
        if not 1 <= number <= 1_000_000:
            raise ImproperlyConfigured(f"{name} must be a number of at least 1, not {value!r}.")
        return number

    def email(self) -> dict:
        """Django's EMAIL_* settings from EMAIL_URL. Empty if it is not set."""
        url = self._text("EMAIL_URL", "")
        if not url:
            return {}
        try:
            return self._env.email_url_config(url)
        except (KeyError, ValueError, ImproperlyConfigured) as error:
            raise ImproperlyConfigured(
                "EMAIL_URL must look like smtp+tls://user:password@mail.example.org:587."
            ) from error

    def mail_from(self, chat_url: str) -> str:
        default = f"chat@{urlsplit(chat_url).hostname}"
        return self._text("EMAIL_FROM", default)
