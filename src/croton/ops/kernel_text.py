"""C text that kernel operations share: their element type, and how sizes divide around an axis."""

from __future__ import annotations

from croton.codegen.scalars import ScalarPrinter, c_type, literal, storage_type
from croton.graph.dtypes import DType


class ElementText:
    """C for elements of one dtype: how they lie in memory and how one calculates with them.

    `functions` collects the vector maths functions that the texts given out need.
    """

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype
        self.number = c_type(dtype)
        self.storage = storage_type(dtype)
        self._printer = ScalarPrinter()

    @property
    def functions(self) -> tuple[str, ...]:
        return tuple(self._printer.needed)

    def load(self, place: str) -> str:
        return self._printer.loaded(self.dtype, place)

    def store(self, place: str, number: str) -> str:
        return f"{place} = {self._printer.stored(self.dtype, number)};"

    def call(self, function: str, *operands: str) -> str:
        """A scalar function of numbers of this dtype."""
        return self._printer.call(function, self.dtype, list(operands))

    def constant(self, number: object) -> str:
        import numpy as np

        return literal(np.asarray(number, self.dtype).tobytes(), self.dtype)


def around_axis(rank: int, axis: int, first: int = 0) -> str:
    """Declarations of outer, n, inner: the sizes before, on and after `axis` of an operand.

    first: position in `sizes` of the operand's first size.
    """
    sizes = [f"sizes[{first + position}]" for position in range(rank)]
    outer = " * ".join(sizes[:axis]) or "1"
    inner = " * ".join(sizes[axis + 1 :]) or "1"
    return f"const ct_int outer = {outer}, n = {sizes[axis]}, inner = {inner};"
