"""Axes moved, arrays turned, repeated, split and joined, as NumPy and Theano do."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError

from .agreement import check_gradients, sample
from .many_cases import Case, check_cases

LIBRARIES = (T, np)


def both(name: str, formula: object) -> Case:
    """A case whose formula takes the library, T or NumPy, first."""
    return name, lambda *a: formula(T, *a), lambda *a: formula(np, *a)  # type: ignore[operator]


def test_axes_move_as_in_numpy() -> None:
    x = T.tensor3("x")
    cases = [
        both("moveaxis", lambda lib, x: lib.moveaxis(x, 0, -1)),
        both("moveaxis of two", lambda lib, x: lib.moveaxis(x, (0, 2), (1, 0))),
        both("swapaxes", lambda lib, x: lib.swapaxes(x, 0, -1)),
        both("rollaxis", lambda lib, x: lib.rollaxis(x, 2, 1)),
        both("rollaxis to the end", lambda lib, x: lib.rollaxis(x, 0, 3)),
        both("ravel", lambda lib, x: lib.ravel(x)),
        both("atleast_3d", lambda lib, x: lib.atleast_3d(x[0, 0])),
        both("atleast_2d", lambda lib, x: lib.atleast_2d(x[0, 0])),
        ("mT", lambda x: x.mT, lambda x: np.swapaxes(x, -1, -2)),
        ("dimshuffle", lambda x: x.dimshuffle(2, "x", 0, 1), lambda x: x.transpose(2, 0, 1)[:, None]),
        ("flatten", lambda x: x.flatten(2), lambda x: x.reshape(x.shape[0], -1)),
        ("shape", lambda x: T.shape(x), lambda x: np.array(x.shape)),
        ("shape_padleft", lambda x: T.shape_padleft(x, 2), lambda x: x[None, None]),
        ("shape_padright", lambda x: T.shape_padright(x), lambda x: x[..., None]),
    ]
    check_cases(cases, [x], [[sample((3, 4, 5))], [sample((2, 1, 6))], [np.zeros((1, 2, 0)) + 0.5]])


def test_arrays_turn_roll_and_repeat_as_in_numpy() -> None:
    x, v, k, counts = T.matrix("x"), T.vector("v"), T.lscalar("k"), T.lvector("counts")
    cases = [
        both("flip", lambda lib, x, v, k, c: lib.flip(x)),
        both("flip one", lambda lib, x, v, k, c: lib.flip(x, 1)),
        both("fliplr", lambda lib, x, v, k, c: lib.fliplr(x)),
        both("flipud", lambda lib, x, v, k, c: lib.flipud(x)),
        *(both(f"rot90 {n}", lambda lib, x, v, k, c, n=n: lib.rot90(x, n)) for n in range(-1, 4)),
        both("roll all", lambda lib, x, v, k, c: lib.roll(x, 2)),
        both("roll axes", lambda lib, x, v, k, c: lib.roll(x, (-1, 7), (0, 1))),
        both("roll by a value", lambda lib, x, v, k, c: lib.roll(v, k)),
        both("tile", lambda lib, x, v, k, c: lib.tile(x, (2, 1, 3))),
        both("tile once", lambda lib, x, v, k, c: lib.tile(v, 2)),
        both("repeat", lambda lib, x, v, k, c: lib.repeat(x, 3, 1)),
        both("repeat all", lambda lib, x, v, k, c: lib.repeat(x, 2)),
        both("repeat by constants", lambda lib, x, v, k, c: lib.repeat(x[:, :2], [0, 3], 1)),
        both("repeat by values", lambda lib, x, v, k, c: lib.repeat(v, c)),
        both("repeat by a value", lambda lib, x, v, k, c: lib.repeat(v, abs(k))),
    ]
    calls = [
        [sample((n, 3)), sample((n,)), np.asarray(k), np.arange(n) % 3] for n, k in ((4, 3), (5, -1), (0, 2))
    ]
    check_cases(cases, [x, v, k, counts], calls)


def test_negative_repeats_are_refused() -> None:
    v, counts = T.vector("v"), T.lvector("counts")
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        T.repeat(v, -1)
    with pytest.raises((RuntimeError, ValueError)):
        ct.function([v, counts], T.repeat(v, counts))([1.0, 2.0], [2, -1])


def test_splits_and_joins_as_in_numpy() -> None:
    x, v = T.matrix("x"), T.vector("v")
    cases = [
        *(both(f"array_split {i}", lambda lib, x, v, i=i: lib.array_split(v, 4)[i]) for i in range(4)),
        *(both(f"split at {i}", lambda lib, x, v, i=i: lib.split(v, [1, 3, 9])[i]) for i in range(4)),
        *(both(f"vsplit {i}", lambda lib, x, v, i=i: lib.vsplit(x, 2)[i]) for i in range(2)),
        *(both(f"hsplit {i}", lambda lib, x, v, i=i: lib.hsplit(x, 3)[i]) for i in range(3)),
        both("vstack", lambda lib, x, v: lib.vstack([x, x[0], x])),
        both("hstack", lambda lib, x, v: lib.hstack([v, v[:2]])),
        both("hstack of matrices", lambda lib, x, v: lib.hstack([x, x[:, ::-1]])),
        both("dstack", lambda lib, x, v: lib.dstack([x, -x])),
        both("column_stack", lambda lib, x, v: lib.column_stack([v, v])),
        both("stack", lambda lib, x, v: lib.stack([x, x + 1], axis=-1)),
        both("concatenate", lambda lib, x, v: lib.concatenate([x, 2 * x], axis=1)),
        both("broadcast_arrays", lambda lib, x, v: lib.broadcast_arrays(v, x[:, :1])[0]),
    ]
    check_cases(cases, [x, v], [[sample((n, 3)), sample((m,))] for n, m in ((4, 5), (2, 8), (6, 0))])


def test_theanos_split_takes_sizes() -> None:
    v = T.vector("v")
    parts = ct.function([v], T.split(v, [2, 3], 2, 0))(np.arange(5.0))
    np.testing.assert_array_equal(parts[1], [2, 3, 4])
    with pytest.raises(ShapeError, match="changes the size"):
        ct.function([v], T.split(v, [2, 3], n_splits=2))(np.arange(6.0))


@pytest.mark.parametrize(
    "formula",
    [
        lambda x: T.flip(x),
        lambda x: T.roll(x, (1, -1), (0, 1)),
        lambda x: T.tile(x, (2, 2)),
        lambda x: T.repeat(x, [1, 0, 2], 0),
        lambda x: T.concatenate([x[::-1], x * x], 1),
        lambda x: T.split(x, 2, 1)[1],
        lambda x: T.stack(T.array_split(x, 2, 1)),
    ],
)
def test_gradients_of_rearranging(formula: object) -> None:
    check_gradients(lambda x: formula(x) ** 3, sample((3, 4)), static=True)  # type: ignore[operator]


def test_what_does_not_fit_is_refused() -> None:
    x = T.tensor(shape=(3, 4))
    with pytest.raises(ShapeError, match="drops axis 0, whose size is 3"):
        T.dimshuffle(x, 1)
    with pytest.raises(ValueError, match="does not divide into 2 equal parts"):
        T.split(x, 2)
    with pytest.raises(ValueError, match="must be as many distinct axes"):
        T.moveaxis(x, (0, 0), (0, 1))
    with pytest.raises(ValueError, match="ndim must be from 1 to 2"):
        T.flatten(x, 3)
