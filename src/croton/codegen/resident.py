"""Matrices that every step of a loop multiplies by: packed once, before the loop."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from croton.codegen.contraction import ContractionKernel, ContractionSpec, contraction_kernel
from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.values import Constant, Equation, Value
from croton.loops.products import sizes_of
from croton.loops.program import Product, Program, Step

if TYPE_CHECKING:
    from croton.codegen.blocks import BlockPrinter

PACKED_DTYPES = ("float32", "float64")
WIDEST_PANEL = 32  # columns that packing rounds up to, at most


class Resident(NamedTuple):
    """A right operand and how it lies: which packed matrix a product reads."""

    value: Value
    swapped: bool
    shape: tuple[Dim, Dim]


def kernel_for(equation: Equation) -> ContractionKernel:
    """The kernel of a product."""
    sizes = sizes_of(equation)
    return contraction_kernel(
        ContractionSpec(
            dtype=equation.outputs[0].type.dtype.name,
            m=_static(sizes.rows),
            n=_static(sizes.columns),
            k=_static(sizes.inner),
            a_layout="column" if sizes.left_swapped else "row",
            b_layout="column" if sizes.right_swapped else "row",
        )
    )


def _static(size: Dim) -> int | None:
    return size if isinstance(size, int) else None


def resident_of(equation: Equation, program: Program) -> Resident:
    """Which packed matrix a product could read."""
    sizes = sizes_of(equation)
    return Resident(program.root(equation.inputs[1]), sizes.right_swapped, (sizes.inner, sizes.columns))


def find_residents(
    steps: Sequence[Step], program: Program, captured: Collection[Value] | None
) -> dict[Resident, Equation]:
    """Right operands of products that many products are to read, each with a product it is in.

    captured: those that are the same in every step of a body; None if all are.
    """
    found: dict[Resident, Equation] = {}
    for step in steps:
        if not isinstance(step, Product):
            continue
        equation = step.equation
        sizes = sizes_of(equation)
        resident = resident_of(equation, program)
        same = captured is None or resident.value in captured or isinstance(resident.value, Constant)
        if same and sizes.batch == 1 and sizes.rows != 1 and sizes.columns != 1 and _is_packable(equation):
            found.setdefault(resident, equation)
    return found


def _is_packable(equation: Equation) -> bool:
    return equation.outputs[0].type.dtype.name in PACKED_DTYPES and kernel_for(equation).shared


def pack_residents(
    block: BlockPrinter,
    number: int,
    found: dict[Resident, Equation],
    places: dict[Value, str],
    last: int | None = None,
) -> tuple[list[str], dict[Resident, str]]:
    """Statements that pack matrices before a loop, and where each then lies.

    places: pointers to them. last: the last step that reads them, if not step `number`.
    """
    lines: list[str] = []
    packed: dict[Resident, str] = {}
    for resident, equation in found.items():
        inner, columns = resident.shape
        itemsize = equation.outputs[0].type.dtype.itemsize
        room = dims.add(dims.multiply(inner, dims.add(columns, WIDEST_PANEL)), WIDEST_PANEL)
        size = dims.multiply(room, itemsize)
        if dims.runtime_symbols((size,)) or resident.value not in places:
            continue
        key = ("packed", number, resident)
        begin, end = block.span(number)
        block.plan.place(key, size, begin, end if last is None else last)
        packed[resident] = f"{block.prefix}{block.plan.placed[key]}"
        function = block.unit.contraction(
            kernel_for(equation), f"ct_pack_{equation.outputs[0].type.dtype.name}"
        )
        k, n = block.unit.size(inner), block.unit.size(columns)
        strides = f"1, {k}" if resident.swapped else f"{n}, 1"
        arguments = f"{n}, {k}, (void *){places[resident.value]}, {strides}, (void *){packed[resident]}"
        lines.append(f"{function}({arguments});")
    return lines, packed
