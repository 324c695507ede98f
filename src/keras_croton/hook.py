"""The import hook that adds Croton to Keras's choice of backends (`chains.py` says how a module is changed).

To be deleted the day Keras has plugins of its own (its RFC #23523).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

# The modules of Keras 3.10 to 3.15 that choose between backends, and in what way beside importing from them
# (`chains.KINDS`).
PATCHED: dict[str, Collection[str]] = {
    "keras.src.backend": (),
    "keras.src.backend.common.variables": (),
    "keras.src.export.saved_model": (),
    "keras.src.export.saved_model_export_archive": ("lists",),
    "keras.src.layers.layer": (),
    "keras.src.models.model": (),
    "keras.src.optimizers.optimizer": (),
    "keras.src.utils.backend_utils": (),
}
# Those of its own tests that do, or that name the backends which have what they test.
TESTS: dict[str, Collection[str]] = {
    "keras.src.distribution.distribution_lib_test": ("alone",),
    "keras.src.export.saved_model_test": ("lists",),
    "keras.src.layers.core.dense_test": ("sparse", "functions"),
    "keras.src.layers.core.einsum_dense_test": ("functions",),
    "keras.src.layers.core.embedding_test": ("sparse",),
    "keras.src.layers.merging.merging_test": ("sparse",),
    "keras.src.layers.reshaping.flatten_test": ("sparse",),
    "keras.src.layers.reshaping.permute_test": ("sparse",),
    "keras.src.models.model_test": ("lists",),
    "keras.src.ops.core_test": ("sparse", "lists"),
    "keras.src.ops.math_test": ("lists",),
    "keras.src.ops.numpy_test": ("sparse", "functions", "lists"),
    "keras.src.optimizers.optimizer_sparse_test": ("sparse",),
    "keras.src.quantizers.quantizers_test": ("functions", "lists"),
    "keras.src.testing.test_case": ("sparse",),
    "keras.src.trainers.trainer_test": ("sparse", "dicts"),
}


class _Loader(SourceFileLoader):
    """Loads a module of Keras with a branch for Croton in its chains; without a bytecode cache."""

    def get_code(self, fullname: str) -> CodeType:
        from keras_croton.chains import with_croton

        path = self.get_filename(fullname)
        source = self.get_data(path)
        tree = with_croton(source, path, (PATCHED | TESTS)[fullname])
        if tree is None and fullname not in TESTS:
            raise ImportError(
                f"{fullname}: no choice of backends found to add Croton to; this version of Keras is not "
                "known to keras_croton",
                name=fullname,
                path=path,
            )
        return compile(source if tree is None else tree, path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds the modules to be patched, if Croton is the backend that was asked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not (fullname in PATCHED or fullname in TESTS) or not _selected():
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return spec
        spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def _selected() -> bool:
    """Whether Keras will choose Croton: by the environment or, without it, by its configuration file."""
    chosen = os.environ.get("KERAS_BACKEND")
    if chosen:
        return chosen == "croton"
    try:
        with open(os.path.expanduser(os.path.join(_keras_home(), "keras.json"))) as file:
            return bool(json.load(file).get("backend") == "croton")
    except (OSError, ValueError, AttributeError):
        return False


def _keras_home() -> str:
    """The folder in which Keras looks for its configuration."""
    if "KERAS_HOME" in os.environ:
        return os.environ["KERAS_HOME"]
    home = os.path.expanduser("~")
    return os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras")


def install() -> None:
    """Puts the finder before those of Python, once."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
