"""The text of the convolution kernels, put together from the files in c/ and those of matrix products."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from croton.codegen.contraction.shared import c_text as contraction_text
from croton.codegen.contraction.shared import macros, multiply_add
from croton.codegen.contraction.spec import STORAGE
from croton.codegen.prebuilt import KernelUnit

_REAL_BYTES: Final = {"float32": 4, "float64": 8}
_BORROWED: Final = ("sizes.c", "vectors.c", "packing.c")
_FILES: Final = ("plan.c", "strip.c", "forward.c", "kernel_gradient.c")


@cache
def _text(name: str) -> str:
    return (Path(__file__).parent / "c" / name).read_text(encoding="utf-8")


@cache
def convolution_kernel(dtype: str) -> KernelUnit:
    """The unit of convolutions of float32, float64, complex numbers, integers or truth values."""
    function, kernel_function = f"ct_convolve_{dtype}", f"ct_convolve_kernel_{dtype}"
    storage = STORAGE[dtype]
    declaration = _text("convolution.h") + (
        f"int {function}(ct_context *ctx, const ct_convolution *c, const {storage} *x, const {storage} *w, "
        f"{storage} *y);\n"
        f"int {kernel_function}(ct_context *ctx, const ct_convolution *c, const {storage} *x, "
        f"const {storage} *y, {storage} *w);\n"
    )
    names = {"REAL": storage, "ENTRY": function, "KERNEL_ENTRY": kernel_function}
    if dtype in _REAL_BYTES:
        names["REAL_BYTES"] = str(_REAL_BYTES[dtype])
        texts = [*(contraction_text(name) for name in _BORROWED), *(_text(name) for name in _FILES)]
    else:
        plain_sum = "((SUM) + (X) * (Y))" if dtype.startswith("complex") else multiply_add(dtype)
        names |= {"ELEMENT": storage, "MULTIPLY_ADD(SUM, X, Y)": plain_sum}
        texts = [_text("plain.c")]
    source = "\n".join([macros(names), declaration, *texts, _text("entry.c")])
    return KernelUnit((function, kernel_function), source, declaration)
