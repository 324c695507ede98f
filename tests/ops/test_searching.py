"""Searching sorted vectors, distinct elements, membership and bins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError

from .agreement import computed, sample
from .many_cases import check_cases


def test_positions_in_sorted_vectors() -> None:
    a, v = T.vector("a"), T.matrix("v")
    cases = [
        (side, lambda a, v, s=side: T.searchsorted(a, v, s), lambda a, v, s=side: np.searchsorted(a, v, s))
        for side in ("left", "right")
    ]
    values = np.array([[-9.0, 0.0, 1.0], [np.nan, np.inf, 0.5]])
    vectors = [
        np.zeros(0),
        np.array([0.5]),
        np.array([-1, 0.0, 0.0, 0.5, 1.0, np.inf, np.nan]),
        np.arange(100.0),
    ]
    check_cases(cases, [a, v], [[vector, values] for vector in vectors])


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "int64", "float16", "bfloat16", "float32"])
def test_every_dtype_is_searched(dtype: str) -> None:
    vector, values = np.sort(sample((20,), dtype)), sample((9,), dtype, 1)
    wide = np.float64 if dtype in ("float16", "bfloat16") else dtype
    expected = np.searchsorted(vector.astype(wide), values.astype(wide))
    np.testing.assert_array_equal(computed(T.searchsorted, vector, values), expected)


def test_a_sorter_puts_the_vector_in_order() -> None:
    vector = np.array([3, 1, 2])
    found = computed(lambda a, v: T.searchsorted(a, v, sorter=T.argsort(a)), vector, np.array([2, 0, 9]))
    np.testing.assert_array_equal(found, [1, 0, 3])
    with pytest.raises(ValueError, match='side must be "left" or "right"'):
        T.searchsorted(vector, 2, side="middle")
    with pytest.raises(ShapeError, match="expected a sorted vector"):
        T.searchsorted(np.zeros((2, 2)), 1)
    with pytest.raises(DTypeError, match="searchsorted is not defined"):
        T.searchsorted(T.zvector("z"), 1)
    with pytest.raises(IndexError, match="index 3"):
        T.searchsorted(vector, 2, sorter=[0, 1, 3])


def unique_parts(module: object, axis: int | None) -> Callable[..., list]:
    def parts(x: object) -> list:
        values, index, inverse, counts = module.unique(x, True, True, True, axis)
        return [values, index, inverse, counts]

    return parts


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("dtype", ["int64", "float64", "complex128"])
def test_distinct_elements_and_slices(axis: int | None, dtype: str) -> None:
    x = T.tensor(dtype, shape=(None, None))
    function = ct.function([x], unique_parts(T, axis)(x))
    interpreted = ct.function([x], unique_parts(T, axis)(x), mode="interpret")
    for shape in [(9, 2), (2, 9), (1, 1), (40, 3)]:
        array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
        if dtype == "complex128":
            array += 1j * np.random.default_rng(1).integers(0, 2, shape)
        expected = unique_parts(np, axis)(array)
        for run in (function, interpreted):
            for found, wanted in zip(run(array), expected, strict=True):
                np.testing.assert_array_equal(found, wanted, strict=True)


def test_distinct_nans_nothing_and_eager_arrays() -> None:
    x = np.array([1.0, np.nan, 1.0, np.nan])
    np.testing.assert_array_equal(computed(T.unique, x), [1, np.nan])
    np.testing.assert_array_equal(computed(lambda v: T.unique(v, equal_nan=False), x), [1, np.nan, np.nan])
    assert computed(T.unique, np.zeros(0)).shape == (0,)
    assert T.unique([[3, 1], [1, 2]]).tolist() == [1, 2, 3]


def test_sets() -> None:
    a, b = T.lvector("a"), T.lmatrix("b")
    names = ["isin", "in1d", "union1d", "setdiff1d", "intersect1d"]
    cases = [
        (name, lambda a, b, n=name: getattr(T, n)(a, b), lambda a, b, n=name: getattr(np, n)(a, b))
        for name in names
        if name != "in1d"
    ]
    cases.append(
        ("in1d", lambda a, b: T.in1d(b, a, invert=True), lambda a, b: np.isin(b, a, invert=True).ravel())
    )
    arrays = [[np.array([3, 1, 2, 3, 9]), np.array([[1, 3], [5, -1]])], [np.arange(3), np.zeros((0, 2), int)]]
    check_cases(cases, [a, b], [*arrays, [np.zeros(0, int), arrays[0][1]]])
    np.testing.assert_array_equal(T.isin(np.array([np.nan, 1]), [np.nan, 1]).data, [False, True])


def test_bins_of_elements() -> None:
    x, bins = T.matrix("x"), T.vector("bins")
    cases = [
        (str(right), lambda x, b, r=right: T.digitize(x, b, r), lambda x, b, r=right: np.digitize(x, b, r))
        for right in (False, True)
    ]
    values = np.array([[0.0, 0.5, 1.0], [2.5, 9.0, -3.0]])
    edges = [np.array([0.0, 1.0, 2.5]), np.array([2.5, 1.0, 0.0]), np.array([1.0]), np.zeros(0)]
    check_cases(cases, [x, bins], [[values, edge] for edge in edges])
    with pytest.raises(ShapeError, match="bins must be a vector"):
        T.digitize(x, x)


def test_positions_as_one_number_or_one_per_axis() -> None:
    flat = np.array([[1, 59], [7, 20]])
    for order in "CF":
        found = computed(lambda i, o=order: T.stack(T.unravel_index(i, (3, 4, 5), o)), flat)
        np.testing.assert_array_equal(found, np.stack(np.unravel_index(flat, (3, 4, 5), order)))
        rows, columns = np.array([5, -1]), np.array([2, -3])
        found = computed(
            lambda a, b, o=order: T.ravel_multi_index((a, b), (3, 4), mode=("clip", "wrap"), order=o),
            rows,
            columns,
        )
        expected = np.ravel_multi_index((rows, columns), (3, 4), mode=("clip", "wrap"), order=order)
        np.testing.assert_array_equal(found, expected)
    i, shape = T.lvector("i"), T.tensor("int64", shape=(2,), name="shape")
    function = ct.function([i, shape], T.ravel_multi_index(T.unravel_index(i, shape), shape))
    np.testing.assert_array_equal(function([0, 5, 3], [2, 3]), [0, 5, 3])
    for bad in ([6], [-1]):
        with pytest.raises(IndexError, match="out of range"):
            function(bad, [2, 3])
    with pytest.raises(IndexError, match="out of range"):
        T.ravel_multi_index(([3], [0]), (3, 4))
    with pytest.raises(ShapeError, match="2 index arrays and 3 modes"):
        T.ravel_multi_index(([3], [0]), (3, 4, 5))
    with pytest.raises(DTypeError, match="must be integers"):
        T.unravel_index([0.5], (3,))
    with pytest.raises(ValueError, match='order must be "C" or "F"'):
        T.unravel_index([0], (3,), "A")


def test_diagonals_and_the_triangular_window() -> None:
    for shape in [(3, 5), (5, 3), (3, 3, 3), (0, 2)]:
        expected = sample(shape)
        filled = computed(lambda a: T.fill_diagonal(a, 9), expected)
        np.fill_diagonal(expected, 9)
        np.testing.assert_array_equal(filled, expected)
    a, offset = T.matrix("a"), T.lscalar("offset")
    function = ct.function([a, offset], T.fill_diagonal_offset(a, 7.0, offset))
    for k in (-2, 0, 3, 9):
        expected = np.where(np.eye(3, 5, k) == 1, 7, 0)
        np.testing.assert_array_equal(function(np.zeros((3, 5)), k), expected)
    with pytest.raises(ShapeError, match="val must be a scalar"):
        T.fill_diagonal(a, [1, 2])
    with pytest.raises(ShapeError, match="at least two axes"):
        T.fill_diagonal(np.zeros(3), 0)
    with pytest.raises(ShapeError, match="expected a matrix"):
        T.fill_diagonal_offset(np.zeros(3), 0, 1)
    points = T.lscalar("points")
    window = ct.function([points], T.bartlett(points))
    for count in (0, 1, 2, 5, 8):
        np.testing.assert_allclose(window(count), np.bartlett(count), atol=1e-15)
        np.testing.assert_allclose(T.bartlett(count).data, np.bartlett(count), atol=1e-15)
