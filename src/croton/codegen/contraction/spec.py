"""What a matrix product is asked to be, and what comes back: the words the compiler uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Layout = Literal["row", "column", "any"]

#: C type in which a dtype is stored and handed to a kernel. 16-bit floats travel as their bits.
STORAGE: Final[dict[str, str]] = {
    "bool": "unsigned char",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "__INT64_TYPE__",
    "uint8": "unsigned char",
    "uint16": "unsigned short",
    "uint32": "unsigned int",
    "uint64": "__UINT64_TYPE__",
    "float16": "unsigned short",
    "bfloat16": "unsigned short",
    "float32": "float",
    "float64": "double",
    "complex64": "float _Complex",
    "complex128": "double _Complex",
}

LAYOUTS: Final = ("row", "column", "any")


@dataclass(frozen=True)
class ContractionSpec:
    """The product C = A.B with A (m, k), B (k, n) and C (m, n), as far as it is known when compiling.

    ``m``, ``n``, ``k``: sizes, None where only the call knows them.
    ``a_layout``: "row" when element (i, p) lies at ``a[i * a_row + p]``, "column" when it lies at
    ``a[i + p * a_column]``, "any" when both strides count; ``b_layout`` likewise for (p, j).

    Raises ValueError for an unknown dtype or layout or a negative size.
    """

    dtype: str
    m: int | None = None
    n: int | None = None
    k: int | None = None
    a_layout: Layout = "any"
    b_layout: Layout = "any"

    def __post_init__(self) -> None:
        if self.dtype not in STORAGE:
            raise ValueError(f"dtype: expected one of {', '.join(STORAGE)}, got {self.dtype!r}")
        for name in ("m", "n", "k"):
            size = getattr(self, name)
            if size is not None and size < 0:
                raise ValueError(f"{name}: expected a size of 0 or more, or None, got {size}")
        for name in ("a_layout", "b_layout"):
            layout = getattr(self, name)
            if layout not in LAYOUTS:
                raise ValueError(f"{name}: expected one of {', '.join(LAYOUTS)}, got {layout!r}")


@dataclass(frozen=True)
class ContractionKernel:
    """C text of a product.

    ``function`` is the C function of one product, ``batch_function`` that of many; both are in ``source``,
    which needs croton_abi.h before it and nothing else. A shared kernel depends on its dtype alone and
    has external linkage: its source is a translation unit of its own, and callers put ``declaration`` in
    theirs. The source of one that is not shared is static and goes into the caller's unit, once.
    """

    function: str
    batch_function: str
    source: str
    declaration: str
    shared: bool


def declarations(function: str, batch_function: str, storage: str) -> str:
    """Prototypes of the two functions of a kernel, the same for every kernel but for the element type."""
    return f"""\
int {function}(ct_context *ctx, ct_int m, ct_int n, ct_int k, const {storage} *a, ct_int a_row,
    ct_int a_column, const {storage} *b, ct_int b_row, ct_int b_column, {storage} *c, ct_int c_row,
    ct_range_body epilogue, void *const *pointers, const ct_int *integers);
int {batch_function}(ct_context *ctx, ct_int count, ct_int m, ct_int n, ct_int k, const {storage} *a,
    ct_int a_batch, ct_int a_row, ct_int a_column, const {storage} *b, ct_int b_batch, ct_int b_row,
    ct_int b_column, {storage} *c, ct_int c_batch, ct_int c_row, ct_range_body epilogue,
    void *const *pointers, const ct_int *integers);
"""


def resident_declarations(dtype: str) -> str:
    """Prototypes of what packs the right operand of many products once, and of a product with it."""
    storage = STORAGE[dtype]
    return f"""\
void ct_pack_{dtype}(ct_int n, ct_int k, const {storage} *b, ct_int b_row, ct_int b_column,
    {storage} *packed);
int ct_contract_packed_{dtype}(ct_context *ctx, ct_int m, ct_int n, ct_int k, const {storage} *a,
    ct_int a_row, ct_int a_column, const {storage} *b, ct_int b_row, ct_int b_column,
    const {storage} *packed, {storage} *c, ct_int c_row);
"""
