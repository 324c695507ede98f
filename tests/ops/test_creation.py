"""Ranges, grids, triangles, diagonals and one-hot vectors, of sizes known or not."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError

from .agreement import check_gradients, sample
from .many_cases import check_cases
from .test_rearranging import both


def test_ranges_agree_with_numpy() -> None:
    x, k, h = T.matrix("x"), T.lscalar("k"), T.scalar("h")
    cases = [
        both("size", lambda lib, x, k, h: lib.arange(x.shape[0])),
        both("between sizes", lambda lib, x, k, h: lib.arange(2, x.shape[0] * 3, 2)),
        both("downwards", lambda lib, x, k, h: lib.arange(x.shape[0], -3, -2)),
        both("empty", lambda lib, x, k, h: lib.arange(x.shape[0], 0)),
        both("values", lambda lib, x, k, h: lib.arange(k)),
        both("float step", lambda lib, x, k, h: lib.arange(0.0, k, 0.5)),
        both("dtype", lambda lib, x, k, h: lib.arange(x.shape[0], dtype="float32")),
        both("numbers", lambda lib, x, k, h: lib.arange(1, 2, 0.3) * h),
        both("linspace", lambda lib, x, k, h: lib.linspace(0.0, h, 7)),
        both("open linspace", lambda lib, x, k, h: lib.linspace(h, 2.0, 5, endpoint=False)),
        both("linspace of one", lambda lib, x, k, h: lib.linspace(h, 2.0, 1)),
        both("linspace of arrays", lambda lib, x, k, h: lib.linspace(x[0], h, 3, axis=-1)),
        both("logspace", lambda lib, x, k, h: lib.logspace(0.0, h, 4)),
    ]
    calls = [[sample((n, 2)), np.asarray(k), np.asarray(h)] for n, k, h in ((3, 5, 1.5), (1, 0, -2.0))]
    check_cases(cases, [x, k, h], calls)


def test_ranges_refuse_a_step_of_zero_and_what_is_not_a_scalar() -> None:
    with pytest.raises(ZeroDivisionError):
        T.arange(0, 5, 0)
    with pytest.raises(TypeError, match="scalar"):
        T.arange(T.vector("v"))
    with pytest.raises(ValueError, match="num must not be negative"):
        T.linspace(0, 1, -1)


def test_matrices_agree_with_numpy() -> None:
    x, v, i = T.matrix("x"), T.vector("v"), T.lvector("i")
    cases = [
        both("eye", lambda lib, x, v, i: lib.eye(x.shape[0], x.shape[1], 1)),
        both("identity", lambda lib, x, v, i: lib.identity(x.shape[0], dtype="float32")),
        both("tri", lambda lib, x, v, i: lib.tri(x.shape[0], k=-1)),
        both("tril", lambda lib, x, v, i: lib.tril(x, 1)),
        both("triu", lambda lib, x, v, i: lib.triu(x, -1)),
        both("diag of a vector", lambda lib, x, v, i: lib.diag(v, -2)),
        both("diag of a matrix", lambda lib, x, v, i: lib.diag(x, 1)),
        both("diagflat", lambda lib, x, v, i: lib.diagflat(x[:2], 1)),
        both("diagonal", lambda lib, x, v, i: lib.diagonal(lib.stack([x, -x]), -1, 2, 1)),
        both("an empty diagonal", lambda lib, x, v, i: lib.diagonal(x, 9)),
        both("trace", lambda lib, x, v, i: lib.trace(x)),
        both("meshgrid", lambda lib, x, v, i: lib.meshgrid(v, i)[0]),
        both("meshgrid ij", lambda lib, x, v, i: lib.meshgrid(v, i, indexing="ij")[1]),
        both("open meshgrid", lambda lib, x, v, i: lib.meshgrid(v, i, sparse=True)[1]),
        both("indices", lambda lib, x, v, i: lib.indices(x.shape)),
        both("zeros", lambda lib, x, v, i: lib.zeros((x.shape[0], 2), "int32")),
        both("ones", lambda lib, x, v, i: lib.ones(x.shape[1])),
        both("full_like", lambda lib, x, v, i: lib.full_like(x, 3)),
        ("one_hot", lambda x, v, i: T.one_hot(i, 4), lambda x, v, i: np.eye(5)[np.where(i < 4, i, 4)][:, :4]),
        (
            "alloc",
            lambda x, v, i: T.alloc(v[0], x.shape[0], 2),
            lambda x, v, i: np.full((x.shape[0], 2), v[0]),
        ),
    ]
    calls = [[sample((n, m)), sample((n,)), np.arange(n) + 2] for n, m in ((4, 3), (2, 5))]
    check_cases(cases, [x, v, i], calls)


@pytest.mark.parametrize(
    "formula",
    [
        lambda x: T.tril(x, 1),
        lambda x: T.diag(x[0], 1),
        lambda x: T.diagonal(x, -1),
        lambda x: T.trace(x),
        lambda x: T.linspace(x[0], x[1], 4),
        lambda x: T.meshgrid(x[0], x[1])[0],
    ],
)
def test_gradients_of_what_is_made_of_arrays(formula: object) -> None:
    check_gradients(lambda x: formula(x) ** 3, sample((3, 4)))  # type: ignore[operator]


def test_what_has_no_diagonal_is_refused() -> None:
    with pytest.raises(ShapeError, match="expected a vector or a matrix"):
        T.diag(T.tensor3("x"))
    with pytest.raises(ValueError, match="must differ"):
        T.diagonal(T.matrix("x"), 0, 1, -1)
    with pytest.raises(TypeError, match="expected integers"):
        T.one_hot(T.vector("v"), 3)
    with pytest.raises(ValueError, match='indexing must be "xy" or "ij"'):
        T.meshgrid(T.vector("v"), indexing="yx")


def test_zeros_in_a_compiled_function_take_no_memory_of_their_own() -> None:
    x = T.matrix("x")
    made = ct.function([x], x + T.zeros((x.shape[0], 1)) + T.tri(x.shape[0], x.shape[1]))
    assert made.memory_plan() == []
