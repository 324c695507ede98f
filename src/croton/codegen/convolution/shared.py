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
_FILES: Final = ("plan.c", "strip.c", "windows.c", "depthwise.c", "forward.c", "kernel_gradient.c")
_WINDOWED: Final = ("scattered.c", "pooled.c")


_POOLED: Final = """\
int {0}(ct_context *ctx, const ct_convolution *c, const {type} *x, const {type} *w, {type} *y,
        unsigned char *places);
int {1}(ct_context *ctx, const ct_convolution *c, const {type} *x, const {type} *y,
        const unsigned char *places, {type} *w);
int {2}(ct_context *ctx, const ct_convolution *c, const {type} *y, const unsigned char *places,
        const {type} *w, {type} *x);
"""


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
    pooled: tuple[str, ...] = ()
    if dtype in _REAL_BYTES:
        names["REAL_BYTES"] = str(_REAL_BYTES[dtype])
        pooled = tuple(f"ct_convolve_pooled_{part}{dtype}" for part in ("", "kernel_", "input_"))
        names |= zip(("POOLED_ENTRY", "POOLED_KERNEL_ENTRY", "POOLED_INPUT_ENTRY"), pooled, strict=True)
        declaration += _POOLED.format(*pooled, type=storage)
        texts = [*(contraction_text(name) for name in _BORROWED), *(_text(name) for name in _FILES)]
    else:
        plain_sum = "((SUM) + (X) * (Y))" if dtype.startswith("complex") else multiply_add(dtype)
        names |= {"ELEMENT": storage, "MULTIPLY_ADD(SUM, X, Y)": plain_sum}
        texts = [_text("plain.c")]
    texts += [_text("entry.c"), *(_text(name) for name in _WINDOWED if pooled)]
    source = "\n".join([macros(names), declaration, *texts])
    return KernelUnit((function, kernel_function, *pooled), source, declaration)
