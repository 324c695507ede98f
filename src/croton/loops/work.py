"""How much work the steps of a program are: floating-point operations, and bytes moved to and from memory.

Both are counted from the expressions and the sizes of a call, not measured. An addition, a multiplication or
any other scalar function counts as one operation (of complex numbers as those of their parts); what is
computed in an outer loop counts once for each iteration of that loop. Bytes are those of distinct elements
read, each once, and of elements written to memory; values that never leave the registers cost none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Symbol
from croton.graph.values import Equation, Value
from croton.loops.expressions import Node
from croton.loops.members import Member, index_name, loads
from croton.loops.products import sizes_of
from croton.loops.program import BindSize, Callback, Control, KernelCall, Nest, Product, Program, Step

_FREE = frozenset({"identity", "where", "real", "imag", "conj", "complex"})
_COMPLEX = {"add": 2, "subtract": 2, "multiply": 6, "square": 6, "divide": 11, "negative": 2}


@dataclass(frozen=True)
class StepWork:
    """flops: None where an operation does not say. bytes: read and written."""

    flops: int | None
    bytes: int


def step_work(step: Step, program: Program, sizes: Mapping[Symbol, int]) -> StepWork | None:
    """The work of one run of a step; None where a size is only known while running, and for loops and
    branches, whose steps count for themselves."""
    if isinstance(step, Control):
        return None
    try:
        if isinstance(step, Nest):
            return _nest_work(step, program, sizes)
        return StepWork(_equation_flops(step, sizes), _equation_bytes(step.equation, sizes))
    except KeyError:
        return None


def _equation_bytes(equation: Equation, sizes: Mapping[Symbol, int]) -> int:
    values = dict.fromkeys([*equation.inputs, *equation.outputs])
    return sum(dims.evaluate(value.type.size, sizes) * value.type.dtype.itemsize for value in values)


def _equation_flops(
    step: Product | KernelCall | Callback | BindSize, sizes: Mapping[Symbol, int]
) -> int | None:
    equation = step.equation
    if isinstance(step, Product):
        each = 8 if dtypes.is_complex(equation.outputs[0].type.dtype) else 2
        return each * _count(sizes_of(equation)[:4], sizes)
    if isinstance(step, KernelCall):
        types = [operand.type for operand in equation.inputs], [output.type for output in equation.outputs]
        flops = step.op.flops(*types)
        return None if flops is None else dims.evaluate(flops, sizes)
    return 0 if isinstance(step, BindSize) else None


def _count(shape: tuple[Dim, ...], sizes: Mapping[Symbol, int]) -> int:
    total = 1
    for size in shape:
        total *= dims.evaluate(size, sizes)
    return total


def _nest_work(nest: Nest, program: Program, sizes: Mapping[Symbol, int]) -> StepWork:
    flops = 0
    for stage in nest.stages:
        counted: set[Node] = set()
        for member in stage:
            extents = _extents(member, sizes)
            flops += _expression_flops(member.expression, extents, counted)
            if member.reduced and dtypes.is_inexact(member.value.type.dtype):
                flops += _iterations(frozenset(extents), extents)
    return StepWork(flops, _nest_bytes(nest, program, sizes))


def _extents(member: Member, sizes: Mapping[Symbol, int]) -> dict[str, int]:
    return {index_name(axis): dims.evaluate(size, sizes) for axis, size in enumerate(member.domain)}


def _iterations(variables: frozenset[str], extents: Mapping[str, int]) -> int:
    """How often something that depends on these loop variables is computed."""
    total = 1
    for name in variables:
        total *= extents.get(name, 1)
    return total


def _expression_flops(expression: Node, extents: Mapping[str, int], counted: set[Node]) -> int:
    total = 0
    stack = [expression]
    while stack:
        node = stack.pop()
        if node in counted:
            continue
        counted.add(node)
        stack.extend(node.operands)
        if node.kind == "call" and dtypes.is_inexact(node.dtype) and node.data not in _FREE:
            each = _COMPLEX.get(node.data, 1) if dtypes.is_complex(node.dtype) else 1
            total += each * _iterations(node.variables, extents)
    return total


def _nest_bytes(nest: Nest, program: Program, sizes: Mapping[Symbol, int]) -> int:
    made = {member.value for member in nest.members}
    touched: dict[Value, int] = {}
    for member in nest.members:
        extents = _extents(member, sizes)
        for load in loads(member.expression):
            root = program.root(load.data)
            if root not in made:
                whole = dims.evaluate(root.type.size, sizes)
                elements = min(_iterations(load.variables, extents), whole)
                touched[root] = max(touched.get(root, 0), elements)
    read = sum(elements * value.type.dtype.itemsize for value, elements in touched.items())
    stored = [member.value for member in nest.members if member.value in nest.stored]
    return read + sum(dims.evaluate(v.type.size, sizes) * v.type.dtype.itemsize for v in stored)
