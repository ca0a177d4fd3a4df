#!/usr/bin/env python
"""Django's command line utility for this site."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 - reads the settings
    except ImproperlyConfigured as problem:
        sys.exit(f"Chatsite cannot start. {problem}")
    execute_from_command_line(sys.argv)
