"""Rules of linear algebra: each fires where it may, keeps values, and stays away where it may not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

L = T.linalg
NDArray = np.ndarray[Any, Any]


def matrix(seed: int = 0, size: int = 3) -> NDArray:
    return np.random.default_rng(seed).standard_normal((size, size)) + 3 * np.eye(size)


def names(function: Any) -> list[str]:
    return [equation.op.name for equation in function.graph().equations]


def with_and_without(inputs: list[Any], outputs: Any, *arrays: NDArray) -> list[str]:
    """Operations left by the passes, after checking that values are the same without them."""
    changed = ct.function(inputs, outputs)
    disabled = ct.config.disabled_passes
    ct.config.disabled_passes = (*disabled, "linear-algebra", "shared-decompositions")
    try:
        plain = ct.function(inputs, outputs)
    finally:
        ct.config.disabled_passes = disabled
    assert names(plain) != names(changed)
    for new, old in zip(changed(*arrays), plain(*arrays), strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-10, atol=1e-12)
    return names(changed)


class TestProductsWithInverses:
    def test_become_systems(self) -> None:
        a, b, v = T.matrix("a"), T.matrix("b"), T.vector("v")
        outputs = [T.dot(L.inv(a), b), T.dot(L.inv(a), v)]
        found = with_and_without([a, b, v], outputs, matrix(), matrix(1), np.arange(3.0))
        assert "contract" not in found
        assert found.count("lu_factor") == 1

    def test_in_stacks(self) -> None:
        a, b = T.tensor3("a"), T.tensor3("b")
        stacks = [np.stack([matrix(0), matrix(1)]), np.stack([matrix(2), matrix(3)])]
        assert "contract" not in with_and_without([a, b], [T.matmul(L.inv(a), b)], *stacks)

    def test_but_not_where_nan_is_asked_for(self) -> None:
        a, b = T.matrix("a"), T.vector("b")
        function = ct.function([a, b], T.dot(L.inv(a, on_error="nan"), b))
        assert np.isnan(function(np.zeros((2, 2)), np.ones(2))).all()

    def test_fail_as_the_inverse_does(self) -> None:
        a, b = T.matrix("a"), T.vector("b")
        with pytest.raises(np.linalg.LinAlgError, match="singular"):
            ct.function([a, b], T.dot(L.inv(a), b))(np.zeros((2, 2)), np.ones(2))


def test_systems_with_a_transpose_share_factors() -> None:
    a, b = T.matrix("a"), T.vector("b")
    found = with_and_without([a, b], [L.solve(a, b), L.solve(a.T, b)], matrix(), np.arange(3.0))
    assert found.count("lu_factor") == 1


def test_determinants_of_cholesky_factors_need_no_elimination() -> None:
    a = T.matrix("a")
    factor = L.cholesky(a)
    outputs = [factor, L.det(factor), *L.slogdet(factor)]
    found = with_and_without([a], outputs, matrix() @ matrix().T)
    assert "lu_factor" not in found


def test_parts_of_decompositions_are_shared() -> None:
    a = T.matrix("a")
    symmetric = a + a.T
    outputs = [
        *L.svd(a, False),
        L.svdvals(a),
        *L.eigh(symmetric),
        L.eigvalsh(symmetric),
        *L.qr(a),
        L.qr(a, "r"),
    ]
    found = with_and_without([a], outputs, matrix())
    assert [found.count(name) for name in ("svd", "eigh", "qr")] == [1, 1, 1]


def test_singular_values_and_their_gradient_take_one_decomposition() -> None:
    a = T.matrix("a")
    value = L.norm(a, 2)
    assert with_and_without([a], [value, ct.grad(value, a)], matrix()).count("svd") == 1


def test_least_squares_takes_one_decomposition() -> None:
    a, b = T.matrix("a"), T.vector("b")
    found = with_and_without([a, b], list(L.lstsq(a, b)), matrix(), np.arange(3.0))
    assert found.count("svd") == 1
