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

# Kernels built with the package (runtime/kernels), found by "croton.runtime._kernels:NAME".
PREBUILT_KERNELS = frozenset(
    name.format(dtype)
    for dtype in ("float32", "float64")
    for name in (
        "ct_contract_{}",
        "ct_contract_{}_batch",
        "ct_pack_{}",
        "ct_contract_packed_{}",
        "ct_convolve_{}",
        "ct_convolve_kernel_{}",
        "ct_convolve_pooled_{}",
        "ct_convolve_pooled_kernel_{}",
        "ct_convolve_pooled_input_{}",
    )
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
