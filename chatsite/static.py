"""Static files under names that carry their hash, also inside JavaScript modules, compressed."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class WholeCompressor(Compressor):
    def write_data(self, path: str, data: bytes, suffix: str, stat_result: Any) -> str:
        """Nobody finds half a file, neither after a crash nor while two processes start."""
        part = super().write_data(path, data, f"{suffix}.{os.getpid()}.part", stat_result)
        os.replace(part, path + suffix)
        return path + suffix


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, with `import … from "./x.js";` rewritten too.

    Django rewrites an import only where the statement ends in `;` on its line. Before the first
    collectstatic the files are served from their apps, under their plain names.
    """

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name

    def create_compressor(self, **options: Any) -> Compressor:
        return WholeCompressor(**options)

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Only what pages name, and only once: brotli at its best takes 3 s for all, every start.

        A name with a hash is one content for ever.
        """
        named = set(self.hashed_files.values()).intersection(paths)
        fresh = [path for path in named if not Path(self.path(path) + ".br").exists()]
        yield from super().compress_files(fresh)
