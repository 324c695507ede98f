"""Kernels that are translation units of their own, built with the package or beside what uses them."""

from __future__ import annotations

from typing import NamedTuple


class KernelUnit(NamedTuple):
    """C functions that depend on a dtype alone.

    functions: their names, with external linkage. source: defines them, after croton_abi.h. declaration: what
    callers put into their text; they call function NAME as CALL_NAME, wherever it is found.
    """

    functions: tuple[str, ...]
    source: str
    declaration: str

    @property
    def name(self) -> str:
        """The name of the first function, which is also that of the unit."""
        return self.functions[0]

    @property
    def call(self) -> str:
        """What callers of the first function write."""
        return f"CALL_{self.name}"
