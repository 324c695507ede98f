"""Einstein summation: parsed, ordered by NumPy's einsum_path, and lowered to matrix products and sums."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.errors import ShapeError
from croton.graph.values import NDArray, TensorType
from croton.loops.expressions import Builder, Node, Operand
from croton.ops import base
from croton.ops.arithmetic import where
from croton.ops.base import Array, ElementOperation
from croton.ops.comparison import equal
from croton.ops.contraction import dot_general
from croton.ops.reduction import sum as sum_over
from croton.ops.shape import broadcast_to, expand_dims, iota, reshape, transpose

ASSUMED_SIZE = 64  # for unknown sizes, when the order of contraction is chosen


@dataclass
class Term:
    """An operand and the letter of each of its axes."""

    array: Array
    labels: list[str]


def einsum(subscripts: object, *operands: object, optimize: object = True) -> Array:
    """NumPy's einsum, as a string of subscripts or as alternating arrays and lists of axis numbers.

    Ellipses, repeated letters and an implicit output are understood. `optimize` is accepted for
    compatibility: the order of contraction is always chosen, for the sizes that are known.

    Raises:
        ValueError: malformed subscripts. ShapeError: sizes of one letter differ.
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists(subscripts, operands)
    arrays = base.as_operands(*operands)
    inputs, output = _parse(subscripts, [base.rank_of(array) for array in arrays])
    terms = [Term(array, list(labels)) for array, labels in zip(arrays, inputs, strict=True)]
    sizes = _sizes(terms, subscripts)
    terms = [_drop_stretched(_take_diagonals(term, subscripts), sizes) for term in terms]
    for positions in _order(terms, output, sizes):
        chosen = [terms.pop(position) for position in sorted(positions, reverse=True)][::-1]
        needed = set(output).union(*(term.labels for term in terms)) if terms else set(output)
        terms.append(_combine(chosen, needed))
    return _arrange(terms[0], output, sizes)


def _from_lists(first: object, rest: Sequence[object]) -> tuple[str, tuple[object, ...]]:
    """einsum(x, [0, 1], y, [1, 2], [0, 2]) as subscripts and operands."""
    entries = [first, *rest]
    output = entries.pop() if len(entries) % 2 else None
    letters = string.ascii_letters

    def spell(axes: Any) -> str:
        return "".join("..." if axis is Ellipsis else letters[axis] for axis in axes)

    text = ",".join(spell(axes) for axes in entries[1::2])
    if output is not None:
        text += "->" + spell(output)
    return text, tuple(entries[::2])


def _parse(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """Letters of every operand and of the output; axes under an ellipsis get letters of their own."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(ranks):
        raise ValueError(f"einsum: {subscripts!r} names {len(parts)} operands, got {len(ranks)}")
    for part in (*parts, right):
        if set(part.replace("...", "", 1)) - set(string.ascii_letters):
            raise ValueError(f"einsum: {part!r} in {subscripts!r} is not made of letters and one ellipsis")
    unused = [letter for letter in string.ascii_letters if letter not in text]
    hidden = [_hidden(part, rank, subscripts) for part, rank in zip(parts, ranks, strict=True)]
    most = max(hidden, default=0)
    if most > len(unused):
        raise ValueError(f"einsum: {subscripts!r} needs more letters than there are")
    dots = "".join(unused[:most])
    inputs = [part.replace("...", dots[most - count :]) for part, count in zip(parts, hidden, strict=True)]
    if not arrow:
        letters = "".join(parts).replace(".", "")
        once = sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        return inputs, dots + "".join(once)
    output = right.replace("...", dots)
    if most and "..." not in right:
        raise ValueError(f"einsum: the output of {subscripts!r} lacks the ellipsis of its operands")
    if len(set(output)) != len(output):
        raise ValueError(f"einsum: the output of {subscripts!r} repeats a letter")
    missing = set(output) - set("".join(inputs)) - set(dots)
    if missing:
        raise ValueError(f"einsum: in {subscripts!r} the output has {sorted(missing)}, which no operand has")
    return inputs, output


def _hidden(part: str, rank: int, subscripts: str) -> int:
    """How many axes an ellipsis stands for."""
    letters = len(part.replace("...", ""))
    if "..." in part and rank >= letters:
        return rank - letters
    if letters != rank:
        raise ValueError(f"einsum: {part!r} in {subscripts!r} names {letters} axes, the operand has {rank}")
    return 0


def _sizes(terms: Sequence[Term], subscripts: str) -> dict[str, Dim]:
    """The size of each letter: of the first operand whose axis is not 1, since 1 broadcasts."""
    sizes: dict[str, Dim] = {}
    for term in terms:
        for label, size in zip(term.labels, base.shape_of(term.array), strict=True):
            known = sizes.get(label, 1)
            if known == 1:
                sizes[label] = size
            elif isinstance(known, int) and isinstance(size, int) and size not in (1, known):
                raise ShapeError(f"einsum: {subscripts!r}: sizes {known} and {size} of {label!r} differ")
    return sizes


def _take_diagonals(term: Term, subscripts: str) -> Term:
    """A term none of whose letters repeats: repeated ones become the diagonal."""
    array, labels = term.array, term.labels
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            shape = base.shape_of(array)
            if (
                isinstance(shape[first], int)
                and isinstance(shape[second], int)
                and shape[first] != shape[second]
            ):
                raise ShapeError(
                    f"einsum: {subscripts!r}: sizes {shape[first]} and {shape[second]} of {label!r} differ"
                )
            array = take_diagonal(array, first, second)
            labels = [entry for position, entry in enumerate(labels) if position != second]
    return Term(array, labels)


def take_diagonal(array: Array, first: int, second: int) -> Array:
    """Elements whose indices on two axes of one size are equal; the second axis vanishes."""
    return base.apply_one(TakeDiagonal(first, second), array)


class TakeDiagonal(ElementOperation):
    """Elements whose indices on axes `first` < `second` are equal; the second axis vanishes."""

    first: int
    second: int
    name = "take_diagonal"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        shape = list(operands[0].shape)
        dropped = shape.pop(self.second)
        shape[self.first] = dims.require_equal(shape[self.first], dropped, "diagonal: sizes of both axes")
        return (TensorType(operands[0].dtype, tuple(shape)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        diagonal = np.diagonal(operands[0], axis1=self.first, axis2=self.second)
        return (np.moveaxis(diagonal, -1, self.first),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        """The cotangent on the diagonal, 0 elsewhere."""
        shape = base.shape_of(operands[0])
        rows = reshape(iota(shape[self.first]), _column(shape, self.first))
        columns = reshape(iota(shape[self.second]), _column(shape, self.second))
        spread = broadcast_to(expand_dims(cotangents[0], self.second), shape)
        return [where(equal(rows, columns), spread, base.cast(0, base.dtype_of(spread)))]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        source = list(index)
        source.insert(self.second, index[self.first])
        return operands[0].at(source)


def _column(shape: dims.Shape, axis: int) -> tuple[Dim, ...]:
    return tuple(size if position == axis else 1 for position, size in enumerate(shape))


def _drop_stretched(term: Term, sizes: dict[str, Dim]) -> Term:
    """The term without axes of size 1 whose letter has another size elsewhere."""
    shape = base.shape_of(term.array)
    kept = [
        a
        for a, (label, size) in enumerate(zip(term.labels, shape, strict=True))
        if size != 1 or sizes[label] == 1
    ]
    if len(kept) == len(shape):
        return term
    return Term(reshape(term.array, tuple(shape[a] for a in kept)), [term.labels[a] for a in kept])


def _order(terms: Sequence[Term], output: str, sizes: dict[str, Dim]) -> list[tuple[int, ...]]:
    """Which terms are combined in turn; the result goes to the end of the list."""
    if len(terms) <= 2:
        return [tuple(range(len(terms)))]
    shown = [tuple(_assumed(sizes[label]) for label in term.labels) for term in terms]
    text = (
        ",".join("".join(term.labels) for term in terms)
        + "->"
        + "".join(label for label in output if any(label in term.labels for term in terms))
    )
    arrays = [np.broadcast_to(np.empty((), np.int8), shape) for shape in shown]
    path: list[Any] = np.einsum_path(text, *arrays, optimize="optimal" if len(terms) <= 4 else "greedy")[0]
    steps: list[tuple[int, ...]] = []
    for step in path[1:]:
        steps += _pairwise(step, len(terms) - sum(len(previous) - 1 for previous in steps))
    return steps


def _pairwise(step: Sequence[int], count: int) -> list[tuple[int, ...]]:
    """A step over many terms as steps over two: the first two, then each other one with their result."""
    positions = sorted(step)
    steps: list[tuple[int, ...]] = [tuple(positions[:2])]
    remaining = [position - 2 for position in positions[2:]]
    while remaining:
        count -= 1
        steps.append((remaining.pop(0), count - 1))
        remaining = [position - 1 for position in remaining]
    return steps


def _assumed(size: Dim) -> int:
    return max(size, 1) if isinstance(size, int) else ASSUMED_SIZE


def _combine(chosen: Sequence[Term], needed: set[str]) -> Term:
    """One term of one or two, with the letters nobody else needs summed over."""
    alone = [_sum_out(term, needed.union(*(o.labels for o in chosen if o is not term))) for term in chosen]
    if len(alone) == 1:
        return alone[0]
    left, right = alone
    shared = [label for label in left.labels if label in right.labels]
    contracted = [label for label in shared if label not in needed]
    batched = [label for label in shared if label in needed]
    product = dot_general(
        left.array,
        right.array,
        (_positions(left, contracted), _positions(right, contracted)),
        (_positions(left, batched), _positions(right, batched)),
    )
    free = [[label for label in term.labels if label not in shared] for term in (left, right)]
    return Term(product, [*batched, *free[0], *free[1]])


def _positions(term: Term, labels: Sequence[str]) -> tuple[int, ...]:
    return tuple(term.labels.index(label) for label in labels)


def _sum_out(term: Term, needed: set[str]) -> Term:
    """The term summed over letters that only it has, in its own dtype as NumPy's einsum sums."""
    axes = tuple(position for position, label in enumerate(term.labels) if label not in needed)
    if not axes:
        return term
    summed = sum_over(term.array, axes, dtype=base.dtype_of(term.array))
    return Term(summed, [label for label in term.labels if label in needed])


def _arrange(term: Term, output: str, sizes: dict[str, Dim]) -> Array:
    """The term's axes in the order of the output; letters that all operands had with size 1 come back."""
    term = _sum_out(term, set(output))
    present = [label for label in output if label in term.labels]
    array = transpose(term.array, tuple(term.labels.index(label) for label in present))
    if len(present) == len(output):
        return array
    return reshape(array, tuple(sizes.get(label, 1) for label in output))
