"""The kernel that takes any sizes and strides: one C text per dtype, put together from the files in c/."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from croton.codegen.contraction.spec import (
    STORAGE,
    ContractionKernel,
    declarations,
    resident_declarations,
)

_REAL: Final = {"float32": ("float", 4), "float64": ("double", 8)}
_PART: Final = {"complex64": "float32", "complex128": "float64"}
_REAL_FILES: Final = (
    "sizes.c",
    "product.c",
    "vectors.c",
    "tile.c",
    "packing.c",
    "vector_products.c",
    "narrow.c",
    "packed.c",
    "real.c",
)


@cache
def c_text(name: str) -> str:
    """Text of one of the C files of this package."""
    return (Path(__file__).parent / "c" / name).read_text(encoding="utf-8")


def _part(name: str) -> str:
    """One file of a kernel; what is narrow stands there twice where vectors are long."""
    text = c_text(name)
    if name != "narrow.c":
        return text
    slim = text.replace("narrow", "slim").replace("NARROW", "SLIM")
    return (
        f"#define NARROW_BYTES VECTOR_BYTES\n{text}\n"
        f"#if VECTOR_BYTES == 64\n#define SLIM_BYTES 32\n{slim}#endif\n"
    )


def macros(pairs: dict[str, str]) -> str:
    """Macros, one a line."""
    return "".join(f"#define {name} {value}\n" for name, value in pairs.items())


def multiply_add(dtype: str) -> str:
    """One step of a sum of integers, modulo their width as in NumPy; of truth values, "or" of "and"."""
    if dtype == "bool":
        return "((SUM) | (((X) != 0) & ((Y) != 0)))"
    wide = "__UINT64_TYPE__" if dtype in ("int64", "uint64") else "unsigned"
    return f"((ELEMENT)(({wide})(SUM) + ({wide})(X) * ({wide})(Y)))"


def _parts(dtype: str) -> tuple[dict[str, str], tuple[str, ...], str]:
    """Definitions, files and the name of the function that multiplies."""
    if dtype in _REAL:
        real, size = _REAL[dtype]
        return {"REAL": real, "REAL_BYTES": str(size)}, _REAL_FILES, "multiply_real"
    if dtype in ("float16", "bfloat16"):
        is_bfloat16 = str(int(dtype == "bfloat16"))
        definitions = {"REAL": "float", "REAL_BYTES": "4", "HALF_IS_BFLOAT16": is_bfloat16}
        return definitions, (*_REAL_FILES, "half.c"), "multiply_half"
    if dtype in _PART:
        definitions, names, _ = _parts(_PART[dtype])
        return definitions, (*names, "complex.c"), "multiply_complex"
    definitions = {"MULTIPLY_ADD(SUM, X, Y)": multiply_add(dtype)}
    return definitions, ("sizes.c", "product.c", "whole.c"), "multiply_whole"


@cache
def shared_kernel(dtype: str) -> ContractionKernel:
    """The translation unit that multiplies matrices of `dtype`, whatever their sizes and strides."""
    function, batch_function = f"ct_contract_{dtype}", f"ct_contract_{dtype}_batch"
    definitions, names, multiply = _parts(dtype)
    storage = STORAGE[dtype]
    declared = declarations(function, batch_function, storage)
    names = (*names, "entry.c")
    if dtype in _REAL:
        declared += resident_declarations(dtype)
        definitions = definitions | {
            "PACK_ENTRY": f"ct_pack_{dtype}",
            "RESIDENT_ENTRY": f"ct_contract_packed_{dtype}",
        }
        names = (*names, "resident.c")
    common = {"ELEMENT": storage, "MULTIPLY": multiply, "ENTRY": function, "BATCH_ENTRY": batch_function}
    source = macros(common | definitions) + "\n"
    source += declared + "\n" + "\n".join(_part(name) for name in names)
    return ContractionKernel(function, batch_function, source, declared, shared=True)
