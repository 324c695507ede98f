"""Writes the C of the matrix kernels that are built with the package: emit.py FLOAT32_FILE FLOAT64_FILE.

Run by the build, before the package can be imported: only the folder of the kernels is loaded.
"""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]


def _bare_package(name: str, folder: Path) -> None:
    """A package that finds its modules but runs no code of its own."""
    module = types.ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module


def main(paths: list[str]) -> None:
    _bare_package("croton", PACKAGE)
    _bare_package("croton.codegen", PACKAGE / "codegen")
    shared = importlib.import_module("croton.codegen.contraction.shared")
    for dtype, path in zip(("float32", "float64"), paths, strict=True):
        kernel = shared.shared_kernel(dtype)
        Path(path).write_text('#include "croton_abi.h"\n' + kernel.source, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
