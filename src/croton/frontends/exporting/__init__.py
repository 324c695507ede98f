"""Compiled functions as C that builds and runs without Python."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from croton.codegen.unit import ABI
from croton.frontends.exporting.example import example, makefile
from croton.frontends.exporting.interface import Interface

if TYPE_CHECKING:
    from croton.compiler.compile import Lowered
    from croton.graph.graph import Graph


def export(
    directory: str | PathLike[str],
    name: str,
    graph: Graph,
    lowered: Lowered,
    state: tuple[tuple[int, int], ...],
) -> list[Path]:
    """Writes a function as C into a folder, which is made if need be, and returns the files.

    lowered: the function as self-contained C. state: (input, output) positions of old and new state.

    Raises:
        TypeError: the function calls Python back.
    """
    if lowered.code.callbacks:
        names = ", ".join(sorted({equation.op.name for equation in lowered.code.callbacks}))
        raise TypeError(f"export: {names} can only be computed by Python")
    interface = Interface(name, graph, lowered, state)
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    runtime = (Path(__file__).parent / "runtime.c").read_text(encoding="utf-8")
    files: dict[str, str | bytes] = {
        "croton_abi.h": ABI,
        f"{interface.name}.h": interface.header(),
        f"{interface.name}.c": interface.source(runtime),
        "main.c": example(interface),
        "Makefile": makefile(interface),
    }
    for number, unit in enumerate(lowered.code.units):
        files[f"{interface.name}_code{number}.c"] = interface.renamed(unit)
    if interface.stored:
        files[f"{interface.name}.bin"] = _stored_bytes(interface)
    written = []
    for filename, contents in files.items():
        path = folder / filename
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        written.append(Path(os.path.normpath(path)))
    return written


def _stored_bytes(interface: Interface) -> bytes:
    """State and constants, each at its offset."""
    data = bytearray(interface.stored_bytes)
    for array in interface.stored:
        raw = np.ascontiguousarray(array.data).tobytes()
        data[array.offset : array.offset + len(raw)] = raw
    return bytes(data)
