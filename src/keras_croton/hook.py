"""The import hook that adds Croton to Keras's choice of backends (`chains.py` says how a module is changed).

To be deleted the day Keras has plugins of its own (its RFC #23523).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import marshal
import os
import sys
from collections.abc import Collection, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER
from types import CodeType, ModuleType
from typing import cast

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
    """Loads a module of Keras with a branch for Croton in its chains.

    Its byte code is kept in the cache of Croton; Python keeps that of the unchanged module beside the source.
    """

    def get_code(self, fullname: str) -> CodeType:
        from croton.toolchain.cache import CacheError, default_cache  # Keras is about to import all of Croton

        path = self.get_filename(fullname)
        source = self.get_data(path)
        kinds = (PATCHED | TESTS)[fullname]
        cache = default_cache()
        key = _key(source, path, kinds)
        code = _loaded(cache.load_object(key))
        if code is None:
            code = self._compiled(fullname, path, source, kinds)
            with contextlib.suppress(CacheError):  # then the next process compiles it again
                cache.store_object(key, marshal.dumps(code))
        return code

    def _compiled(self, fullname: str, path: str, source: bytes, kinds: Collection[str]) -> CodeType:
        from keras_croton.chains import with_croton

        tree = with_croton(source, path, kinds)
        if tree is None and fullname not in TESTS:
            raise ImportError(
                f"{fullname}: no choice of backends found to add Croton to; this version of Keras is not "
                "known to keras_croton",
                name=fullname,
                path=path,
            )
        return compile(source if tree is None else tree, path, "exec", dont_inherit=True)


def _key(source: bytes, path: str, kinds: Collection[str]) -> str:
    """Names the byte code of a changed module by all that it depends on."""
    state = hashlib.blake2b(digest_size=20)
    for part in (
        MAGIC_NUMBER,
        repr((sys.flags.optimize, path, sorted(kinds))).encode(),
        _text_of_chains(),
        source,
    ):
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()


@functools.cache
def _text_of_chains() -> bytes:
    with open(os.path.join(os.path.dirname(__file__), "chains.py"), "rb") as file:
        return file.read()


def _loaded(kept: object) -> CodeType | None:
    """The code that was kept, or None if it is none."""
    try:
        code = marshal.loads(cast(bytes, kept))
    except (EOFError, ValueError, TypeError):
        return None
    return code if isinstance(code, CodeType) else None


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
