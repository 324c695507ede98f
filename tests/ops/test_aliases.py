"""Theano's names for operations that NumPy calls otherwise, and small ones that NumPy lacks."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError

from .agreement import check_gradients, computed, sample

TIES = np.array([0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 3.7, -0.0, np.inf, -np.inf, np.nan, 2.0**53])


def test_rounding_of_ties():
    def formula(x):
        return T.stack(
            [T.round_half_away_from_zero(x), T.round(x, "half_to_even"), x.round(mode="half_to_even")]
        )

    away, *even = computed(formula, TIES)
    np.testing.assert_array_equal(away, np.copysign(np.floor(np.abs(TIES) + 0.5), TIES) * (TIES[5] != TIES))
    for found in even:
        np.testing.assert_array_equal(found, np.rint(TIES))
    assert computed(lambda n: T.round_half_away_from_zero(n), np.array([1, -2])).tolist() == [1, -2]
    with pytest.raises(ValueError, match="round: mode must be"):
        T.round(TIES, mode="up")


def test_least_and_greatest():
    a, b, c = (sample((3,), seed=seed) for seed in range(3))
    found = computed(lambda x, y, z: T.stack([T.smallest(x, y, z), T.largest(x, y, z)]), a, b, c)
    np.testing.assert_array_equal(found, [np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)])
    np.testing.assert_array_equal(computed(lambda x: T.largest(x) - T.smallest(x), a), np.ptp(a))


def test_filled_and_picked():
    x = np.array([[0.0, 2.0], [3.0, 0.0]])
    np.testing.assert_array_equal(
        computed(lambda v: T.fill(v, 7) + T.second(v, 1.0), x), np.full((2, 2), 8.0)
    )
    np.testing.assert_array_equal(computed(lambda v: T.nonzero_values(v), x), [2.0, 3.0])
    np.testing.assert_array_equal(computed(lambda v: T.nonzero(v, return_matrix=True), x), np.nonzero(x))
    np.testing.assert_array_equal(computed(lambda v: T.extract_diag(v), x), [0, 0])
    assert T.shape_i(T.tensor("int8", shape=(None, 3)), 1) == 3
    y = T.dvector()
    assert T.tensor_copy(y) is y


def test_arithmetic_by_other_names():
    a, b = sample((4,)), sample((4,), seed=1)
    found = computed(
        lambda x, y: T.stack([T.sub(x, y), T.mul(x, y), T.true_div(x, y), T.int_div(x, y), T.neg(x)]), a, b
    )
    np.testing.assert_allclose(found, [a - b, a * b, a / b, a // b, -a])


def test_complex_numbers_from_polar_coordinates():
    r, phi = np.array([1.0, 2.0]), np.array([0.3, -2.0])
    found = computed(lambda x, y: T.complex_from_polar(x, y), r, phi)
    np.testing.assert_allclose(found, r * np.exp(1j * phi))


def test_all_close():
    a = sample((3, 2))
    found = computed(lambda x, y: T.stack([T.allclose(x, y), T.allclose(x, y + 1)]), a, a + 1e-12)
    assert found.tolist() == [True, False]


class TestBatchedTensordot:
    def test_values(self):
        a, b = sample((5, 2, 3, 4)), sample((5, 4, 3, 2), seed=1)
        pairs = computed(lambda x, y: T.batched_tensordot(x, y, [[2, 3], [2, 1]]), a, b)
        np.testing.assert_allclose(pairs, np.einsum("bijk,bkjl->bil", a, b))
        last = computed(lambda x, y: T.batched_tensordot(x, y, axes=1), a, b)
        np.testing.assert_allclose(last, np.einsum("bijk,bklm->bijlm", a, b))

    def test_gradients(self):
        b = sample((2, 3, 2), seed=1)
        check_gradients(lambda x: T.batched_tensordot(x, b, 1) ** 2, sample((2, 2, 3)))

    def test_bad_input(self):
        with pytest.raises(ShapeError, match="batched_tensordot: cannot sum over 2 axes"):
            T.batched_tensordot(T.dmatrix(), T.dtensor3(), 2)
        with pytest.raises(ShapeError, match=r"batched_tensordot: axes .* are not pairs"):
            T.batched_tensordot(T.dtensor3(), T.dtensor3(), [[0], [1]])


class TestShapes:
    def test_of_vectors_of_sizes(self):
        x, n = T.dmatrix("x"), T.lvector("n")
        a = sample((4, 3))
        outputs = [
            T.zeros(T.shape(x)) + x,
            T.reshape(x, T.shape(x)[::-1]),
            x.reshape(T.stack([x.shape[1] * 2, x.shape[0] // 2])),
            T.zeros(T.shape(x)[0]) + x[:, 0],
            x.reshape(n, ndim=3),
        ]
        found = ct.function([x, n], outputs)(a, [2, 2, 3])
        np.testing.assert_array_equal(found[0], a)
        np.testing.assert_array_equal(found[1], a.reshape(3, 4))
        np.testing.assert_array_equal(found[2], a.reshape(6, 2))
        np.testing.assert_array_equal(found[3], a[:, 0])
        np.testing.assert_array_equal(found[4], a.reshape(2, 2, 3))

    def test_sizes_of_a_shape_are_known_to_be_those_of_the_array(self):
        x = T.dmatrix("x")
        assert T.zeros(T.shape(x)).type.shape == x.type.shape

    def test_the_number_of_axes_must_be_known(self):
        with pytest.raises(ShapeError, match="their number must be known"):
            T.dmatrix().reshape(T.lvector("n"))
        with pytest.raises(ShapeError, match="reshape: expected 3 sizes, got 2"):
            T.dmatrix().reshape((2, 3), ndim=3)

    def test_checked(self):
        x = T.dmatrix("x")
        function = ct.function([x], T.specify_shape(x, (None, 3)) * 2)
        np.testing.assert_array_equal(function(np.ones((2, 3))), np.full((2, 3), 2.0))
        with pytest.raises(ShapeError, match="specify_shape: axis 1"):
            function(np.ones((2, 4)))
        with pytest.raises(ShapeError, match="specify_shape: expected 1 axes, got 2"):
            T.specify_shape(x, (3,))
        with pytest.raises(ShapeError, match="specify_shape: axis 0"):
            T.specify_shape(np.ones(2), (3,))
        np.testing.assert_array_equal(T.specify_shape(np.ones(2), 2).data, [1, 1])


def test_reductions_in_another_dtype():
    a = np.full(10, 0.1, "float32")
    x = T.fvector("x")
    found = ct.function(
        [x],
        [
            x.sum(acc_dtype="float64"),
            T.mean(x, dtype="float64", acc_dtype="float64"),
            x.prod(acc_dtype="float64"),
        ],
    )(a)
    assert [result.dtype for result in found] == ["float32", "float64", "float32"]
    np.testing.assert_allclose(found[1], a.astype(float).mean(), rtol=1e-15)


def test_older_names_of_arguments():
    a = sample((2, 3, 4))
    np.testing.assert_array_equal(computed(lambda x: x.flatten(outdim=2), a), a.reshape(2, 12))
    np.testing.assert_array_equal(
        computed(lambda x: T.tile(x, (2,), ndim=2), a[0, 0]), np.tile(a[0, 0], (1, 2))
    )
    with pytest.raises(ValueError, match="tile: ndim 1 is less"):
        T.tile(a, (2, 2), ndim=1)
