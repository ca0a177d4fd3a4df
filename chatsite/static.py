"""Hashed and compressed static files, including imports in JavaScript modules."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class WholeCompressor(Compressor):
    def write_data(self, path: str, data: bytes, suffix: str, stat_result: Any) -> str:
        """Writes atomically, so that no partial file is served after a crash or a double start."""
        part = super().write_data(path, data, f"{suffix}.{os.getpid()}.part", stat_result)
        os.replace(part, path + suffix)
        return path + suffix


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage that also rewrites `import … from "./x.js";`.

    Django rewrites an import only if the statement ends in `;` on the same line. Before the first
    collectstatic, files are served from their apps under their plain names.
    """

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name

    def create_compressor(self, **options: Any) -> Compressor:
        return WholeCompressor(**options)

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Compresses only hashed files, once: the best brotli takes 3 s for all, at every start.

        A hashed name always has the same content.
        """
        named = set(self.hashed_files.values()).intersection(paths)
        fresh = [path for path in named if not Path(self.path(path) + ".br").exists()]
        yield from super().compress_files(fresh)
