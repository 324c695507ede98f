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

__all__ = [
    "CROTON_ABI_VERSION",
    "Cell",
    "Function",
    "Library",
    "empty",
    "set_threads",
    "threads",
    "usable_cores",
]
