"""Recurrent layers against NumPy: values, masks, directions, gradients; compiled is eager; any sizes."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import pytest
from keras.src import backend

import croton as ct
import croton.tensor as T
from keras_croton import rnn

BATCH, STEPS, FEATURES, UNITS = 3, 6, 4, 5
RNG = np.random.default_rng(0)
X = RNG.normal(size=(BATCH, STEPS, FEATURES)).astype("float32")
H = RNG.normal(size=(BATCH, UNITS)).astype("float32")
C = RNG.normal(size=(BATCH, UNITS)).astype("float32")
MASK = np.array([[0, 1, 1, 0, 1, 1], [1, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1]], bool)


def weights(gates: int, rows_of_bias: int | None = None) -> tuple[Any, Any, Any]:
    bias = (gates * UNITS,) if rows_of_bias is None else (rows_of_bias, gates * UNITS)
    kernel, recurrent, biases = (
        (RNG.normal(size=shape) * 0.5).astype("float32")
        for shape in [(FEATURES, gates * UNITS), (UNITS, gates * UNITS), bias]
    )
    return kernel, recurrent, biases


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def lstm_step(x: Any, states: Any, kernel: Any, recurrent: Any, bias: Any) -> tuple[Any, ...]:
    h, c = states
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(x: Any, states: Any, kernel: Any, recurrent: Any, bias: Any) -> tuple[Any, ...]:
    """With the reset gate after the product if there are two biases."""
    (h,) = states
    if bias.ndim == 2:
        z, r, g = np.split(x @ kernel + bias[0], 3, -1)
        hz, hr, hg = np.split(h @ recurrent + bias[1], 3, -1)
        r = sigmoid(r + hr)
        g = np.tanh(g + r * hg)
    else:
        z, r, g = np.split(x @ kernel + bias, 3, -1)
        hz, hr = np.split(h @ recurrent[:, : 2 * UNITS], 2, -1)
        r = sigmoid(r + hr)
        g = np.tanh(g + (r * h) @ recurrent[:, 2 * UNITS :])
    z = sigmoid(z + hz)
    return (z * h + (1 - z) * g,)


def reference(
    step: Any,
    states: Sequence[Any],
    weights: Sequence[Any],
    backwards: bool = False,
    mask: Any = None,
    zeros: bool = False,
) -> tuple[Any, Any, Any]:
    """Last output, outputs in the order of the steps, last states; the output is the first state."""
    outputs = []
    for time in reversed(range(STEPS)) if backwards else range(STEPS):
        after = step(X[:, time], states, *weights)
        if mask is not None:
            after = [np.where(mask[:, time, None], a, b) for a, b in zip(after, states, strict=True)]
        output = after[0]
        if mask is not None and zeros:
            output = np.where(mask[:, time, None], output, 0)
        states = after
        outputs.append(output)
    return outputs[-1], np.stack(outputs, 1), states


def flat(results: Any) -> list[Any]:
    """Arrays of a nested result."""
    if isinstance(results, (tuple, list)):
        return [leaf for part in results for leaf in flat(part)]
    return [np.asarray(results)]


def agree(found: Any, expected: Any) -> None:
    for got, wanted in zip(flat(found), flat(expected), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


class TestLayers:
    """`lstm` and `gru` of the backend."""

    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("sequences", [False, True])
    def test_lstm(self, backwards: bool, sequences: bool) -> None:
        own = weights(4)

        def run(x: Any, h: Any, c: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
            return rnn.lstm(x, h, c, None, kernel, recurrent, bias, T.tanh, T.sigmoid, sequences, backwards)

        last, outputs, states = reference(lstm_step, [H, C], own, backwards)
        expected = [last, outputs if sequences else outputs[:, -1:], states]
        agree(run(X, H, C, *own), expected)
        agree(ct.jit(run)(X, H, C, *own), expected)

    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("reset_after", [False, True])
    def test_gru(self, backwards: bool, reset_after: bool) -> None:
        own = weights(3, 2 if reset_after else None)

        def run(x: Any, h: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
            own = kernel, recurrent, bias
            return rnn.gru(x, h, None, *own, T.tanh, T.sigmoid, True, backwards, reset_after=reset_after)

        expected = reference(gru_step, [H], own, backwards)
        agree(run(X, H, *own), expected)
        agree(ct.jit(run)(X, H, *own), expected)

    def test_without_bias(self) -> None:
        kernel, recurrent, _ = weights(4)
        expected = reference(lstm_step, [H, C], [kernel, recurrent, np.zeros(4 * UNITS, "float32")])[0]
        agree(rnn.lstm(X, H, C, None, kernel, recurrent, None, T.tanh, T.sigmoid)[0], expected)
        kernel, recurrent, _ = weights(3)
        expected = reference(gru_step, [H], [kernel, recurrent, np.zeros((2, 3 * UNITS), "float32")])[0]
        agree(rnn.gru(X, H, None, kernel, recurrent, None, T.tanh, T.sigmoid)[0], expected)

    def test_both_directions(self) -> None:
        ahead, back = weights(4), weights(4)
        found = rnn.bidirectional_lstm(
            X, H, C, C, H, None, *ahead, *back, T.tanh, T.sigmoid, return_sequences=True
        )
        last, outputs, states = reference(lstm_step, [C, H], back, True)
        agree(found, (reference(lstm_step, [H, C], ahead), (last, outputs[:, ::-1], states)))
        ahead, back = weights(3, 2), weights(3, 2)
        found = rnn.bidirectional_gru(X, H, C, None, *ahead, *back, T.tanh, T.sigmoid, return_sequences=True)
        last, outputs, states = reference(gru_step, [C], back, True)
        agree(found, (reference(gru_step, [H], ahead), (last, outputs[:, ::-1], states)))

    @pytest.mark.parametrize("options", [{"mask": MASK}, {"mask": None, "unroll": True}])
    def test_what_the_general_loop_does(self, options: Any) -> None:
        with pytest.raises(NotImplementedError):
            rnn.lstm(X, H, C, options["mask"], *weights(4), T.tanh, T.sigmoid, unroll="unroll" in options)
        with pytest.raises(NotImplementedError):
            rnn.gru(X, H, options["mask"], *weights(3), T.tanh, T.sigmoid, unroll="unroll" in options)


class TestLoops:
    """`rnn`, with a step that is a function of inputs and states."""

    own = weights(4)

    def step(self, x: Any, states: Any) -> Any:
        h, c = states[:2]
        kernel, recurrent, bias = self.own
        i, f, g, o = T.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = T.sigmoid(f) * c + T.sigmoid(i) * T.tanh(g)
        h = T.sigmoid(o) * T.tanh(c)
        return h, [h, c]

    @pytest.mark.parametrize("zeros", [False, True])
    @pytest.mark.parametrize("masked", [False, True])
    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("unroll", [False, True])
    def test_agrees_with_numpy(self, unroll: bool, backwards: bool, masked: bool, zeros: bool) -> None:
        mask = MASK if masked else None
        options: dict[str, Any] = {"go_backwards": backwards, "unroll": unroll, "zero_output_for_mask": zeros}
        expected = reference(lstm_step, [H, C], self.own, backwards, mask, zeros)

        def run(x: Any, mask: Any) -> Any:
            return rnn.rnn(self.step, x, [H, C], mask=mask, **options)

        agree(run(X, mask), expected)
        agree(ct.jit(lambda x, *mask: run(x, *mask or [None]))(X, *([MASK] if masked else [])), expected)

    @pytest.mark.parametrize("unroll", [False, True])
    def test_masked_outputs_that_no_state_holds_are_repeated(self, unroll: bool) -> None:
        """At first, where there is none to repeat, they are zero."""

        def doubled(x: Any, states: Any) -> Any:
            h, after = self.step(x, states)
            return T.concatenate([h, h * 2], axis=-1), after

        _, outputs, _ = rnn.rnn(doubled, X, [H, C], mask=MASK, unroll=unroll)
        plain = reference(lstm_step, [H, C], self.own, mask=MASK)[1]
        started = np.maximum.accumulate(MASK, axis=1)
        expected = np.where(started[..., None], np.concatenate([plain, 2 * plain], -1), 0)
        agree(outputs, expected)

    def test_time_first(self) -> None:
        found = rnn.rnn(self.step, np.swapaxes(X, 0, 1), [H, C], mask=MASK.T, time_major=True)
        last, outputs, states = reference(lstm_step, [H, C], self.own, mask=MASK)
        agree(found, (last, np.swapaxes(outputs, 0, 1), states))

    @pytest.mark.parametrize("unroll", [False, True])
    def test_only_the_last_output(self, unroll: bool) -> None:
        found = rnn.rnn(self.step, X, [H, C], unroll=unroll, return_all_outputs=False)
        last, outputs, states = reference(lstm_step, [H, C], self.own)
        agree(found, (last, outputs[:, -1:], states))

    def test_structures_and_constants(self) -> None:
        """Nested inputs and states, as stacked cells have, and constants after the states."""

        def step(inputs: Any, states: Any) -> Any:
            (first, second), single, scale = states
            total = (inputs["a"] + inputs["b"][0]) * scale
            return total + single, [[first + total, second], single + 1]

        two = np.full((BATCH, FEATURES), 2, "float32")
        zero = np.zeros_like(two)
        last, outputs, states = rnn.rnn(
            step, {"a": X, "b": [X]}, [[zero, zero], zero], constants=[backend.convert_to_tensor(two)]
        )
        counts = np.arange(STEPS, dtype="float32")[:, None]
        agree(outputs, 4 * X + counts)
        agree(last, 4 * X[:, -1] + STEPS - 1)
        agree(states, [[4 * X.sum(1), zero], zero + STEPS])

    def test_unrolling_needs_a_known_number_of_steps(self) -> None:
        with pytest.raises(ValueError, match="Unrolling requires a fixed number of timesteps"):
            rnn.rnn(self.step, X[:, :0], [H, C], unroll=True)


class TestGradients:
    def gradients(self, run: Any) -> tuple[Any, list[Any]]:
        """A weighted sum of what `run` returns as a function of x, h, c and the weights; its gradient."""
        own = weights(4)
        inputs = [T.tensor("float64", shape=a.shape, name=f"v{n}") for n, a in enumerate([X, H, C, *own])]
        last, outputs, states = run(*inputs)
        total = T.sum(T.square(outputs)) + T.sum(T.sin(states[1])) + T.sum(last)
        arrays = [a.astype("float64") for a in [X, H, C, *own]]
        return ct.function(inputs, [total, *T.grad(total, inputs)]), arrays

    @pytest.mark.parametrize("backwards", [False, True])
    @pytest.mark.parametrize("masked", [False, True])
    def test_agree_with_differences(self, backwards: bool, masked: bool) -> None:
        def run(x: Any, h: Any, c: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
            own = kernel, recurrent, bias
            if not masked:
                return rnn.lstm(x, h, c, None, *own, T.tanh, T.sigmoid, True, backwards)
            loops = TestLoops()
            loops.own = own
            return rnn.rnn(loops.step, x, [h, c], mask=MASK, go_backwards=backwards)

        function, arrays = self.gradients(run)
        _, *found = function(*arrays)
        for position, gradient in enumerate(found):
            direction = np.random.default_rng(position).normal(size=arrays[position].shape)
            moved = [list(arrays) for _ in range(2)]
            for sign, values in zip((1, -1), moved, strict=True):
                values[position] = values[position] + sign * 1e-6 * direction
            difference = (function(*moved[0])[0] - function(*moved[1])[0]) / 2e-6
            np.testing.assert_allclose(np.sum(gradient * direction), difference, rtol=1e-6, atol=1e-7)


class TestModels:
    """Layers of Keras, built from these functions."""

    @pytest.mark.parametrize("layer", [keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN])
    def test_any_batch_and_length_with_one_compilation(self, layer: Any) -> None:
        own = layer(UNITS, return_sequences=True, recurrent_initializer="glorot_uniform")
        own.build((None, None, FEATURES))
        compiled = ct.jit(lambda x: own(x))
        compiled(X)
        compiled(X[:2, :4])
        traces = compiled.traces
        for batch, steps in ((1, 1), (3, 5), (2, 3)):
            x = X[:batch, :steps]
            agree(compiled(x), own(x))
        assert compiled.traces == traces

    def test_symbolic_shapes(self) -> None:
        x = keras.Input((None, FEATURES))
        options = {"recurrent_initializer": "glorot_uniform"}
        both = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True, **options))
        assert both(x).shape == (None, None, 2 * UNITS)
        assert keras.layers.GRU(UNITS, **options)(x).shape == (None, UNITS)

    @pytest.mark.parametrize("unroll", [False, True])
    @pytest.mark.parametrize("shape", [(BATCH, STEPS + 1), (BATCH + 1, STEPS), (BATCH, 1)])
    def test_a_mask_that_does_not_fit(self, shape: tuple[int, int], unroll: bool) -> None:
        own = keras.layers.SimpleRNN(UNITS, unroll=unroll, recurrent_initializer="glorot_uniform")
        with pytest.raises(ValueError, match=f"mask: expected {STEPS} time steps and a batch of {BATCH}"):
            own(X, mask=np.ones(shape, bool))

    @pytest.mark.parametrize("masked", [False, True])
    def test_layers_over_both_directions(self, masked: bool) -> None:
        """What loops of both directions make lies side by side, where the next layer reads it."""
        options = {"recurrent_initializer": "glorot_uniform"}
        x = np.random.default_rng(1).normal(size=(48, STEPS, FEATURES)).astype("float32")
        mask = np.arange(STEPS) < np.random.default_rng(2).integers(0, STEPS, (48, 1)) if masked else None
        first = keras.layers.Bidirectional(keras.layers.SimpleRNN(UNITS, return_sequences=True, **options))
        second, last = keras.layers.SimpleRNN(UNITS, **options), keras.layers.Dense(2)

        def run(x: Any) -> Any:
            given = None if mask is None else backend.convert_to_tensor(mask)
            return last(second(first(x, mask=given), mask=given))

        expected = run(x)
        agree(ct.jit(run)(x), expected)

    @pytest.mark.parametrize("layer", [keras.layers.LSTM, keras.layers.GRU])
    def test_padding_is_skipped(self, layer: Any) -> None:
        """A masked model gives for padded sequences what it gives for each without its padding."""
        own = layer(UNITS, recurrent_initializer="glorot_uniform")
        model = keras.Sequential(
            [keras.Input((None,), dtype="int32"), keras.layers.Embedding(9, 4, mask_zero=True)]
        )
        model.add(own)
        padded = np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8]], "int32")
        together = model(padded)
        agree(together[:1], model(padded[:1, :3]))
        agree(together[1:], model(padded[1:]))
