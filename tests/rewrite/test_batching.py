"""Each operation done for all steps at once gives the steps' results below one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import croton.tensor as T
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.graph.values import Value
from croton.ops.base import apply_one, building_graphs
from croton.ops.contraction import Contract
from croton.rewrite.batching import Batcher, Stacked, can_batch

STEPS = 4
RNG = np.random.default_rng(0)

CASES: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "elementwise": (lambda a, b: T.sin(a) * b, ((2, 3), (2, 3))),
    "broadcast": (lambda a, b: a + b, ((3,), (2, 3))),
    "scalars": (lambda a, b: a * b, ((), (2,))),
    "where": (lambda a, b: T.where(a > 0, a, b), ((2, 3), (3,))),
    "cast": (lambda a, b: T.cast(a, "int32") + T.cast(b, "int32"), ((2,), (2,))),
    "reshape": (lambda a, b: T.reshape(a, (3, 2)) + b, ((2, 3), (3, 2))),
    "transpose": (lambda a, b: T.transpose(a) + b, ((2, 3), (3, 2))),
    "broadcast_to": (lambda a, b: T.broadcast_to(a, (4, 3)) + T.broadcast_to(b, (4, 3)), ((3,), (4, 1))),
    "concatenate": (lambda a, b: T.concatenate([a, b], axis=1), ((2, 3), (2, 1))),
    "slice": (lambda a, b: a[::-1, 1:] + b[:, :2], ((2, 3), (2, 4))),
    "reduce": (lambda a, b: T.sum(a, axis=0) + T.max(b, axis=0), ((2, 3), (4, 3))),
    "matrices": (lambda a, b: T.dot(a, b), ((2, 3), (3, 5))),
    "vector": (lambda a, b: T.dot(a, b), ((3,), (3, 5))),
    "batch": (lambda a, b: T.matmul(a, b), ((2, 4, 3), (2, 3, 5))),
}
for left in (False, True):
    for right in (False, True):
        CASES[f"contract-{left}-{right}"] = (
            lambda a, b, left=left, right=right: apply_one(Contract(left, right), a, b),
            ((1, 3, 2) if left else (1, 2, 3), (1, 5, 3) if right else (1, 3, 5)),
        )


@pytest.mark.parametrize("varying", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("name", CASES)
def test_all_steps_at_once(name: str, varying: tuple[bool, bool]) -> None:
    build, shapes = CASES[name]
    inside = [T.tensor("float64", shape=shape) for shape in shapes]
    outside = [
        T.tensor("float64", shape=(STEPS, *shape) if varies else shape)
        for shape, varies in zip(shapes, varying, strict=True)
    ]
    arrays = [RNG.normal(size=value.type.shape) for value in outside]
    with building_graphs():
        graph = Graph.of(inside, [build(*inside)])
        known = {i: Stacked(o, v) for i, o, v in zip(inside, outside, varying, strict=True)}
        changing = {value for value, varies in zip(inside, varying, strict=True) if varies}
        for equation in graph.equations:
            if any(operand in changing for operand in equation.inputs):
                changing.update(equation.outputs)
        if not all(can_batch(equation, changing.__contains__) for equation in graph.equations):
            assert name == "batch"  # nothing is gained where a batch meets one operand for all steps
            return
        (output,) = graph.outputs
        batched = Batcher(STEPS, known).compute(output)
    (found,) = interpret(Graph.of(outside, [batched]), arrays)
    for step in range(STEPS):
        given = [array[step] if varies else array for array, varies in zip(arrays, varying, strict=True)]
        np.testing.assert_allclose(found[step], interpret(graph, given)[0], rtol=1e-12)


def test_operations_without_a_rule() -> None:
    x = T.tensor("float64", shape=(3,))
    value: Value = T.cumsum(x)
    assert value.owner is not None
    assert not can_batch(value.owner, lambda _: True)
