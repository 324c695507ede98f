"""Branches, loops and maps of functions of nested structures of tensors.

While a function is traced they become branches and loops of its graph; eager tensors go through Python's own.
In both, the state of a loop keeps its dtypes. Leaves that are None stay None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.src import tree

from croton.frontends import control
from croton.graph.dims import Expression
from croton.graph.values import Constant, Value
from croton.ops import base, comparison, creation
from croton.ops.rearranging import flip, moveaxis
from croton.ops.shape import concatenate, expand_dims, reshape, squeeze, stack
from keras_croton.conversion import cast, convert_to_tensor, shape

Function = Callable[..., Any]


def _leaves(structure: Any) -> list[Any]:
    """The leaves as tensors, without those that are None."""
    return [convert_to_tensor(leaf) for leaf in tree.flatten(structure) if leaf is not None]


def _packed(structure: Any, leaves: Sequence[Any]) -> Any:
    """A structure like the given one with other leaves; None stays where it was."""
    left = iter(leaves)
    filled = [None if leaf is None else next(left) for leaf in tree.flatten(structure)]
    return tree.pack_sequence_as(structure, filled)


def _traced(leaves: Sequence[Any]) -> bool:
    """Whether loops over these become part of a graph."""
    return base.building.symbolic or any(
        isinstance(leaf, Value) and not isinstance(leaf, Constant) for leaf in leaves
    )


def _known(scalar: Any) -> Any:
    """The number in a scalar, or None where it is only known when the compiled function runs."""
    array = base.symbolic(scalar) if base.building.symbolic else scalar
    return array.data.item() if hasattr(array, "data") else None


class _Flat:
    """A function of structures as one of lists of their leaves; remembers what its results look like."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self.result: Any = None

    def __call__(self, *arguments: Any) -> list[Any]:
        self.result = self._function(*arguments)
        return _leaves(self.result)


def cond(pred: Any, true_fn: Function, false_fn: Function) -> Any:
    """true_fn() if the bool scalar `pred` holds, else false_fn().

    A branch may assign variables. Where `pred` is only known later, both functions are traced.

    Raises:
        DTypeError, ShapeError: the branches return arrays of other types.
        ValueError: they return other structures.
    """
    test = convert_to_tensor(pred)
    known = _known(test)
    if known is not None:
        return true_fn() if known else false_fn()
    first, second = _Flat(true_fn), _Flat(false_fn)
    results = control.cond(test, first, second)
    if len(tree.flatten(first.result)) != len(tree.flatten(second.result)):
        raise ValueError(f"cond: the branches return {first.result} and {second.result}")
    return _packed(first.result, results)


def switch(index: Any, branches: Sequence[Function], *operands: Any) -> Any:
    """branches[index](*operands); an index outside stands for the nearest branch."""
    number = convert_to_tensor(index)
    known = _known(number)
    if known is not None:
        return branches[min(max(int(known), 0), len(branches) - 1)](*operands)

    def choose(first: int, last: int) -> Any:
        if first == last:
            return branches[first](*operands)
        middle = (first + last) // 2
        return cond(
            comparison.less_equal(number, middle),
            lambda: choose(first, middle),
            lambda: choose(middle + 1, last),
        )

    return choose(0, len(branches) - 1)


def while_loop(cond: Function, body: Function, loop_vars: Any, maximum_iterations: Any = None) -> Any:
    """Repeats `loop_vars = body(*loop_vars)` while `cond(*loop_vars)` holds, and at most so many times.

    The body may assign variables. Returns the last `loop_vars`: a tuple if they are a tuple or a list, else
    the single structure.
    """
    several = isinstance(loop_vars, (tuple, list))
    given = tuple(loop_vars) if several else (loop_vars,)
    state = _leaves(given)
    if not _traced(state):
        final = _while_eager(cond, body, given, state, maximum_iterations)
    else:

        def flat_body(*leaves: Any) -> list[Any]:
            result = body(*_packed(given, leaves))
            return _leaves(tuple(result) if several else (result,))

        final = control.while_loop(
            lambda *leaves: convert_to_tensor(cond(*_packed(given, leaves))),
            flat_body,
            state,
            maximum_iterations,
        )
    results = _packed(given, final)
    return tuple(results) if several else results[0]


def _while_eager(
    cond: Function, body: Function, given: tuple[Any, ...], state: list[Any], maximum_iterations: Any
) -> list[Any]:
    dtypes = [base.dtype_of(leaf) for leaf in state]
    steps = 0
    while (maximum_iterations is None or steps < maximum_iterations) and bool(cond(*_packed(given, state))):
        result = body(*_packed(given, state))
        state = _kept(dtypes, tuple(result) if isinstance(result, (tuple, list)) else (result,))
        steps += 1
    return state


def _kept(dtypes: Sequence[Any], result: Any) -> list[Any]:
    """The leaves of a loop's new state in the dtypes of the old one."""
    leaves = _leaves(result)
    if len(leaves) != len(dtypes):
        raise ValueError(
            f"the body of a loop must return {len(dtypes)} tensors, as it was given; got {result}"
        )
    return [base.cast(leaf, dtype) for leaf, dtype in zip(leaves, dtypes, strict=True)]


def fori_loop(lower: Any, upper: Any, body_fun: Function, init_val: Any) -> Any:
    """Repeats `value = body_fun(i, value)` for the int32 numbers i from `lower` to `upper`, exclusively."""
    state = _leaves(init_val)
    known = all(isinstance(bound, (int, Expression)) for bound in (lower, upper))
    if not _traced([*state, *_leaves((lower, upper))]):
        dtypes = [base.dtype_of(leaf) for leaf in state]
        for number in range(int(lower), int(upper)):
            state = _kept(dtypes, body_fun(convert_to_tensor(number), _packed(init_val, state)))
    elif known:

        def step(leaves: list[Any], number: Any) -> tuple[list[Any], None]:
            return _leaves(body_fun(number, _packed(init_val, leaves))), None

        state = control.scan_loop(step, state, creation.arange(lower, upper, dtype="int32"))[0]
    else:
        begin, end = (cast(convert_to_tensor(bound), "int32") for bound in (lower, upper))

        def body(number: Any, *leaves: Any) -> list[Any]:
            return [number + 1, *_leaves(body_fun(number, _packed(init_val, leaves)))]

        state = control.while_loop(lambda number, *_: comparison.less(number, end), body, [begin, *state])[1:]
    return _packed(init_val, state)


def scan(
    f: Function, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False, unroll: Any = 1
) -> tuple[Any, Any]:
    """(carry, y) = f(carry, x) for each x along the first axis of `xs`, starting from `init`.

    Without `xs`, `length` times with None. `f` may assign variables. Returns the last carry, and the y
    stacked along a new first axis; `reverse` goes from the last x to the first. `unroll` is accepted and left
    to the compiler.

    Raises:
        TypeError: `f` is not callable.
        ValueError: `unroll` is not a bool or a positive int, there is neither `xs` nor `length`, or lengths
            differ.
    """
    if not callable(f):
        raise TypeError(f"`f` should be a callable. Received: f={f}")
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(f"`unroll` must be an positive integer or boolean. Received: unroll={unroll}")
    state, sequences = _leaves(init), _leaves(xs)
    count = _common_length(sequences, length)
    y: list[Any] = []

    def step(leaves: list[Any], elements: list[Any]) -> tuple[list[Any], list[Any]]:
        carry, result = f(_packed(init, leaves), _packed(xs, elements))
        y[:] = [result]
        return _leaves(carry), _leaves(result)

    if _traced([*state, *sequences]) or count == 0:
        state, stacked = control.scan_loop(step, state, sequences, count, reverse)
        return _packed(init, state), _packed(y[0], stacked)
    dtypes = [base.dtype_of(leaf) for leaf in state]
    rows: list[list[Any]] = []
    for position in reversed(range(count)) if reverse else range(count):
        carry, row = step(state, [sequence[position] for sequence in sequences])
        state = _kept(dtypes, carry)
        rows.append(row)
    if reverse:
        rows.reverse()
    stacked = [stack(parts) for parts in zip(*rows, strict=True)]
    return _packed(init, state), _packed(y[0], stacked)


def _common_length(sequences: Sequence[Any], length: Any) -> Any:
    """The size of the first axis of all sequences, or the given length."""
    sizes = [shape(sequence)[0] for sequence in sequences]
    known = {int(size) for size in [*sizes, length] if size is not None and not isinstance(size, Expression)}
    if len(known) > 1:
        raise ValueError(f"`xs` must have one length. Received: lengths {sizes} and length={length}")
    if length is None and not sizes:
        raise ValueError("Got no `xs` to scan over and `length` not provided.")
    return next(iter(known), sizes[0] if sizes else length)


def map(f: Function, xs: Any) -> Any:
    """The results of `f` for each element along the first axis, stacked."""
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


def vectorized_map(function: Function, elements: Any) -> Any:
    """The results of `function` for each element along the first axis, stacked.

    In a compiled function all elements are computed at once where that is faster.
    """
    return map(function, elements)


def associative_scan(f: Function, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Prefixes of the elements along an axis for an associative function: f(...f(f(e0, e1), e2)..., ei).

    `f` takes two structures like `elems` of any size along the axis, and combines them element by element.
    Eagerly it is called some 2 log2(n) times; in a compiled function once for each element, in a loop.
    `reverse` begins with the last element.

    Raises:
        ValueError: sizes along the axis differ.
    """
    leaves = _leaves(elems)
    axes = [axis % base.rank_of(leaf) for leaf in leaves]
    sizes = [shape(leaf)[position] for leaf, position in zip(leaves, axes, strict=True)]
    if len({size for size in sizes if isinstance(size, int)}) > 1:
        shapes = [tuple(shape(leaf)) for leaf in leaves]
        raise ValueError(
            "Array inputs to associative_scan must have the same first dimension, or size along `axis`. "
            f"Received: axis={axis} and shapes {shapes}"
        )

    def combine(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
        return _leaves(f(_packed(elems, first), _packed(elems, second)))

    if _traced(leaves):
        return _packed(elems, _prefixes_in_a_loop(combine, leaves, axes, reverse))
    if reverse:
        leaves = [flip(leaf, position) for leaf, position in zip(leaves, axes, strict=True)]
    found = _prefixes(combine, leaves, axes, sizes[0])
    if reverse:
        found = [flip(leaf, position) for leaf, position in zip(found, axes, strict=True)]
    return _packed(elems, found)


Combine = Callable[[Sequence[Any], Sequence[Any]], list[Any]]


def _prefixes_in_a_loop(combine: Combine, leaves: list[Any], axes: list[int], reverse: bool) -> list[Any]:
    """One element after the other."""
    last = -1 if reverse else 0
    start = [
        _part(leaf, position, slice(last, last + 1 or None))
        for leaf, position in zip(leaves, axes, strict=True)
    ]
    rest = [
        moveaxis(_part(leaf, position, slice(None, -1) if reverse else slice(1, None)), position, 0)
        for leaf, position in zip(leaves, axes, strict=True)
    ]

    def step(state: list[Any], elements: list[Any]) -> tuple[list[Any], list[Any]]:
        new = combine(
            state, [expand_dims(element, position) for element, position in zip(elements, axes, strict=True)]
        )
        return new, [squeeze(leaf, position) for leaf, position in zip(new, axes, strict=True)]

    _, stacked = control.scan_loop(step, start, rest, reverse=reverse)
    results = []
    for first, others, position in zip(start, stacked, axes, strict=True):
        parts = [first, moveaxis(others, 0, position)]
        results.append(concatenate(parts[::-1] if reverse else parts, position))
    return results


def _prefixes(combine: Combine, leaves: list[Any], axes: list[int], size: int) -> list[Any]:
    """Pairs are combined first; prefixes of these are half of the result and give the other half."""
    if size < 2:
        return leaves

    def part(arrays: list[Any], *bounds: int | None) -> list[Any]:
        return [_part(array, position, slice(*bounds)) for array, position in zip(arrays, axes, strict=True)]

    pairs = combine(part(leaves, 0, size - 1, 2), part(leaves, 1, None, 2))
    odd = _prefixes(combine, pairs, axes, size // 2)
    first = part(leaves, 0, 1)
    if size == 2:
        even = first
    else:
        others = combine(part(odd, 0, (size - 1) // 2), part(leaves, 2, None, 2))
        even = [concatenate(both, position) for *both, position in zip(first, others, axes, strict=True)]
    return [_alternating(*parts) for parts in zip(even, odd, axes, strict=True)]


def _alternating(even: Any, odd: Any, axis: int) -> Any:
    """Elements of the two by turns; `even` may have one more."""
    count = shape(odd)[axis]
    paired = stack([_part(even, axis, slice(0, count)), odd], axis + 1)
    sizes = shape(odd)
    result = reshape(paired, (*sizes[:axis], 2 * count, *sizes[axis + 1 :]))
    return concatenate([result, _part(even, axis, slice(count, None))], axis)


def _part(array: Any, axis: int, bounds: slice) -> Any:
    return array[(slice(None),) * axis + (bounds,)]
