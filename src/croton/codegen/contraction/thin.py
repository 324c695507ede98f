"""Kernels for a small B of known width: a C template with the sizes put in as constants."""

from __future__ import annotations

import re
from functools import cache

from croton.codegen.contraction.shared import c_text
from croton.codegen.contraction.spec import STORAGE, ContractionKernel, ContractionSpec

#: Most columns of B for which a kernel of their own pays, whatever the steps.
FEW_COLUMNS = 16
#: Most steps (k) for which it pays whatever the columns, and most elements of B then.
FEW_STEPS = 16
FEW_ELEMENTS = 4096
#: Steps of B packed at a time.
DEPTH = 256

_ITEM_BYTES = {"float32": 4, "float64": 8}


def is_thin(spec: ContractionSpec) -> bool:
    """Whether a kernel specialised to the sizes of B beats the shared one."""
    if spec.dtype not in _ITEM_BYTES or spec.n is None or spec.n < 2:
        return False
    if spec.k is not None and spec.k <= FEW_STEPS:
        return spec.n * max(spec.k, 1) <= FEW_ELEMENTS
    return spec.n <= FEW_COLUMNS and spec.b_layout == "row"


def _height(m: int | None, vectors: int, most: int) -> int:
    """Rows of a tile: as many as fit, or what divides a known m best.

    The cost of a step is what its slowest part takes: two multiply-adds a cycle, two loads a cycle, or
    four cycles from one sum to the next; a single row costs about one cycle a vector.
    """
    if m is None or m > 8 * most:
        return most

    def cost(height: int) -> tuple[float, int]:
        tile = max(height * vectors / 2, (height + vectors) / 2, 4.0)
        return m // height * tile + m % height * vectors, -height

    return min(range(1, most + 1), key=cost)


def _name(spec: ContractionSpec) -> str:
    sizes = "x".join("any" if size is None else str(size) for size in (spec.m, spec.n, spec.k))
    return f"ct_contract_{spec.dtype}_{sizes}_{spec.a_layout}_{spec.b_layout}"


@cache
def thin_kernel(spec: ContractionSpec) -> ContractionKernel:
    """The kernel for `spec`, of which `is_thin` holds."""
    assert spec.n is not None
    item_bytes, name = _ITEM_BYTES[spec.dtype], _name(spec)
    # Fixed distances between the rows of a tile need no register each.
    single = _height(spec.m, 1, 12 if spec.a_layout == "column" else 8)
    words = {
        "REAL": STORAGE[spec.dtype],
        "REAL_BYTES": str(item_bytes),
        "ROW_BYTES": str(spec.n * item_bytes),
        "COLUMNS": str(spec.n),
        "STEPS": "t->k" if spec.k is None else str(spec.k),
        "DEPTH": str(DEPTH if spec.k is None else max(1, min(spec.k, DEPTH))),
        "SINGLE_HEIGHT": str(single),
        "PAIR_HEIGHT": str(_height(spec.m, 2, 6)),
        "A_ROW": "1" if spec.a_layout == "column" else "t->a_row",
        "A_COLUMN": "1" if spec.a_layout == "row" else "t->a_column",
        "B_ROW": "1" if spec.b_layout == "column" else "t->b_row",
        "B_COLUMN": "1" if spec.b_layout == "row" else "t->b_column",
        "THIN": name,
    }
    text = re.sub(r"\bTHIN(?=_[a-z])", name, c_text("thin.c"))
    text = re.sub(r"\b[A-Z][A-Z_]+\b", lambda found: words.get(found[0], found[0]), text)
    head = f"/* C (m, {spec.n}) = A . B, {spec.dtype}; A {spec.a_layout}, B {spec.b_layout}. */\n"
    return ContractionKernel(name, f"{name}_batch", head + text, "", shared=False)
