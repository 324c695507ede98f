"""Shared library -> callable: the call path, shared variables and the thread pool, in C."""

from croton.runtime._core import (
    CROTON_ABI_VERSION,
    Cell,
    Function,
    Library,
    empty,
    set_threads,
    threads,
    usable_cores,
)

# Matrix kernels built with the package (runtime/kernels), found by "croton.runtime._kernels:NAME".
PREBUILT_KERNELS = frozenset(
    f"ct_contract_{dtype}{suffix}" for dtype in ("float32", "float64") for suffix in ("", "_batch")
)

__all__ = [
    "CROTON_ABI_VERSION",
    "PREBUILT_KERNELS",
    "Cell",
    "Function",
    "Library",
    "empty",
    "set_threads",
    "threads",
    "usable_cores",
]
