"""Recurrent layers as compiled loops.

Every loop is a scan along a leading axis of time. Products of inputs and kernels are computed for all time
steps at once, before the loop: here for the layers known by name, by the compiler for other cells where that
pays. Biases are added in the loop, which reads what they are added to anyway.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from keras.src import tree
from keras.src.backend.common.stateless_scope import StatelessScope, in_stateless_scope

import croton.tensor as T
from croton.frontends.control import scan_loop
from croton.frontends.trace import tracing
from croton.frontends.variables import TensorVariable
from croton.graph.values import TensorType
from croton.ops import base
from keras_croton.conversion import cast, convert_to_tensor, shape

Activation = Callable[[Any], Any]


def cudnn_ok(*args: Any, **kwargs: Any) -> bool:
    """Whether a GPU's kernel could be used: never."""
    return False


def rnn(
    step_function: Callable[[Any, Any], tuple[Any, Any]],
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence[Any] | None = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, Any]:
    """Runs (output, states) = step_function(inputs at a time, (*states, *constants)) over the axis of time.

    inputs: a tensor (batch, time, ...), or (time, batch, ...) if `time_major`, or a structure of them.
    initial_states: a list or tuple of tensors or of structures of them.
    mask: (batch, time) or (batch, time, features), in the order of axes of the inputs. Where nothing of it
        is true the states stay as they were, and the output is zero if `zero_output_for_mask`, else the one
        of the step before. Before the first step that is the state which holds outputs, or zero without one.
    go_backwards: whether the steps start at the last time.
    unroll: whether to write every step out; this needs a known number of steps.
    input_length: not needed, since the inputs tell.

    Returns:
        The last output; the outputs in the order of the steps, along the axis of time of the inputs (only the
        last one unless `return_all_outputs`); the last states, in the structure of the initial ones.

    Raises:
        ValueError: unroll is asked for and the number of steps is unknown or zero, or the mask does not fit.
    """
    leaves = [convert_to_tensor(leaf) for leaf in tree.flatten(inputs)]
    skipped = None if mask is None else _skipped(convert_to_tensor(mask))
    if not time_major:
        leaves = [T.swapaxes(leaf, 0, 1) for leaf in leaves]
        skipped = None if skipped is None else T.swapaxes(skipped, 0, 1)
    if skipped is not None:
        _check_mask(shape(skipped)[:2], shape(leaves[0])[:2])
    loop = _Loop(step_function, inputs, initial_states, list(constants or ()), zero_output_for_mask)
    states = [convert_to_tensor(state) for state in tree.flatten(initial_states)]
    run = loop.unrolled if unroll else loop.scanned
    with contextlib.nullcontext() if in_stateless_scope() else StatelessScope():
        last, outputs, states = run(states, leaves, skipped, go_backwards)
    if not return_all_outputs:
        outputs = T.expand_dims(last, 0)
    if not time_major:
        outputs = T.swapaxes(outputs, 0, 1)
    return last, outputs, tree.pack_sequence_as(initial_states, states)


def _skipped(mask: Any) -> Any:
    """True where a step is to leave the states alone; at least one axis follows those of batch and time."""
    mask = cast(mask, "bool")
    if base.rank_of(mask) == 2:
        mask = T.expand_dims(mask, -1)
    return T.logical_not(T.any(mask, axis=-1, keepdims=True))


def _check_mask(received: Sequence[Any], expected: Sequence[Any]) -> None:
    """Raises ValueError unless times and entries of a mask, as far as known, are those of the inputs."""
    fits = [
        own == size or not (isinstance(own, int) and isinstance(size, int))
        for own, size in zip(received, expected, strict=True)
    ]
    if not fits[0] or not (fits[1] or received[1] == 1):
        raise ValueError(
            f"mask: expected {expected[0]} time steps and a batch of {expected[1]} as inputs have. "
            f"Received: {received[0]} time steps and a batch of {received[1]}"
        )


class _Loop:
    """A step on flat lists of tensors, and the ways to repeat it."""

    def __init__(
        self,
        step: Callable[[Any, Any], tuple[Any, Any]],
        inputs: Any,
        states: Any,
        constants: list[Any],
        zeros: bool,
    ) -> None:
        self.step = step
        self.inputs = inputs
        self.states = states
        self.constants = constants
        self.zeros = zeros

    def call(self, states: Sequence[Any], elements: Sequence[Any]) -> tuple[Any, list[Any]]:
        """The output of a step and the new states."""
        before = (*tree.pack_sequence_as(self.states, list(states)), *self.constants)
        output, after = self.step(tree.pack_sequence_as(self.inputs, list(elements)), before)
        return output, tree.flatten(after)

    def masked(
        self, states: Sequence[Any], elements: Sequence[Any], skipped: Any, previous: Any
    ) -> tuple[Any, list[Any]]:
        """Likewise, except for the entries of a batch that are to skip the step."""
        output, after = self.call(states, elements)
        kept = [_where(skipped, old, new) for old, new in zip(states, after, strict=True)]
        if self.zeros:
            return _where(skipped, T.zeros_like(output), output), kept
        place = _place(output, after)
        if place is not None:  # the output of the step before is among the states
            return kept[place], kept
        return _where(skipped, T.zeros_like(output) if previous is None else previous, output), kept

    def unrolled(
        self, states: list[Any], leaves: list[Any], skipped: Any, backwards: bool
    ) -> tuple[Any, Any, list[Any]]:
        """The last output, the stacked outputs and the last states, by as many steps one after the other."""
        length = shape(leaves[0])[0]
        if not isinstance(length, int) or length == 0:
            raise ValueError(f"Unrolling requires a fixed number of timesteps. Received: {length}")
        outputs: list[Any] = []
        for time in reversed(range(length)) if backwards else range(length):
            elements = [leaf[time] for leaf in leaves]
            if skipped is None:
                output, states = self.call(states, elements)
            else:
                output, states = self.masked(
                    states, elements, skipped[time], outputs[-1] if outputs else None
                )
            outputs.append(output)
        return outputs[-1], T.stack(outputs), states

    def scanned(
        self, states: list[Any], leaves: list[Any], skipped: Any, backwards: bool
    ) -> tuple[Any, Any, list[Any]]:
        """The same by a loop."""
        count = len(states)
        if skipped is None:

            def step(before: list[Any], elements: list[Any]) -> tuple[list[Any], Any]:
                output, after = self.call(before, elements)
                return after, output

            after, outputs = scan_loop(step, states, leaves, reverse=backwards)
        else:

            def masked(before: list[Any], elements: list[Any]) -> tuple[list[Any], Any]:
                previous = before[count] if len(before) > count else None
                output, after = self.masked(before[:count], elements[:-1], elements[-1], previous)
                return [*after, output] if previous is not None else after, output

            after, outputs = scan_loop(
                masked, [*states, *self.carried(states, leaves)], [*leaves, skipped], reverse=backwards
            )
        if backwards:
            outputs = T.flip(outputs, 0)
        return outputs[-1], outputs, after[:count]

    def carried(self, states: list[Any], leaves: list[Any]) -> list[Any]:
        """The output before the first step, if masked steps repeat it and no state holds it."""
        if self.zeros:
            return []
        with tracing(), StatelessScope():
            inside = [_stand_in(state, 0) for state in states]
            output, after = self.call(inside, [_stand_in(leaf, 1) for leaf in leaves])
            held = _place(output, after) is not None
            kind, sizes = base.dtype_of(output), base.shape_of(output)
        return [] if held else [T.zeros(sizes, kind)]


def _stand_in(array: Any, axes: int) -> Any:
    """What stands for an array, or for its elements, where only types matter."""
    return TensorVariable(TensorType(base.dtype_of(array), base.shape_of(array)[axes:]))


def _place(output: Any, states: Sequence[Any]) -> int | None:
    """Which of the states the output is."""
    return next((position for position, state in enumerate(states) if state is output), None)


def _where(skipped: Any, old: Any, new: Any) -> Any:
    """The old value for entries of the batch that skip a step; `skipped` is (batch, 1)."""
    missing = base.rank_of(new) - base.rank_of(skipped)
    return T.where(T.expand_dims(skipped, tuple(range(-missing, 0))) if missing > 0 else skipped, old, new)


def lstm(
    inputs: Any,
    initial_state_h: Any,
    initial_state_c: Any,
    mask: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    activation: Activation,
    recurrent_activation: Activation,
    return_sequences: bool = False,
    go_backwards: bool = False,
    unroll: bool = False,
) -> tuple[Any, Any, list[Any]]:
    """A layer of long short-term memory over inputs (batch, time, features).

    The kernels hold the gates in the order input, forget, candidate, output. Returns what `rnn` does.

    Raises:
        NotImplementedError: there is a mask, or the loop is to be unrolled; `rnn` does these.
    """
    if mask is not None or unroll:
        raise NotImplementedError
    kernel, recurrent_kernel = convert_to_tensor(kernel), convert_to_tensor(recurrent_kernel)
    start = [convert_to_tensor(initial_state_h), convert_to_tensor(initial_state_c)]
    bias = None if bias is None else convert_to_tensor(bias)

    def step(states: list[Any], projected: Any) -> tuple[list[Any], Any]:
        hidden, carry = states
        gates = T.add(projected, _biased(T.matmul(hidden, recurrent_kernel), bias))
        taken_in, kept, candidate, shown = T.split(gates, 4, axis=-1)
        carry = T.add(
            T.multiply(recurrent_activation(kept), carry),
            T.multiply(recurrent_activation(taken_in), activation(candidate)),
        )
        hidden = T.multiply(recurrent_activation(shown), activation(carry))
        return [hidden, carry], hidden

    return _run(step, start, _projected(inputs, kernel), return_sequences, go_backwards)


def gru(
    inputs: Any,
    initial_state: Any,
    mask: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    activation: Activation,
    recurrent_activation: Activation,
    return_sequences: bool = False,
    go_backwards: bool = False,
    unroll: bool = False,
    reset_after: bool = True,
) -> tuple[Any, Any, list[Any]]:
    """A layer of gated recurrent units over inputs (batch, time, features).

    The kernels hold the gates in the order update, reset, candidate. With `reset_after`, bias has two rows:
    for the inputs and for the state. Returns what `rnn` does.

    Raises:
        NotImplementedError: there is a mask, or the loop is to be unrolled; `rnn` does these.
    """
    if mask is not None or unroll:
        raise NotImplementedError
    kernel, recurrent_kernel = convert_to_tensor(kernel), convert_to_tensor(recurrent_kernel)
    bias = None if bias is None else convert_to_tensor(bias)
    units = shape(recurrent_kernel)[0]
    input_bias, state_bias = (bias[0], bias[1]) if reset_after and bias is not None else (bias, None)

    def step(states: list[Any], projected: Any) -> tuple[list[Any], Any]:
        (hidden,) = states
        update, reset, candidate = T.split(_biased(projected, input_bias), 3, axis=-1)
        if reset_after:
            recurrent = _biased(T.matmul(hidden, recurrent_kernel), state_bias)
            for_update, for_reset, for_candidate = T.split(recurrent, 3, axis=-1)
            opened = recurrent_activation(T.add(reset, for_reset))
            for_candidate = T.multiply(opened, for_candidate)
        else:
            recurrent = T.matmul(hidden, recurrent_kernel[:, : 2 * units])
            for_update, for_reset = T.split(recurrent, 2, axis=-1)
            opened = recurrent_activation(T.add(reset, for_reset))
            for_candidate = T.matmul(T.multiply(opened, hidden), recurrent_kernel[:, 2 * units :])
        kept = recurrent_activation(T.add(update, for_update))
        candidate = activation(T.add(candidate, for_candidate))
        hidden = T.add(T.multiply(kept, hidden), T.multiply(T.subtract(1, kept), candidate))
        return [hidden], hidden

    start = [convert_to_tensor(initial_state)]
    return _run(step, start, _projected(inputs, kernel), return_sequences, go_backwards)


def _projected(inputs: Any, kernel: Any) -> Any:
    """The products of the inputs at all times: (time, batch, gates)."""
    return T.matmul(T.swapaxes(convert_to_tensor(inputs), 0, 1), kernel)


def _biased(x: Any, bias: Any) -> Any:
    return x if bias is None else T.add(x, bias)


def _run(
    step: Callable[[list[Any], Any], tuple[list[Any], Any]],
    start: list[Any],
    projected: Any,
    return_sequences: bool,
    backwards: bool,
) -> tuple[Any, Any, list[Any]]:
    """The last output, the outputs and the last states of a loop whose output is its first state."""
    states, outputs = scan_loop(step, start, projected, reverse=backwards)
    last = states[0]
    if not return_sequences:
        return last, T.expand_dims(last, 1), states
    return last, T.swapaxes(T.flip(outputs, 0) if backwards else outputs, 0, 1), states


def bidirectional_lstm(
    inputs: Any,
    fwd_initial_state_h: Any,
    fwd_initial_state_c: Any,
    bwd_initial_state_h: Any,
    bwd_initial_state_c: Any,
    mask: Any,
    fwd_kernel: Any,
    fwd_recurrent_kernel: Any,
    fwd_bias: Any,
    bwd_kernel: Any,
    bwd_recurrent_kernel: Any,
    bwd_bias: Any,
    activation: Activation,
    recurrent_activation: Activation,
    return_sequences: bool = False,
    unroll: bool = False,
) -> tuple[tuple[Any, Any, list[Any]], tuple[Any, Any, list[Any]]]:
    """`lstm` forwards and backwards; the outputs of both are in the order of time.

    Raises:
        NotImplementedError: as `lstm` does.
    """
    activations = activation, recurrent_activation
    forwards = lstm(
        inputs,
        fwd_initial_state_h,
        fwd_initial_state_c,
        mask,
        fwd_kernel,
        fwd_recurrent_kernel,
        fwd_bias,
        *activations,
        return_sequences,
        unroll=unroll,
    )
    backwards = lstm(
        inputs,
        bwd_initial_state_h,
        bwd_initial_state_c,
        mask,
        bwd_kernel,
        bwd_recurrent_kernel,
        bwd_bias,
        *activations,
        return_sequences,
        go_backwards=True,
        unroll=unroll,
    )
    return forwards, _in_order_of_time(backwards)


def bidirectional_gru(
    inputs: Any,
    fwd_initial_state: Any,
    bwd_initial_state: Any,
    mask: Any,
    fwd_kernel: Any,
    fwd_recurrent_kernel: Any,
    fwd_bias: Any,
    bwd_kernel: Any,
    bwd_recurrent_kernel: Any,
    bwd_bias: Any,
    activation: Activation,
    recurrent_activation: Activation,
    return_sequences: bool = False,
    unroll: bool = False,
    reset_after: bool = True,
) -> tuple[tuple[Any, Any, list[Any]], tuple[Any, Any, list[Any]]]:
    """`gru` forwards and backwards; the outputs of both are in the order of time.

    Raises:
        NotImplementedError: as `gru` does.
    """
    activations = activation, recurrent_activation
    options: dict[str, Any] = {
        "return_sequences": return_sequences,
        "unroll": unroll,
        "reset_after": reset_after,
    }
    forwards = gru(
        inputs, fwd_initial_state, mask, fwd_kernel, fwd_recurrent_kernel, fwd_bias, *activations, **options
    )
    options["go_backwards"] = True
    backwards = gru(
        inputs, bwd_initial_state, mask, bwd_kernel, bwd_recurrent_kernel, bwd_bias, *activations, **options
    )
    return forwards, _in_order_of_time(backwards)


def _in_order_of_time(results: tuple[Any, Any, list[Any]]) -> tuple[Any, Any, list[Any]]:
    """The results of a layer that went backwards, with its outputs (batch, time, units) turned round."""
    last, outputs, states = results
    return last, T.flip(outputs, 1), states
