"""Operations lowered to a C function of their own: sorting, scattering, cumulative sums, linear algebra."""

from __future__ import annotations

from collections.abc import Sequence

from croton.codegen.kernels import SharedKernel
from croton.codegen.prebuilt import KernelUnit
from croton.graph.dims import Dim
from croton.graph.frozen import Frozen
from croton.graph.operation import Operation
from croton.graph.values import TensorType


class CFunction(Frozen):
    """A C function that computes an operation.

    `source` defines `static int NAME(ct_context *context, void *const *pointers, const ct_int *sizes)` with
    NAME = `name`; equal sources are emitted once. `pointers` are the data of the operands, then of the
    outputs, all in C order; `sizes` are all sizes of every operand in order, then of every output. It
    returns CT_OK or an error code, with `context->error[1...]` filled (entry 0 belongs to the compiler).
    Outputs with runtime sizes: see `RuntimeSize`.

    scalar_functions: names of vector maths functions the source calls (ct_exp_f64, ...).
    libraries: BLAS or LAPACK routines it needs, as "scipy.linalg.cython_lapack:dgesv"; the function finds
        their addresses from context->library[LIBRARY_<name>] where the compiler defines LIBRARY_dgesv.
    kernels: functions in translation units of their own that the source calls.
    units: kernels that are built with the package, or else beside the source, which calls CALL_<function>.
    """

    name: str
    source: str
    scalar_functions: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    cost: float = 1.0  # rough nanoseconds per element of the largest operand or output
    fallible: bool = False
    kernels: tuple[SharedKernel, ...] = ()
    units: tuple[KernelUnit, ...] = ()


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
