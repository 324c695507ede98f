"""Operations lowered to a C function of their own: sorting, scattering, cumulative sums, linear algebra."""

from __future__ import annotations

from collections.abc import Sequence

from croton.codegen.functions import CFunction
from croton.graph.dims import Dim
from croton.graph.operation import Operation
from croton.graph.values import TensorType

__all__ = ["CFunction", "KernelOperation"]


class KernelOperation(Operation):
    """An operation computed by a C function from whole arrays to whole arrays."""

    @property
    def overwrites(self) -> int | None:
        """The operand in whose memory the only output may lie, None: in none; such a function cannot fail."""
        return None

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        """The C that computes this operation for operands of these types."""
        raise NotImplementedError(f"{type(self).__name__}.c_function")

    def flops(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> Dim | None:
        """Floating-point operations, for profiles; None where nobody counts them."""
        return None
