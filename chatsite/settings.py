"""Settings of the site. What comes from the environment is listed in docs/settings.md."""

from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from chatsite.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
environment = Environment(BASE_DIR)

DEBUG = environment.debug()
PORT = environment.port()
DATA_DIR = environment.data_dir()
SECRET_KEY = environment.secret_key(DATA_DIR)
CHAT_URLS = environment.chat_urls(PORT)
CHAT_URL = CHAT_URLS[0]
ALLOWED_HOSTS = sorted({urlsplit(url).hostname or "" for url in CHAT_URLS})
CSRF_TRUSTED_ORIGINS = CHAT_URLS

INSTALLED_APPS = [
    "daphne",
    "rooms",
    "rooms.polls",
    "rooms.accounts",
    "chatsite",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
]
FORM_RENDERER = "rooms.pages.forms.FieldRenderer"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "chatsite.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "rooms.accounts.sessions.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rooms.accounts.devices.DevicesMiddleware",
]

ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rooms.accounts.context.place",
            ],
        },
    },
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": environment.database(DATA_DIR)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that reads before it writes must not fail with SQLITE_BUSY_SNAPSHOT.
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,
        # FULL: what was acked survives a power cut. WAL: readers do not wait for the writer.
        # 1,000 KB for each of a dozen threads: what is not there is in the system's own cache.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-1000;"
        ),
    }
    # For ever: opening the file and reading its schema costs more than most questions.
    DATABASES["default"]["CONN_MAX_AGE"] = None
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 300
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = environment.redis_url()
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "chatsite.layers.RedisFanoutLayer",
            "CONFIG": {
                "hosts": [
                    {
                        "address": REDIS_URL,
                        # Short, so that a dead Redis is noticed in seconds instead of minutes.
                        "socket_timeout": 2,
                        "socket_connect_timeout": 2,
                        "health_check_interval": 15,
                    }
                ],
                "prefix": "chat",
            },
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "chatsite.layers.InMemoryFanoutLayer"}}

CACHES = {
    "default": {
        # In the database, so that sign-in limits hold over several processes without Redis.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
    }
}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "rooms:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SIGNUP_FORM_CLASS = "rooms.accounts.forms.SignupForm"
ACCOUNT_ADAPTER = "rooms.accounts.adapter.AccountAdapter"
USERSESSIONS_ADAPTER = "rooms.accounts.adapter.SessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = True
ACCOUNT_FORMS = {"login": "rooms.accounts.forms.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Limits on sign-in count by address: behind a proxy by the one that it forwards.
ALLAUTH_TRUSTED_PROXY_COUNT = environment.trusted_proxies()

SECURE = CHAT_URL.startswith("https://")
SESSION_ENGINE = "rooms.accounts.sessions"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "connect-src": ["'self'", *(url.replace("http", "ws", 1) for url in CHAT_URLS)],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}

EMAIL_CONFIG = environment.email()
# Without EMAIL_URL there is no mail: an administrator hands out reset links instead.
CHAT_SENDS_MAIL = bool(EMAIL_CONFIG)
EMAIL_BACKEND = EMAIL_CONFIG.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST = EMAIL_CONFIG.get("EMAIL_HOST", "")
EMAIL_PORT = EMAIL_CONFIG.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL_CONFIG.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = EMAIL_CONFIG.get("EMAIL_FILE_PATH")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.mail_from(CHAT_URL)

LANGUAGE_CODE = "en"
# Of the pages in templates/ too, so that all texts are translated in one place.
LOCALE_PATHS = [BASE_DIR / "rooms" / "locale"]
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# The page and its socket (rooms.conf).
CHAT_SIGN_OUT_URL = "account_logout"
CHAT_SHARED_PAGE = True
CHAT_DATA_DIR = DATA_DIR
# What one user may ask of one process (rooms.live.limits).
CHAT_SEND_RATE = environment.send_rate()
CHAT_SEND_BURST = environment.send_burst()

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "chatsite.static.ModuleManifestStorage"
    },
}
# `daphne chatsite.asgi:application` by hand works without collectstatic too.
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR / "uploads"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"chatsite": {"level": "INFO"}, "rooms": {"level": "INFO"}},
}
