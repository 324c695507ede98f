"""Branches, loops and maps over functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from croton.frontends.control import cond as branch
from croton.frontends.control import scan_loop
from croton.ops.base import building
from croton.ops.shape import stack
from keras.src import tree

from keras_croton.conversion import convert_to_tensor, is_tensor, shape


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """true_fn() if `pred` holds, else false_fn(): nested structures of equal tensors."""
    known = not building.symbolic and not is_tensor(pred)
    if known or not building.symbolic:
        return true_fn() if bool(pred) else false_fn()
    results: list[Any] = []

    def flat(function: Callable[[], Any]) -> Callable[[], list[Any]]:
        def call() -> list[Any]:
            result = function()
            results.append(result)
            return [convert_to_tensor(leaf) for leaf in tree.flatten(result)]

        return call

    leaves = branch(convert_to_tensor(pred), flat(true_fn), flat(false_fn))
    return tree.pack_sequence_as(results[0], leaves)


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """The results of `function` for each element along the first axis, stacked."""
    leaves = [convert_to_tensor(leaf) for leaf in tree.flatten(elements)]
    length = shape(leaves[0])[0]
    if not building.symbolic:
        rows = [
            function(tree.pack_sequence_as(elements, [leaf[position] for leaf in leaves]))
            for position in range(length)
        ]
        return tree.map_structure(lambda *parts: stack([convert_to_tensor(part) for part in parts]), *rows)
    made: list[Any] = []

    def step(state: Any, parts: Any) -> Any:
        result = function(tree.pack_sequence_as(elements, list(parts)))
        made.append(result)
        return state, [convert_to_tensor(leaf) for leaf in tree.flatten(result)]

    _, stacked = scan_loop(step, [], leaves)
    return tree.pack_sequence_as(made[0], stacked)


def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Zeros of a shape with `values` added at `indices` (n, axes)."""
    from croton.ops.indexing import inc_subtensor
    from croton.ops.shape import zeros

    values = convert_to_tensor(values)
    base = zeros(tuple(shape), values.dtype)
    indices = convert_to_tensor(indices)
    return inc_subtensor(base[tuple(indices[..., axis] for axis in range(indices.shape[-1]))], values)
