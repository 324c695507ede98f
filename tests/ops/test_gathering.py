"""Taking elements at computed positions: take, take_along_axis, nonzero, choose, select."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError

from .agreement import check_gradients, sample
from .many_cases import check_cases


def pair(name: str, formula: object, reference: object = None) -> tuple[str, object, object]:
    return name, formula, reference or formula


def test_take_agrees_with_numpy() -> None:
    x, i = T.matrix("x"), T.lmatrix("i")
    cases = [
        pair("flat", lambda x, i: T.take(x, i), lambda x, i: np.take(x, i)),
        pair("axis 0", lambda x, i: T.take(x, i, 0), lambda x, i: np.take(x, i, 0)),
        pair("axis 1", lambda x, i: T.take(x, i, -1), lambda x, i: np.take(x, i, -1)),
        pair(
            "clip", lambda x, i: T.take(x, i * 3, 0, "clip"), lambda x, i: np.take(x, i * 3, 0, mode="clip")
        ),
        pair(
            "wrap", lambda x, i: T.take(x, i * 3, 1, "wrap"), lambda x, i: np.take(x, i * 3, 1, mode="wrap")
        ),
        pair("method", lambda x, i: x.take(i, 0)),
    ]
    check_cases(cases, [x, i], [[sample((n, 3)), np.array([[0, 2], [-1, 1]])] for n in (3, 5)])


def test_take_says_what_is_wrong() -> None:
    x, i = T.matrix("x"), T.lvector("i")
    with pytest.raises(ValueError, match="mode must be one of"):
        T.take(x, i, 0, "ignore")
    with pytest.raises(ValueError, match="axis 2 is out of range"):
        T.take(x, i, 2)
    with pytest.raises(IndexError, match="must be integers"):
        T.take(x, T.vector("f"), 0)
    for mode in ("raise", "clip", "wrap"):
        with pytest.raises(IndexError, match="size 0"):
            ct.function([x, i], T.take(x, i, 0, mode))(np.zeros((0, 2)), [0])


@pytest.mark.parametrize("dtype", ["bool", "int16", "uint64", "float16", "bfloat16", "float64", "complex128"])
def test_every_dtype_is_gathered(dtype: str) -> None:
    x = T.tensor(dtype, shape=(None, 3))
    array = sample((4, 3), dtype)
    found = ct.function([x], x[[3, 0, 3]])(array)
    assert found.dtype == array.dtype
    assert found.tobytes() == array[[3, 0, 3]].tobytes()


def test_take_along_axis_undoes_a_sort() -> None:
    x, i = T.tensor3("x"), T.ltensor3("i")
    array = sample((3, 4, 5))
    for axis in (0, 1, -1):
        order = np.argsort(array, axis)
        found = ct.function([x, i], T.take_along_axis(x, i, axis))(array, order)
        np.testing.assert_array_equal(found, np.sort(array, axis))
    narrow = T.take_along_axis(array, np.zeros((1, 4, 1), int), 2).data
    np.testing.assert_array_equal(narrow, array[:, :, :1])
    with pytest.raises(ShapeError, match="3 axes and indices 1"):
        T.take_along_axis(x, np.zeros(3, int), 0)
    with pytest.raises(ValueError, match="differ"):
        ct.function([x, i], T.take_along_axis(x, i, 2))(array, np.zeros((2, 4, 1), int))


def test_gradients_of_gathers() -> None:
    order = np.argsort(sample((3, 4)), 1)
    check_gradients(lambda x: T.take_along_axis(x, order, 1) ** 3, sample((3, 4)))
    check_gradients(lambda x: T.take(x, [[5, 0], [0, 11]]) ** 3, sample((3, 4)))
    check_gradients(lambda x: T.take(x, [-9, 0, 99], 1, "clip") ** 3, sample((3, 4)))


def test_positions_of_nonzero_elements() -> None:
    x, v = T.tensor3("x"), T.lvector("v")
    cases = [
        pair("nonzero", lambda x, v: T.stack(T.nonzero(x > 0)), lambda x, v: np.stack(np.nonzero(x > 0))),
        pair("where", lambda x, v: T.where(x > 0)[1], lambda x, v: np.where(x > 0)[1]),
        pair("flatnonzero", lambda x, v: T.flatnonzero(v), lambda x, v: np.flatnonzero(v)),
        pair("argwhere", lambda x, v: T.argwhere(x > 0), lambda x, v: np.argwhere(x > 0)),
        pair("compress", lambda x, v: T.compress(v, x, 0), lambda x, v: np.compress(v, x, 0)),
        pair("extract", lambda x, v: T.extract(x > 0, x), lambda x, v: np.extract(x > 0, x)),
    ]
    check_cases(cases, [x, v], [[sample((n, 3, 2)), np.arange(n) % 3] for n in (4, 0, 7)])


def test_choose_and_select() -> None:
    x, i = T.matrix("x"), T.lvector("i")
    cases = [
        pair("choose", lambda x, i: T.choose(i, [x, -x, x * 2]), lambda x, i: np.choose(i, [x, -x, x * 2])),
        pair(
            "choose, wrapping",
            lambda x, i: T.choose(i * 4 - 5, [x, -x], "wrap"),
            lambda x, i: np.choose(i * 4 - 5, [x, -x], mode="wrap"),
        ),
        pair(
            "select",
            lambda x, i: T.select([x > 0.5, x > 0], [x, 2 * x], -1.0),
            lambda x, i: np.select([x > 0.5, x > 0], [x, 2 * x], -1.0),
        ),
    ]
    check_cases(cases, [x, i], [[sample((n, 3)), np.array([2, 0, 1])] for n in (1, 4)])
    for wrong in ([0, 0, 3], [0, -1, 0]):
        with pytest.raises(IndexError):
            ct.function([x, i], T.choose(i, [x, x, x]))(np.zeros((1, 3)), wrong)


def test_positions_in_an_array_whose_size_is_found_while_running() -> None:
    labels = T.lvector("labels")
    occurs = T.set_subtensor(T.zeros((T.max(labels) + 1,), dtype="int64")[labels], 1)
    found = T.flatnonzero(occurs)
    count = found.shape[0]
    f = ct.function([labels], [found, T.zeros((count, count))])
    positions, square = f(np.array([4, 1, 4]))
    assert positions.tolist() == [1, 4] and square.shape == (2, 2)
