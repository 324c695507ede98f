"""Branches and loops."""

from __future__ import annotations

from typing import Any

from keras.src.utils.module_utils import tensorflow as tf

from croton.graph.values import Equation
from croton.ops.control import Cond, Scan, While
from keras_croton.tensorflow_graphs.translation import Tensor, Translation, rule


@rule(Cond)
def cond(translation: Translation, op: Cond, operands: list[Tensor], equation: Equation) -> Any:
    """One of two graphs."""
    predicate, *rest = operands
    return tf.nest.flatten(
        tf.cond(
            predicate,
            lambda: tuple(translation.inner(op.chosen, rest)),
            lambda: tuple(translation.inner(op.other, rest)),
        )
    )


@rule(While)
def while_loop(translation: Translation, op: While, operands: list[Tensor], equation: Equation) -> Any:
    """A body as long as a condition holds."""
    states, captured = operands[: op.states], operands[op.states :]

    def condition(steps: Tensor, *now: Tensor) -> Tensor:
        return translation.inner(op.condition, [*now, *captured])[0]

    def body(steps: Tensor, *now: Tensor) -> tuple[Tensor, ...]:
        return (steps + 1, *translation.inner(op.body, [*now, *captured]))

    steps, *final = tf.while_loop(condition, body, (tf.constant(0, "int64"), *states))
    return [*final, steps]


@rule(Scan)
def scan(translation: Translation, op: Scan, operands: list[Tensor], equation: Equation) -> Any:
    """Steps over rows of sequences, whose results are stacked."""
    length = tf.cast(translation.size(op.length), "int64")
    states = operands[: op.states]
    sequences = operands[op.states : op.states + op.sequences]
    captured = operands[op.states + op.sequences :]
    reads = [(translation.size(start), step) for start, step in op.places_read()]
    results = op.body.outputs[op.states :]
    arrays = [
        tf.TensorArray(tf.as_dtype(value.type.dtype), tf.cast(length, "int32"), element_shape=_known(value))
        for value in results
    ]

    def condition(step: Tensor, *rest: Any) -> Tensor:
        return step < length

    def body(step: Tensor, now: tuple[Tensor, ...], made: tuple[Any, ...]) -> Any:
        position = length - 1 - step if op.reverse else step
        elements = [
            tf.gather(sequence, start + position * apart)
            for sequence, (start, apart) in zip(sequences, reads, strict=True)
        ]
        outputs = translation.inner(op.body, [*now, *elements, *captured])
        place = tf.cast(position, "int32")
        written = [array.write(place, part) for array, part in zip(made, outputs[op.states :], strict=True)]
        return step + 1, tuple(outputs[: op.states]), tuple(written)

    _, final, made = tf.while_loop(condition, body, (tf.constant(0, "int64"), tuple(states), tuple(arrays)))
    stacked = []
    for array, rows in zip(made, op.rows_kept(), strict=True):
        whole = array.stack()
        if rows != op.length:
            kept = tf.cast(translation.size(rows), "int64")
            whole = whole[:kept] if op.reverse else whole[length - kept :]
        stacked.append(whole)
    return [*final, *stacked]


def _known(value: Any) -> list[int | None]:
    return [size if isinstance(size, int) else None for size in value.type.shape]
