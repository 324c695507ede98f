"""Products of vectors, matrices and stacks of them."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, computed, sample

SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((2, 1, 2, 3), (5, 3, 4)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
]


@pytest.mark.parametrize(("left", "right"), SHAPES)
@pytest.mark.parametrize("dtype", ["float64", "complex128", "int32", "bool"])
def test_matmul_is_numpys(left: tuple[int, ...], right: tuple[int, ...], dtype: str) -> None:
    a, b = sample(left, dtype), sample(right, dtype, seed=1)
    result = computed(T.matmul, a, b, static=True)
    assert result.dtype == (a @ b).dtype
    np.testing.assert_allclose(result, a @ b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "complex64", "int8", "uint8", "int64", "float16"])
def test_every_dtype_with_unknown_sizes(dtype: str) -> None:
    a, b = sample((4, 6), dtype), sample((6, 3), dtype, seed=1)
    np.testing.assert_allclose(computed(T.dot, a, b), np.dot(a, b), rtol=1e-2 if dtype == "float16" else 1e-4)


def test_the_other_products() -> None:
    a, b = sample((3, 4)), sample((2, 4), seed=1)
    z = sample((3, 4), "complex128")
    np.testing.assert_allclose(computed(T.inner, a, b), np.inner(a, b))
    np.testing.assert_allclose(computed(T.outer, a, b), np.outer(a, b))
    np.testing.assert_allclose(computed(T.kron, a, b), np.kron(a, b))
    np.testing.assert_allclose(computed(T.vdot, z, z), np.vdot(z, z))
    np.testing.assert_allclose(computed(lambda x: T.dot(x, 3.0), a), 3 * a)


@pytest.mark.parametrize("axes", [0, 1, 2, ([0, 1], [1, 0]), (2, 0)])
def test_tensordot(axes: object) -> None:
    shapes = {0: ((2,), (3,)), 1: ((2, 3), (3, 4)), 2: ((5, 2, 3), (2, 3, 4))}
    left, right = (
        shapes[axes] if isinstance(axes, int) else ((3, 4, 5), (5, 3, 2) if axes == (2, 0) else (4, 3, 2))
    )
    a, b = sample(left), sample(right, seed=1)
    np.testing.assert_allclose(computed(lambda x, y: T.tensordot(x, y, axes), a, b), np.tensordot(a, b, axes))


def test_batched_dot() -> None:
    a, b = sample((5, 2, 3)), sample((5, 3, 4), seed=1)
    np.testing.assert_allclose(computed(T.batched_dot, a, b), a @ b)
    np.testing.assert_allclose(computed(T.batched_dot, a[:, 0], b), np.einsum("bk,bkn->bn", a[:, 0], b))


def test_paired_axes_are_compared_one_by_one() -> None:
    x, y = T.tensor3("x"), T.tensor3("y")
    f = ct.function([x, y], T.tensordot(x, y, 2))
    with pytest.raises(ValueError, match="differ"):
        f(np.ones((1, 2, 3)), np.ones((3, 2, 1)))
    with pytest.raises(ValueError, match="3 and 4"):
        T.dot(T.tensor("float64", shape=(2, 3)), T.tensor("float64", shape=(4, 2)))


@pytest.mark.parametrize(("left", "right"), [SHAPES[1], SHAPES[3], SHAPES[6]])
def test_gradients(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    b = sample(right, seed=1)
    check_gradients(lambda v: T.matmul(v, b), sample(left))
    a = sample(left, seed=1)
    check_gradients(lambda v: T.square(T.matmul(a, v)), sample(right))
