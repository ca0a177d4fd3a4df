"""Settings of a site where a library has renamed one of its internals.

RENAMED is a class and an attribute: "daphne.server:Server create_application". All code of that
library is patched to use the new name, so the library still works. A third word is a prefix of its
modules.
"""

import gc
import os
from importlib import import_module
from types import CodeType, FunctionType


def rename(owner: str, old: str, library: str = "") -> None:
    module, _, name = owner.partition(":")
    library = library or module.partition(".")[0]
    new = f"{old}_renamed"
    for kind in getattr(import_module(module), name).__mro__:
        if old in vars(kind):
            setattr(kind, new, vars(kind)[old])
            delattr(kind, old)
    gc.unfreeze()  # otherwise objects loaded by the fork server are hidden
    for found in gc.get_objects():
        if type(found) is FunctionType and (found.__module__ or "").startswith(library):
            found.__code__ = _with_name(found.__code__, old, new)


def _with_name(code: CodeType, old: str, new: str) -> CodeType:
    return code.replace(
        co_names=tuple(new if name == old else name for name in code.co_names),
        co_consts=tuple(
            _with_name(const, old, new) if isinstance(const, CodeType) else const
            for const in code.co_consts
        ),
    )


if "RENAMED" in os.environ:
    rename(*os.environ["RENAMED"].split())

from tests.settings import *  # noqa: E402, F403
