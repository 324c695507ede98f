"""Linear algebra: results as NumPy's, compiled as eager, and gradients."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.src import backend
from tests.keras_croton.checks import both, check_gradient

import croton as ct

RNG = np.random.default_rng(1)
A = RNG.normal(size=(2, 3, 3)).astype(np.float32)
POSITIVE = (A @ A.transpose(0, 2, 1) + np.eye(3)).astype(np.float32)
B = RNG.normal(size=(2, 3, 4)).astype(np.float32)


def symmetric(x):
    return x + ops.transpose(x, (0, 2, 1))


class TestCholesky:
    @pytest.mark.parametrize("upper", [False, True])
    def test_factors(self, upper):
        found = np.array(both(lambda x: ops.cholesky(x, upper=upper), POSITIVE))
        turned = found.transpose(0, 2, 1)
        np.testing.assert_allclose(turned @ found if upper else found @ turned, POSITIVE, rtol=1e-4)
        np.testing.assert_allclose(found, np.triu(found) if upper else np.tril(found))

    @pytest.mark.parametrize("upper", [False, True])
    def test_inverse(self, upper):
        found = both(lambda x: ops.cholesky_inverse(ops.cholesky(x, upper=upper), upper=upper), POSITIVE)
        np.testing.assert_allclose(found, np.linalg.inv(POSITIVE), rtol=1e-3, atol=1e-4)

    def test_refuses_what_is_not_positive_definite(self):
        with pytest.raises(ValueError, match="Cholesky"):
            ops.cholesky(-POSITIVE)
        with pytest.raises(np.linalg.LinAlgError):
            ct.jit(ops.cholesky)(-POSITIVE)


@pytest.mark.parametrize(
    ("function", "expected", "x"),
    [
        (ops.det, np.linalg.det, A),
        (ops.inv, np.linalg.inv, A),
        (lambda x: ops.eigh(x)[0], lambda x: np.linalg.eigh(x)[0], POSITIVE),
        (lambda x: ops.svd(x, compute_uv=False), lambda x: np.linalg.svd(x, compute_uv=False), B),
        (lambda x: ops.qr(x)[1], lambda x: np.linalg.qr(x)[1], A),
        (ops.pinv, np.linalg.pinv, B),
        (lambda x: ops.solve(x, B), lambda x: np.linalg.solve(x, B), A),
        (lambda x: ops.solve(x, B[..., 0]), lambda x: np.linalg.solve(x, B[..., :1])[..., 0], A),
        (
            lambda x: ops.solve_triangular(x, B, lower=True),
            lambda x: np.linalg.solve(np.tril(x), B),
            POSITIVE,
        ),
        (lambda x: ops.lstsq(x, B[0]), lambda x: np.linalg.lstsq(x, B[0])[0], B[0, :, :2]),
        (lambda x: ops.norm(x, ord="nuc", axis=(1, 2)), lambda x: np.linalg.norm(x, "nuc", (1, 2)), A),
        (lambda x: ops.norm(x, axis=-1), lambda x: np.linalg.norm(x, axis=-1), A),
    ],
)
def test_results_and_gradients(function, expected, x):
    np.testing.assert_allclose(both(function, x, tolerance=1e-3), expected(x), rtol=2e-3, atol=1e-4)
    check_gradient(function if x is not POSITIVE else lambda x: function(symmetric(x)), x, tolerance=2e-5)


def test_factors_of_rectangular_matrices():
    factors, pivots = both(ops.lu_factor, B)
    assert pivots.dtype == "int32"
    lower = np.tril(np.array(factors)[..., :3], -1) + np.eye(3)
    order = np.arange(3)
    for row, other in enumerate(np.array(pivots)[0]):
        order[[row, other]] = order[[other, row]]
    np.testing.assert_allclose((lower @ np.triu(factors))[0], B[0, order], atol=1e-5)


def test_eigenvectors_of_a_general_matrix():
    values, vectors = both(ops.eig, A)
    assert values.dtype == vectors.dtype == "complex64"
    np.testing.assert_allclose(
        A @ np.array(vectors), np.array(vectors) * np.array(values)[:, None], atol=1e-5
    )


def test_ranks():
    deficient = A.copy()
    deficient[0, 2] = deficient[0, 0] + deficient[0, 1]
    ranks = both(lambda x: ops.linalg.matrix_rank(x, tol=1e-4), deficient)
    assert ranks.dtype == "int32"
    np.testing.assert_array_equal(ranks, [2, 3])


def test_integers_are_of_floatx():
    for function in (ops.det, ops.inv, ops.norm):
        assert function(np.array([[2, 1], [1, 3]])).dtype == "float32"


class TestJvp:
    """Derivatives along a direction, computed forward."""

    @staticmethod
    def function(x, y):
        return {"product": x * ops.sin(y), "sum": ops.sum(x)}

    def test_of_nested_structures(self):
        def along(x, y):
            return ops.jvp(self.function, (x, y), (y, x))

        x, y = A[0, 0], A[0, 1]
        primals, tangents = both(along, x, y)
        np.testing.assert_allclose(primals["product"], x * np.sin(y), rtol=1e-5)
        np.testing.assert_allclose(tangents["product"], y * np.sin(y) + x * np.cos(y) * x, rtol=1e-4)
        np.testing.assert_allclose(tangents["sum"], y.sum(), rtol=1e-4)

    def test_reads_variables_and_gives_what_else_there_is(self):
        weight = keras.Variable(3.0)

        def function(x):
            return weight * x * x, "kept"

        def along(x):
            primal, tangent, kept = backend.linalg.jvp(
                lambda x: (function(x)[0], x), (x,), (x,), has_aux=True
            )
            return primal, tangent, kept

        primal, tangent, kept = both(along, np.float32(2.0))
        assert [float(primal), float(tangent), float(kept)] == [12, 24, 2]

    def test_can_be_differentiated_again(self):
        check_gradient(lambda x: ops.jvp(lambda x: x**3, (x,), (x * 0 + 1,))[1], A[0, 0])

    def test_needs_a_direction_for_each(self):
        with pytest.raises(ValueError, match="same structure"):
            ops.jvp(lambda x, y: x + y, (A, A), (A,))
