"""Sorting, the largest elements, and what the order of elements tells."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError

from .agreement import computed, sample
from .many_cases import check_cases

DTYPES = ["bool", "int8", "uint16", "int32", "uint64", "int64", "float16", "bfloat16", "float32", "float64"]


def wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype.kind not in "biu" else array


def special(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Numbers with ties and, where there are any, both zeros, infinities, and NaN of both signs."""
    x = sample(shape, dtype)
    if x.dtype.kind not in "biu" and x.size > 9:
        for place, number in enumerate([np.nan, 0.0, -0.0, np.inf, -np.inf, -np.nan, 1.0, 1.0]):
            x.flat[place * x.size // 9] = number
    return x


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_length_is_sorted_as_numpy_sorts(dtype: str) -> None:
    x = T.tensor(dtype, shape=(None, None))
    outputs = [T.sort(x), T.argsort(x), T.sort(x, 0), T.argsort(x, 0), T.sort(x, None), T.argsort(x, None)]
    function = ct.function([x], outputs)
    interpreted = ct.function([x], outputs, mode="interpret")
    for shape in [(0, 3), (3, 0), (1, 1), (20, 5), (9, 40), (30, 300), (2, 5000)]:
        array = special(shape, dtype)
        found = function(array)
        for position, axis in enumerate((-1, 0, None)):
            expected = np.sort(wide(array), axis)
            order = np.argsort(wide(array), axis, kind="stable")
            np.testing.assert_array_equal(wide(found[2 * position]), expected)
            np.testing.assert_array_equal(found[2 * position + 1], order)
            assert found[2 * position].dtype == array.dtype
        for one, other in zip(found, interpreted(array), strict=True):
            np.testing.assert_array_equal(wide(one), wide(other))


def test_long_vectors_of_equal_bytes_and_sorted_ones() -> None:
    x = T.lvector("x")
    function = ct.function([x], [T.sort(x), T.argsort(x)])
    for array in (
        np.arange(10000),
        np.full(10000, -7),
        sample((10000,), "int64"),
        sample((10000,)).view("i8"),
    ):
        found, order = function(array)
        np.testing.assert_array_equal(found, np.sort(array))
        np.testing.assert_array_equal(order, np.argsort(array, kind="stable"))


def test_middle_axes_and_strided_arrays() -> None:
    whole = sample((4, 6, 10))
    for axis in range(3):
        np.testing.assert_array_equal(computed(lambda x, a=axis: T.sort(x, a), whole), np.sort(whole, axis))
    strided = whole[::2, ::-1, 1::3]
    np.testing.assert_array_equal(computed(lambda x: T.argsort(x, 1), strided), np.argsort(strided, 1))


def test_complex_numbers_are_ordered_by_their_parts() -> None:
    nan = np.nan
    z = np.array([1 + 2j, 1 - 1j, complex(nan, 1), complex(1, nan), complex(nan, nan), 0j, complex(nan, 0)])
    np.testing.assert_array_equal(computed(T.sort, z), np.sort(z))
    np.testing.assert_array_equal(computed(T.argsort, z), np.argsort(z, kind="stable"))


def test_lexsort_partition_and_methods() -> None:
    first, second = np.array([1, 0, 1, 0, 2]), np.array([3.0, 3.0, 1.0, 0.5, 3.0])
    order = computed(lambda a, b: T.lexsort((a, b)), first, second)
    np.testing.assert_array_equal(order, np.lexsort((first, second)))
    x = sample((3, 4))
    np.testing.assert_array_equal(computed(lambda v: T.partition(v, 2), x), np.sort(x))
    np.testing.assert_array_equal(computed(lambda v: T.argpartition(v, 2), x), np.argsort(x))
    np.testing.assert_array_equal(computed(lambda v: v.sort(0), x), np.sort(x, 0))
    np.testing.assert_array_equal(computed(lambda v: v.argsort(0), x), np.argsort(x, 0))


class TestTopk:
    @pytest.mark.parametrize("n", [5, 100])
    @pytest.mark.parametrize("static", [False, True])
    def test_elements_and_positions(self, n: int, static: bool) -> None:
        x = np.round(sample((3, n)), 1)
        largest, smallest = np.sort(x)[:, -4:], np.sort(x)[:, :4]
        np.testing.assert_array_equal(computed(lambda v: T.topk(v, 4), x, static=static), largest)
        np.testing.assert_array_equal(computed(lambda v: T.topk(v, -4), x, static=static), smallest)
        for kth in (4, -4):
            order = computed(lambda v, k=kth: T.argtopk(v, k, idx_dtype="int32"), x, static=static)
            taken = np.take_along_axis(x, order.astype(int), 1)
            np.testing.assert_array_equal(taken, largest if kth > 0 else smallest)
            assert order.dtype == np.int32

    @pytest.mark.parametrize("size", [6, 70])
    def test_of_equal_elements_the_first_are_taken_and_nan_is_largest(self, size: int) -> None:
        x = np.zeros(size)
        x[[2, 4]] = 1.0
        x[3] = np.nan
        assert computed(lambda v: T.top_k(v, 4)[1], x, static=True).tolist() == [3, 2, 4, 0]
        assert computed(lambda v: T.argtopk(v, -2), x).tolist() == [0, 1]

    def test_number_known_while_running(self) -> None:
        x, k = T.matrix("x"), T.lscalar("k")
        function = ct.function([x, k], T.topk_and_argtopk(x, k, 0))
        array = sample((5, 3))
        for count in (1, 3, 5):
            values, order = function(array, count)
            np.testing.assert_array_equal(values, np.sort(array, 0)[5 - count :])
            np.testing.assert_array_equal(np.take_along_axis(array, order, 0), values)
        with pytest.raises(ShapeError, match="topk: elements on axis 0"):
            function(array, 6)

    def test_other_axes_and_the_flattened_array(self) -> None:
        x = sample((4, 30, 2))
        np.testing.assert_array_equal(computed(lambda v: T.topk(v, 3, 1), x), np.sort(x, 1)[:, -3:])
        np.testing.assert_array_equal(computed(lambda v: T.topk(v, 3, None), x), np.sort(x, None)[-3:])


def test_what_is_wrong_is_said() -> None:
    x = T.matrix("x")
    with pytest.raises(ValueError, match="sort: axis 2 is out of range"):
        T.sort(x, 2)
    with pytest.raises(TypeError, match="order= names fields"):
        T.argsort(x, order="f")
    with pytest.raises(ValueError, match="kth must not be 0"):
        T.topk(x, 0)
    with pytest.raises(DTypeError, match="idx_dtype must be an integer"):
        T.topk_and_argtopk(x, 1, idx_dtype="float32")
    with pytest.raises(DTypeError, match="argtopk is not defined for dtype complex128"):
        T.topk(T.zvector("z"), 1)
    with pytest.raises(ShapeError, match="expected at least 0, got -1"):
        T.topk(np.zeros(3), 4)
    with pytest.raises(ValueError, match="at least one key"):
        T.lexsort([])
    with pytest.raises(ShapeError, match="keys have"):
        T.lexsort([x, x[0]])


def test_quantiles_of_every_method() -> None:
    methods = ["linear", "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf"]
    methods += ["closest_observation", "interpolated_inverted_cdf", "hazen", "weibull"]
    methods += ["median_unbiased", "normal_unbiased"]
    x = T.matrix("x")
    fractions = [0, 0.25, 0.3, 0.5, 0.9, 1]
    function = ct.function([x], [T.quantile(x, fractions, axis=1, method=method) for method in methods])
    for n in (1, 2, 3, 4, 5, 8, 20):
        array = sample((3, n))
        for method, found in zip(methods, function(array), strict=True):
            expected = np.quantile(array, fractions, axis=1, method=method)
            np.testing.assert_allclose(found, expected, rtol=1e-12, err_msg=f"{method} of {n}")


def test_medians_and_percentiles() -> None:
    x = T.tensor3("x")
    array = sample((3, 4, 5))
    array[0, 1, 2] = np.nan
    array[1, 1] = np.nan
    array[2, 0, 0] = np.inf
    pairs = [
        (lambda m, v: m.median(v)),
        (lambda m, v: m.median(v, (0, 2), keepdims=True)),
        (lambda m, v: m.median(v[2], 0)),
        (lambda m, v: m.percentile(v[2, 1:], [[10, 50], [90, 99]], 1)),
        (lambda m, v: m.nanmedian(v, 2)),
        (lambda m, v: m.nanpercentile(v[:2], 30, 1, keepdims=True)),
        (lambda m, v: m.nanquantile(v[:2], [0.2, 0.8], 0)),
    ]
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning):
        cases = [
            (f"case {number}", lambda v, p=pair: p(T, v), lambda v, p=pair: p(np, v))
            for number, pair in enumerate(pairs)
        ]
        check_cases(cases, [x], [[array]])
    assert T.median(np.array([1, 2, np.inf])).item() == 2
    for pair, middle in [((0.0, np.inf), np.inf), ((-np.inf, 0.0), -np.inf), ((-np.inf, np.inf), np.nan)]:
        np.testing.assert_equal(T.median(np.array(pair)).item(), middle)
        np.testing.assert_equal(T.quantile(np.array(pair), 0.3).item(), middle)
    assert T.median(np.array([1, 2], np.float16)).dtype == "float16"


def test_quantiles_known_while_running_and_bad_ones() -> None:
    x, q = T.vector("x"), T.scalar("q")
    function = ct.function([x, q], T.quantile(x, q))
    array = sample((7,))
    assert function(array, 0.3) == pytest.approx(np.quantile(array, 0.3))
    assert np.isnan(function(array, 1.5))
    assert np.isnan(function(array, np.nan))
    with pytest.raises(IndexError, match="out of range for size 0"):
        function(np.zeros(0), 0.5)
    with pytest.raises(ShapeError, match="median: axis 0 has no elements: expected at least 1, got 0"):
        T.median(np.zeros(0))
    with pytest.raises(ValueError, match="between 0 and 1"):
        T.quantile(x, 1.5)
    with pytest.raises(ValueError, match="method must be one of"):
        T.quantile(x, 0.5, method="best")
    with pytest.raises(TypeError, match="complex"):
        T.median(T.zvector("z"))
