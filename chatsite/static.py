"""Static files under names that carry their hash, also inside JavaScript modules."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, with `import … from "./x.js";` rewritten too.

    Django rewrites an import only where the statement ends in `;` on its line. Before the first
    collectstatic the files are served from their apps, under their plain names.
    """

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name
