"""What errors say of an operation: its name, the types of its operands, the user's line, more on demand."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Symbol
from croton.graph.printing import debugprint
from croton.graph.values import Constant, Equation, NDArray, TensorType

SHOWN_WHOLE = 8  # elements up to which an array is shown with all its numbers


class Verbosity:
    """Whether errors also show the arrays that an operation was given: `config.exception_verbosity`."""

    high = False


def type_text(type: TensorType, sizes: Mapping[Symbol, int] | None = None) -> str:
    """A type with numbers for the sizes that are given, such as float64[3, n]."""
    return f"{type.dtype.name}[{', '.join(str(with_sizes(size, sizes)) for size in type.shape)}]"


def with_sizes(size: Dim, sizes: Mapping[Symbol, int] | None) -> Dim:
    """A size with numbers for the symbols that are given."""
    return dims.substitute(size, sizes) if sizes else size


def place(equation: Equation | None, sizes: Mapping[Symbol, int] | None = None) -> str:
    """A further line of a message: the operation, the types of its operands, and who wrote it where."""
    if equation is None:
        return ""
    operands = ", ".join(type_text(operand.type, sizes) for operand in equation.inputs)
    made = f", made at {equation.location}" if equation.location is not None else ""
    return f"\n  in {equation.op.name} of {operands or 'nothing'}{made}"


def details(equation: Equation, arrays: Sequence[NDArray] | None) -> str:
    """Further lines: the operands' shapes, strides and values, and the expression the operation is."""
    lines = []
    if arrays is not None:
        lines.append("  operands:")
        lines += [f"    {position}: {summary(array)}" for position, array in enumerate(arrays)]
    lines.append("  expression:")
    tree = debugprint(equation.outputs[0], depth=4, print_type=True, file="str") if equation.outputs else ""
    lines += [f"    {line}" for line in str(tree).splitlines()]
    return "\n" + "\n".join(lines)


def summary(array: NDArray) -> str:
    """Dtype, shape, strides and the numbers of a small array; of a large one what they are like."""
    head = f"{array.dtype.name}, shape {array.shape}, strides {array.strides}"
    if array.size <= SHOWN_WHOLE:
        return f"{head}: {np.array2string(array, separator=', ').replace(chr(10), ' ')}"
    if not dtypes.is_inexact(array.dtype):
        return f"{head}: {array.min()} to {array.max()}"
    wide = array if dtypes.is_complex(array.dtype) else array.astype(np.float64, copy=False)
    finite = wide[np.isfinite(wide)]
    parts = []
    if finite.size and dtypes.is_complex(array.dtype):
        parts.append(f"magnitudes {np.abs(finite).min():.6g} to {np.abs(finite).max():.6g}")
    elif finite.size:
        parts.append(f"{finite.min():.6g} to {finite.max():.6g}, mean {finite.mean():.6g}")
    parts += [f"{count} NaN" for count in [int(np.isnan(wide).sum())] if count]
    parts += [f"{count} infinite" for count in [int(np.isinf(wide).sum())] if count]
    return f"{head}: {', '.join(parts)}"


def annotated(
    error: BaseException,
    equation: Equation,
    arrays: Sequence[NDArray] | None,
    sizes: Mapping[Symbol, int] | None = None,
) -> BaseException:
    """The exception that an operation raised, with a note on the operation, unless it has one from inside."""
    if not vars(error).get("croton_noted"):
        error.add_note(place(equation, sizes or _sizes(equation, arrays)).strip("\n"))
        if Verbosity.high:
            error.add_note(details(equation, arrays).strip("\n"))
        vars(error)["croton_noted"] = True
    return error


def _sizes(equation: Equation, arrays: Sequence[NDArray] | None) -> dict[Symbol, int]:
    known: dict[Symbol, int] = {}
    for operand, array in zip(equation.inputs, arrays or (), strict=False):
        if not isinstance(operand, Constant):
            bind_sizes(operand.type, array, known)
    return known


def bind_sizes(
    type: TensorType, array: NDArray, known: MutableMapping[Symbol, int], renew: bool = False
) -> None:
    """Learns from an array the sizes that its type names; `renew`: also those that are known already."""
    for size, actual in zip(type.shape, array.shape, strict=True):
        symbol = dims.single_symbol(size)
        if symbol is not None and (renew or symbol not in known):
            known[symbol] = actual
