"""`python -m tests.programs module:function arguments` prints what the function returns."""

import importlib
import json
import sys

import django

if __name__ == "__main__":
    django.setup()
    module, _, function = sys.argv[1].partition(":")
    program = getattr(importlib.import_module(module), function)
    args, kwargs = json.loads(sys.argv[2])
    print(json.dumps(program(*args, **kwargs)))  # noqa: T201
