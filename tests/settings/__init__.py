"""The site's settings with what makes tests quick. Every process of the tests uses them."""

from chatsite.settings import *  # noqa: F403

# A sign-in upgrades a hash that another hasher made, and so ends the account's other sessions:
# cheap passwords must be the site's own.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
