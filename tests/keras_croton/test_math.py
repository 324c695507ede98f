"""Segments, largest elements, distances, special functions and transforms: eager, compiled and derived."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.src import backend
from tests.keras_croton.checks import both, check_gradient, gradient

import croton as ct

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4)).astype(np.float32)
SIGNAL = RNG.normal(size=(2, 40)).astype(np.float32)


class TestSegments:
    IDS = np.array([1, 0, 1, 3, -1, 7], np.int32)
    DATA = RNG.normal(size=(6, 2)).astype(np.float32)

    @pytest.mark.parametrize(
        ("function", "reduce", "empty"),
        [
            (backend.math.segment_sum, np.sum, 0),
            (backend.math.segment_prod, np.prod, 1),
            (backend.math.segment_max, np.max, -np.inf),
            (backend.math.segment_min, np.min, np.inf),
        ],
    )
    def test_leave_out_ids_outside(self, function, reduce, empty):
        found = both(lambda data: function(data, self.IDS, 4), self.DATA)
        for segment in range(4):
            rows = self.DATA[segment == self.IDS]
            expected = reduce(rows, axis=0) if len(rows) else np.full(2, empty)
            np.testing.assert_allclose(found[segment], expected, rtol=1e-6)

    def test_are_as_many_as_the_ids_say(self):
        assert backend.math.segment_sum(self.DATA, self.IDS).shape == (8, 2)

    def test_have_gradients(self):
        slope = gradient(lambda data: ops.sum(ops.segment_sum(data, self.IDS, 4)), self.DATA)
        np.testing.assert_array_equal(slope, np.transpose([[1, 1, 1, 1, 0, 0]] * 2))


class TestTopK:
    def test_gives_the_largest_first(self):
        values, places = both(lambda x: ops.top_k(x, 2), X)
        np.testing.assert_array_equal(values, np.sort(X)[:, :-3:-1])
        np.testing.assert_array_equal(places, np.argsort(X)[:, :-3:-1])
        assert places.dtype == "int32"

    def test_a_target_is_among_them_unless_k_are_larger(self):
        predictions = np.array([[0.1, 0.9, 0.8], [0.5, 0.5, 0.4], [np.nan, 0.1, 0.2]], np.float32)
        found = both(lambda p: ops.in_top_k(np.array([0, 0, 0]), p, 2), predictions)
        np.testing.assert_array_equal(found, [False, True, False])

    def test_has_a_gradient(self):
        check_gradient(lambda x: ops.top_k(x, 2)[0], X)


class TestDistances:
    Y = RNG.normal(size=(5, 4)).astype(np.float32)

    def test_between_all_rows(self):
        expected = np.linalg.norm(X[:, None] - self.Y, axis=-1)
        np.testing.assert_allclose(both(ops.cdist, X, self.Y), expected, rtol=1e-5)

    def test_have_a_gradient_also_at_zero(self):
        check_gradient(lambda x: ops.cdist(x, self.Y.astype(np.float64)), X)
        assert np.isfinite(gradient(lambda x: ops.sum(ops.cdist(x, x)), X)).all()

    def test_need_rows_of_one_size(self):
        with pytest.raises(ValueError, match=r"Last dimension.*\(3, 4\) and \(5, 2\)"):
            backend.math.cdist(X, self.Y[:, :2])


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (ops.erf, X),
        (backend.math.erfc, X),
        (ops.erfinv, X / 4),
        (ops.rsqrt, np.abs(X) + 0.1),
        (lambda x: ops.logsumexp(x * 300, axis=1), X / 100),
        (lambda x: ops.logdet(ops.matmul(ops.transpose(x), x)), X[:, :3]),
        (lambda x: ops.logsumexp(x, axis=(0, 1), keepdims=True), X),
    ],
)
def test_functions_have_gradients(function, x):
    both(function, x)
    check_gradient(function, x, tolerance=2e-5)


def test_functions_of_integers_are_of_floatx():
    for function in (ops.erf, ops.erfinv, ops.rsqrt, ops.logsumexp):
        assert function(np.array([1, 2], np.int32)).dtype == "float32"


class TestTransforms:
    def test_of_complex_numbers_and_back(self):
        parts = both(lambda x: ops.ifft2(ops.fft2((x, x * 2))), X, tolerance=1e-4)
        np.testing.assert_allclose(parts[0], X, atol=1e-5)
        np.testing.assert_allclose(parts[1], X * 2, atol=1e-5)

    @pytest.mark.parametrize("length", [None, 3, 7])
    def test_of_real_numbers(self, length):
        real, imaginary = both(lambda x: ops.rfft(x, length), X, tolerance=1e-4)
        expected = np.fft.rfft(X, length)
        np.testing.assert_allclose(real + 1j * np.array(imaginary), expected, atol=1e-5)
        back = both(
            lambda a, b: ops.irfft((a, b), length), np.array(real), np.array(imaginary), tolerance=1e-4
        )
        np.testing.assert_allclose(back, np.fft.irfft(expected, length), atol=1e-5)

    def test_have_gradients(self):
        check_gradient(lambda x: ops.fft((x, x * x)), X)
        check_gradient(ops.rfft, X)
        check_gradient(lambda x: ops.irfft((x, x * x)), X)

    def test_need_a_pair_of_one_shape(self):
        for wrong in (X, (X,), (X, X[:2]), (X.astype(int), X.astype(int))):
            with pytest.raises(ValueError, match=r"tuple of two tensors|type float"):
                backend.math.fft(wrong)


class TestSequences:
    def test_are_parts_at_equal_distances(self):
        found = both(lambda x: ops.extract_sequences(x, 5, 3), SIGNAL)
        expected = np.lib.stride_tricks.sliding_window_view(SIGNAL, 5, -1)[:, ::3]
        np.testing.assert_array_equal(found, expected)

    def test_of_signals_of_any_length(self):
        spec = backend.compute_output_spec(
            lambda x: backend.math.extract_sequences(x, 5, 3), keras.KerasTensor((2, None))
        )
        assert spec.shape == (2, None, 5)
        framed = ct.jit(lambda x: ops.extract_sequences(x, 4, 2))
        for size in (10, 11, 12, 13):
            assert framed(SIGNAL[:, :size]).shape == (2, (size - 4) // 2 + 1, 4)

    def test_have_a_gradient(self):
        check_gradient(lambda x: ops.extract_sequences(x, 5, 3), SIGNAL[:, :12])

    @pytest.mark.parametrize("window", ["hann", "hamming", np.linspace(0.5, 1, 8)])
    @pytest.mark.parametrize("center", [True, False])
    def test_transformed_and_put_together_are_the_signal(self, window, center):
        def function(x):
            parts = ops.stft(x, 8, 2, 12, window=window, center=center)
            return ops.istft(parts, 8, 2, 12, length=None, window=window, center=center)

        found = both(function, SIGNAL, tolerance=1e-4)
        inner = slice(None) if center else slice(8, -8)
        np.testing.assert_allclose(
            np.array(found)[:, inner], SIGNAL[:, : found.shape[1]][:, inner], atol=1e-4
        )

    def test_transformed_have_gradients(self):
        check_gradient(lambda x: ops.stft(x, 6, 3, 8), SIGNAL[:, :14])
        real, imaginary = (np.array(part) for part in ops.stft(SIGNAL[:, :14].astype(float), 6, 3, 8))
        check_gradient(lambda x: ops.istft((x, imaginary), 6, 3, 8), real)
