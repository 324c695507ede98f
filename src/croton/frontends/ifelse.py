"""`ifelse`: one of two expressions that exist already, of which only the one chosen is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from croton.graph.dims import Dim
from croton.graph.dtypes import BOOL
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.graph import Graph
from croton.graph.values import Constant, EagerValue, TensorType, Value
from croton.ops import base
from croton.ops.arithmetic import where
from croton.ops.base import Array, apply, apply_one
from croton.ops.branch_sizes import OfShape
from croton.ops.comparison import not_equal
from croton.ops.control import Cond, size_carriers
from croton.ops.dimension import dim_of, size_as_number
from croton.ops.test_values import pass_on


def ifelse(condition: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """then_branch if the scalar `condition` holds (is not zero), else else_branch: arrays, or lists of them.

    In a compiled function whatever only the branch not taken needs is not computed. Both branches have
    the same number of arrays, of the same dtypes and ranks; Python numbers take the dtype of the other
    branch. Sizes may differ: which they are is then known only while running. `name` is given to the result.

    Raises:
        ShapeError: the condition is not a scalar, or the branches differ in the number of axes.
        DTypeError: the branches differ in dtype. ValueError: they differ in length. TypeError: one branch
            is a list and the other is not.
    """
    test = base.as_array(condition)
    if base.rank_of(test) != 0:
        raise ShapeError(f"ifelse: the condition must be a scalar, got shape {tuple(base.shape_of(test))}")
    if base.dtype_of(test) != BOOL:
        test = not_equal(test, 0)
    several = isinstance(then_branch, (list, tuple))
    if several != isinstance(else_branch, (list, tuple)):
        raise TypeError("ifelse: both branches must be arrays, or both lists of arrays")
    first = list(then_branch) if several else [then_branch]
    second = list(else_branch) if several else [else_branch]
    if len(first) != len(second):
        raise ValueError(f"ifelse: one branch has {len(first)} results, the other {len(second)}")
    if not first:
        return []
    pairs = [_alike(a, b, number) for number, (a, b) in enumerate(zip(first, second, strict=True))]
    if isinstance(test, (EagerValue, Constant)):
        results = [a if test.data else b for a, b in pairs]
    else:
        results = _chosen(test, [a for a, _ in pairs], [b for _, b in pairs])
    for result in results:
        if name is not None and isinstance(result, Value) and result.owner is not None:
            result.name = name
    return results if several else results[0]


def _alike(first: Any, second: Any, number: int) -> tuple[Array, Array]:
    """Both branches' results as arrays of one dtype and rank."""
    weak = [base.weak_number(entry) is not None for entry in (first, second)]
    if any(weak) and not all(weak):
        a, b = base.as_operands(first, second)
    else:
        a, b = base.as_array(first), base.as_array(second)
    shown = f"ifelse: result {number}"
    if base.dtype_of(a) != base.dtype_of(b):
        raise DTypeError(
            f"{shown} is {base.dtype_of(a).name} in one branch and {base.dtype_of(b).name} in the other; "
            "cast one of them with .astype"
        )
    if base.rank_of(a) != base.rank_of(b):
        raise ShapeError(
            f"{shown} has {base.rank_of(a)} axes in one branch and {base.rank_of(b)} in the other"
        )
    return a, b


def _chosen(test: Array, first: Sequence[Array], second: Sequence[Array]) -> list[Array]:
    """A branch whose sub-graphs hand on operands: rewriting moves into them what only they need."""
    operands = [*first, *second]
    inside = [Value.factory(TensorType(base.dtype_of(array), base.shape_of(array))) for array in operands]
    pass_on(operands, inside)
    shapes = _sizes_taken(test, first, second)
    outputs = [
        value if value.type.shape == shape else base.symbolic(apply_one(OfShape(shape), value))
        for value, shape in zip(inside, shapes * 2, strict=True)
    ]
    equations = [value.owner for value in outputs if value.owner is not None]
    carriers = size_carriers(equations, inside)
    inputs = [*inside, *(Value.factory(carrier.type) for carrier in carriers)]
    branches = (Graph.of(inputs, outputs[: len(first)]), Graph.of(inputs, outputs[len(first) :]))
    return list(apply(Cond(*branches), test, *operands, *carriers))


def _sizes_taken(test: Array, first: Sequence[Array], second: Sequence[Array]) -> list[tuple[Dim, ...]]:
    """The shapes of the results: sizes that may differ between the branches are found while running."""
    found: dict[tuple[Dim, Dim], Dim] = {}

    def size(left: Dim, right: Dim) -> Dim:
        if left == right:
            return left
        if (left, right) not in found:
            taken = where(test, size_as_number(left), size_as_number(right))
            found[left, right] = dim_of(taken)
        return found[left, right]

    pairs = zip(first, second, strict=True)
    return [tuple(map(size, base.shape_of(a), base.shape_of(b))) for a, b in pairs]
