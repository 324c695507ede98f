"""C functions that go through a stack of matrices and call LAPACK and BLAS for each.

LAPACK stores matrices by columns, arrays here lie by rows: what one calls A is the transpose of the other's.
Where a factorisation of the transpose gives that of the matrix, nothing is copied; otherwise matrices are
transposed on their way in and out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from croton.codegen.scalars import c_type
from croton.graph import dtypes
from croton.graph.dtypes import DType
from croton.graph.frozen import Frozen
from croton.graph.values import TensorType
from croton.ops.kernel import CFunction, KernelOperation

SINGULAR, NOT_POSITIVE_DEFINITE, NOT_CONVERGED, NOT_FINITE, NO_UNIQUE_SOLUTION, TOO_LARGE = range(1, 7)
_MESSAGES = {
    SINGULAR: "the matrix is singular",
    NOT_POSITIVE_DEFINITE: "the matrix is not positive definite",
    NOT_CONVERGED: "the iteration did not converge",
    NOT_FINITE: "the matrix has entries that are infinite or NaN",
    NO_UNIQUE_SOLUTION: "the equation has no unique solution",
    TOO_LARGE: "a matrix has more rows or columns than LAPACK can count",
}
_PREFIX = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}
_BLAS = frozenset(("trsm", "gemm"))


class MatrixKernel(KernelOperation):
    """An operation on stacks of matrices that LAPACK computes, and that can fail for what they hold."""

    def called(self) -> str:
        """The name in messages."""
        return self.name

    def failure(self, facts: Sequence[int]) -> np.linalg.LinAlgError:
        """The exception for what compiled code reports: a reason, and which matrix of the stack."""
        return failed(self.called(), int(facts[0]), int(facts[1]))


def failed(called: str, reason: int, position: int = 0) -> np.linalg.LinAlgError:
    """The exception that names the operation and the matrix of the stack that is to blame."""
    shown = f" (number {position} of the stack)" if position else ""
    return np.linalg.LinAlgError(f"{called}: {_MESSAGES[reason]}{shown}")


class Routines:
    """C text that calls BLAS and LAPACK for matrices of one dtype, and the list of what it calls."""

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype
        self.prefix = _PREFIX[dtype.name]
        self.is_complex = dtypes.is_complex(dtype)
        self.number = c_type(dtype)
        self.real = c_type(dtypes.real_dtype(dtype))
        self.libraries: dict[str, None] = {}

    def call(self, routine: str, *arguments: str) -> str:
        """A statement that calls a routine, named without the letter of its dtype."""
        name = self.prefix + routine
        module = "cython_blas" if routine in _BLAS else "cython_lapack"
        self.libraries[f"scipy.linalg.{module}:{name}"] = None
        types = ", ".join(["const void *"] * len(arguments))
        return f"((void (*)({types}))context->library[LIBRARY_{name}])({', '.join(arguments)});"

    def for_dtype(self, real: str, complex_: str) -> str:
        """The name of a routine, which may be another one for complex numbers."""
        return complex_ if self.is_complex else real

    @property
    def transposed(self) -> str:
        """The name of the function that copies a matrix transposed."""
        return f"ct_transposed_{self.dtype.name}"

    @property
    def all_finite(self) -> str:
        """The name of the function that asks whether numbers are finite."""
        return f"ct_all_finite_{self.dtype.name}"


class Stack(Frozen):
    """How a C function walks through a stack of matrices.

    name: of the C function. sizes: C for named sizes of a matrix, in terms of `sizes`. arrays: C names of the
    operands and outputs, in order, with C for the number of elements per matrix and the type of elements.
    workspace: name -> (C type, C for the number of elements). before: statements ahead of all matrices that
    end with the sizes of the workspace known. each: statements for one matrix. flops: C for the operations
    that one matrix takes.
    """

    name: str
    batch_rank: int
    sizes: Mapping[str, str]
    arrays: Sequence[tuple[str, str, str]]
    each: str
    flops: str
    before: str = ""
    workspace: Mapping[str, tuple[str, str]] = {}

    def function(self, routines: Routines, cost: float) -> CFunction:
        """The C function. `each` may say CT_FAIL(reason) to give up."""
        helpers = _HELPERS.format(
            dtype=routines.dtype.name,
            number=routines.number,
            finite=_FINITE_COMPLEX if routines.is_complex else "x[i] - x[i] == 0",
        )
        source = helpers + _STACK.format(
            name=self.name,
            batch=" * ".join(f"sizes[{axis}]" for axis in range(self.batch_rank)) or "1",
            sizes=", ".join(f"size_{name} = {text}" for name, text in self.sizes.items()),
            largest=" || ".join(f"size_{name} > 0x7fffffff" for name in self.sizes),
            integers=", ".join(f"{name} = (int)size_{name}" for name in self.sizes),
            unused=" ".join(f"(void){name};" for name in self.sizes),
            before=_indented(self.before, 4),
            workspace=self._workspace(),
            pointers="\n".join(self._pointer(position) for position in range(len(self.arrays))),
            each=_indented(self.each, 8),
            passed=", ".join(f"pointers[{position}]" for position in range(len(self.arrays))),
            flops=self.flops,
            too_large=TOO_LARGE,
        )
        return CFunction(
            self.name,
            source,
            libraries=tuple(routines.libraries),
            cost=cost,
            fallible="CT_FAIL(" in self.each,
        )

    def _workspace(self) -> str:
        """Statements that lay out and take the memory that matrices need on their way."""
        if not self.workspace:
            return ""
        lines, given = ["    ct_int bytes = 0;"], []
        for name, (type_, count) in self.workspace.items():
            lines.append(f"    const ct_int at_{name} = bytes;")
            lines.append(f"    bytes += ct_align(((ct_int)({count}) + 1) * (ct_int)sizeof({type_}));")
            given.append(f"    {type_} *const {name} = ({type_} *)(scratch + at_{name});")
        lines.append("    char *scratch = context->scratch(context, bytes);")
        lines.append("    if (!scratch) {")
        lines.append("        ct_linear_algebra_failed(failure, 0, 0);")
        lines.append("        return;")
        lines.append("    }")
        return "\n".join([*lines, *given])

    def _pointer(self, position: int) -> str:
        name, type_, count = self.arrays[position]
        pointer = f"({type_} *)pointers[{position}] + b * (ct_int)({count})"
        return f"        {type_} *const {name} = {pointer}; (void){name};"


def _indented(text: str, spaces: int) -> str:
    return "\n".join(" " * spaces + line if line.strip() else "" for line in text.strip("\n").split("\n"))


def batch_rank(operand: TensorType) -> int:
    """The number of leading axes along which matrices are stacked."""
    return operand.rank - 2


_FINITE_COMPLEX = "__real__ x[i] - __real__ x[i] == 0 && __imag__ x[i] - __imag__ x[i] == 0"

# Of several matrices that fail the first one is named, whichever thread finds it.
_HELPERS = """\
#ifndef CROTON_LINEAR_ALGEBRA
#define CROTON_LINEAR_ALGEBRA
static inline void ct_linear_algebra_failed(ct_int *failure, ct_int matrix, ct_int reason)
{{
    const ct_int mine = matrix * 8 + reason;
    ct_int known = __atomic_load_n(failure, __ATOMIC_RELAXED);
    while (mine < known &&
           !__atomic_compare_exchange_n(failure, &known, mine, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {{
    }}
}}
#define CROTON_NO_FAILURE 0x7fffffffffffffffLL
#define CT_FAIL(reason)                                  \\
    do {{                                                 \\
        ct_linear_algebra_failed(failure, b, (reason));  \\
        return;                                          \\
    }} while (0)
#endif
#ifndef CROTON_LINEAR_ALGEBRA_{dtype}
#define CROTON_LINEAR_ALGEBRA_{dtype}
/* The matrix `from`, rows by columns, transposed into `to`. */
static inline void ct_transposed_{dtype}(ct_int rows, ct_int columns, const {number} *restrict from,
                                         {number} *restrict to)
{{
    for (ct_int first = 0; first < columns; first += 8) {{
        const ct_int last = first + 8 < columns ? first + 8 : columns;
        for (ct_int i = 0; i < rows; ++i)
            for (ct_int j = first; j < last; ++j) to[j * rows + i] = from[i * columns + j];
    }}
}}
static inline int ct_all_finite_{dtype}(ct_int count, const {number} *x)
{{
    int finite = 1;
    for (ct_int i = 0; i < count; ++i) finite &= {finite};
    return finite;
}}
#endif
"""

# Matrices are independent of each other, so that pieces of the stack may run on several threads; large ones
# are left to the threads of BLAS.
_STACK = """\
static void {name}_range(void *const *arguments, const ct_int *sizes, ct_int begin, ct_int end)
{{
    ct_context *const context = arguments[0];
    ct_int *const failure = arguments[1];
    void *const *pointers = arguments + 2;
    const ct_int {sizes};
    const int {integers};
    (void)context, (void)failure, (void)sizes; {unused}
{before}
{workspace}
    for (ct_int b = begin; b < end; ++b) {{
{pointers}
{each}
    }}
}}
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    const ct_int batch = {batch};
    const ct_int {sizes};
    ct_int failure = CROTON_NO_FAILURE;
    if ({largest}) {{
        context->error[1] = {too_large};
        context->error[2] = 0;
        return CT_RUNTIME_ERROR;
    }}
    const double flops = {flops};
    void *const arguments[] = {{context, &failure, {passed}}};
    const ct_int grain = flops > 4e6 ? batch : ct_grain(batch, 500000 + (ct_int)(flops * 500));
    ct_run_range(context, {name}_range, arguments, sizes, batch, grain > 0 ? grain : 1);
    if (failure == CROTON_NO_FAILURE) return CT_OK;
    context->error[1] = failure % 8;
    context->error[2] = failure / 8;
    return failure % 8 ? CT_RUNTIME_ERROR : CT_OUT_OF_MEMORY;
}}
"""
