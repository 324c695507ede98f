"""Writes the C of the kernels that are built with the package, four files: emit.py FILE...

Matrix products of float32 and float64, then convolutions of both.

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
    contraction = importlib.import_module("croton.codegen.contraction.shared")
    convolution = importlib.import_module("croton.codegen.convolution.shared")
    kernels = [
        make(dtype)
        for make in (contraction.shared_kernel, convolution.convolution_kernel)
        for dtype in ("float32", "float64")
    ]
    for kernel, path in zip(kernels, paths, strict=True):
        Path(path).write_text('#include "croton_abi.h"\n' + kernel.source, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
