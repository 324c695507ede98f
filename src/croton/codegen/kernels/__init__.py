"""Kernels that are translation units of their own: compiled once per machine, whatever program needs them.

The C is in the files of this folder. A unit is some of them, one after the other, behind definitions that
say for which dtype it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from croton.graph.frozen import Frozen


class SharedKernel(Frozen):
    """A C function in a translation unit of its own: `int NAME(context, pointers, sizes)`.

    source: the text without the contract that every unit starts with. scalar_functions: names of vector
    maths functions it calls.
    """

    name: str
    source: str
    scalar_functions: tuple[str, ...] = ()

    @property
    def declaration(self) -> str:
        return f"int {self.name}(ct_context *context, void *const *pointers, const ct_int *sizes);"


@cache
def _text(file: str) -> str:
    return (Path(__file__).parent / file).read_text(encoding="utf-8")


def shared_kernel(
    name: str,
    files: tuple[str, ...],
    definitions: Mapping[str, object],
    scalar_functions: tuple[str, ...] = (),
) -> SharedKernel:
    """The kernel that files of this folder make under these definitions; they name their entry ENTRY."""
    defined = "".join(f"#define {key} {value}\n" for key, value in {"ENTRY": name, **definitions}.items())
    return SharedKernel(name, defined + "\n".join(_text(file) for file in files), scalar_functions)
