"""Django's default settings, and those that the chat needs (docs/embedding.md)."""

import os
from pathlib import Path

import environ

HERE = Path(__file__).resolve().parent

DEBUG = True
SECRET_KEY = "of the tests"
ALLOWED_HOSTS = ["127.0.0.1"]

INSTALLED_APPS = [
    "tests.bare.people",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "tests.bare.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])}

AUTH_USER_MODEL = "people.User"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
STATIC_URL = "assets/"
LANGUAGE_CODE = "en-us"
USE_TZ = True

# Needed by the chat.
INSTALLED_APPS = ["daphne", *INSTALLED_APPS, "rooms", "rooms.polls"]
ASGI_APPLICATION = "tests.bare.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
LOGIN_URL = "login"
CHAT_SOCKET_PATH = "chat/ws/"
CHAT_SIGN_OUT_URL = "logout"

# Only for the tests.
CHAT_DATA_DIR = Path(os.environ["CHAT_DATA_DIR"])
