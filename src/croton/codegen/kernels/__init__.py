"""Kernels that are translation units of their own: compiled once per machine, whatever program needs them.

The C is in the files of this folder. A unit is some of them, one after the other, behind definitions that
say for which dtype it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from croton.codegen import vector_maths
from croton.codegen.prebuilt import KernelUnit
from croton.codegen.scalars import PRELUDE


@cache
def _text(file: str) -> str:
    return (Path(__file__).parent / file).read_text(encoding="utf-8")


def shared_kernel(
    name: str,
    files: tuple[str, ...],
    definitions: Mapping[str, object],
    scalar_functions: tuple[str, ...] = (),
) -> KernelUnit:
    """The kernel that files of this folder make under these definitions; they name their entry ENTRY.

    It is `int NAME(context, pointers, sizes)`. scalar_functions: vector maths functions that it calls.
    """
    defined = "".join(f"#define {key} {value}\n" for key, value in {"ENTRY": name, **definitions}.items())
    maths = vector_maths.source_for(scalar_functions)
    source = "\n".join([PRELUDE, maths, defined, *(_text(file) for file in files)])
    declaration = f"int {name}(ct_context *context, void *const *pointers, const ct_int *sizes);"
    return KernelUnit((name,), source, declaration)
