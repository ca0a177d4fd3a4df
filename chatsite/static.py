"""Static files under names that carry their hash, also inside JavaScript modules."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, with `import … from "./x.js";` rewritten too.

    Django rewrites an import only where the statement ends in `;` on its line.
    """

    support_js_module_import_aggregation = True
