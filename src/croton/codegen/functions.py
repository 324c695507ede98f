"""C functions that operations bring along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast

from croton.codegen.prebuilt import KernelUnit
from croton.graph.frozen import Frozen
from croton.graph.values import TensorType

if TYPE_CHECKING:
    from croton.loops.program import KernelCall


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
    kernels: units of their own whose functions the source calls, as CALL_<function>.
    """

    name: str
    source: str
    scalar_functions: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    cost: float = 1.0  # rough nanoseconds per element of the largest operand or output
    fallible: bool = False
    kernels: tuple[KernelUnit, ...] = ()


class _Brings(Protocol):
    """An operation with a C function."""

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction: ...


def function_of(step: KernelCall) -> CFunction:
    """The C function that a step calls."""
    equation = step.equation
    types = [operand.type for operand in equation.inputs], [output.type for output in equation.outputs]
    return cast(_Brings, equation.op).c_function(*types)
