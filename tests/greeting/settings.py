from tests.settings import *  # noqa: F403

INSTALLED_APPS += ["tests.greeting.Greeting"]  # noqa: F405
