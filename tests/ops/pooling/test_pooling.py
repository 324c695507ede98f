"""Pooling: windows taken one by one, in NumPy, are what it must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import EagerValue
from croton.ops.base import apply_one
from croton.ops.pooling.geometry import Windows
from croton.ops.pooling.primitive import Pool, ScatterToMaximum, SelectAtMaximum, SpreadOverWindows
from croton.runtime import set_threads, threads

from ..agreement import computed, sample

MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")
AVERAGES = {"max": np.max, "sum": np.sum, "average_exc_pad": np.mean}


def by_windows(x, ws, stride, pad, ignore_border: bool, mode: str):
    """The last axes of x, pooled window by window."""
    rank = len(ws)
    padded = np.full(
        (*x.shape[:-rank], *(n + 2 * p for n, p in zip(x.shape[-rank:], pad, strict=True))), np.nan
    )
    padded[..., *(slice(p, p + n) for n, p in zip(x.shape[-rank:], pad, strict=True))] = x
    counts = []
    for size, window, step in zip(padded.shape[-rank:], ws, stride, strict=True):
        starts = [start for start in range(0, size, step) if start + window <= size]
        if not ignore_border and (not starts or starts[-1] + window < size):
            later = len(starts) * step
            starts += [later] if later < size else []
        counts.append(len(starts))
    result = np.empty((*x.shape[:-rank], *counts))
    for number in np.ndindex(*counts):
        window = padded[..., *(slice(n * s, n * s + w) for n, s, w in zip(number, stride, ws, strict=True))]
        flat = window.reshape(*x.shape[:-rank], -1)
        inside = flat[..., ~np.isnan(flat).reshape(-1, flat.shape[-1])[0]]
        total = flat.shape[-1]
        result[..., *number] = (
            np.sum(inside, -1) / total if mode == "average_inc_pad" else AVERAGES[mode](inside, -1)
        )
    return result


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("ws", "stride", "pad", "ignore_border"),
    [
        ((2, 2), None, (0, 0), True),
        ((2, 3), (1, 2), (1, 2), True),
        ((3, 2), (1, 3), (0, 0), False),
        ((2, 2), None, (0, 0), False),
        ((2, 2), (3, 3), (0, 0), False),
    ],
)
def test_pool_2d(mode: str, ws, stride, pad, ignore_border: bool) -> None:
    x = sample((2, 3, 7, 5))
    found = computed(lambda v: T.signal.pool.pool_2d(v, ws, ignore_border, stride, pad, mode), x)
    np.testing.assert_allclose(found, by_windows(x, ws, stride or ws, pad, ignore_border, mode), atol=1e-13)


@pytest.mark.parametrize("mode", MODES)
def test_pool_3d(mode: str) -> None:
    x = sample((2, 5, 4, 6))
    found = computed(lambda v: T.signal.pool.pool_3d(v, (2, 1, 3), True, (1, 2, 2), (1, 0, 2), mode), x)
    expected = by_windows(x, (2, 1, 3), (1, 2, 2), (1, 0, 2), True, mode)
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_old_names() -> None:
    x = sample((2, 6, 4))
    np.testing.assert_array_equal(
        T.signal.downsample.max_pool_2d(x, (2, 2), st=(2, 1)).data,
        by_windows(x, (2, 2), (2, 1), (0, 0), False, "max"),
    )
    found = T.signal.pool.pool_2d(input=x, ds=(3, 2), ignore_border=True, st=(1, 2), padding=(1, 0)).data
    np.testing.assert_array_equal(found, by_windows(x, (3, 2), (1, 2), (1, 0), True, "max"))
    found = T.signal.pool.pool_3d(x, ds=(1, 3, 2), ignore_border=True).data
    np.testing.assert_array_equal(found, by_windows(x, (3, 2), (3, 2), (0, 0), True, "max"))
    with pytest.raises(ValueError, match="pool_2d: ds is an older name of ws; give one of them"):
        T.signal.pool.pool_2d(x, (2, 2), ds=(2, 2))
    kept = computed(lambda v: T.signal.downsample.max_pool_2d_same_size(v, (2, 3)), x)
    largest = by_windows(x, (2, 3), (2, 3), (0, 0), False, "max").repeat(2, 1).repeat(3, 2)[:, :6, :4]
    np.testing.assert_array_equal(kept, np.where(x == largest, x, 0))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("padding", "strides"), [("valid", None), ("valid", 1), ("same", 2), ("same", 1)])
def test_keras_pooling_in_both_layouts(rank: int, padding: str, strides: int | None) -> None:
    x = sample((2, 3, *(7, 6, 5)[:rank]))
    size = (3, 2, 2)[:rank]
    step = strides or size
    for function, mode in ((T.nnet.max_pool, "max"), (T.nnet.average_pool, "average_exc_pad")):
        first = computed(lambda v, f=function: f(v, size, strides, padding, "channels_first"), x)
        last = computed(lambda v, f=function: f(v, size, strides, padding), np.moveaxis(x, 1, -1))
        np.testing.assert_array_equal(np.moveaxis(last, -1, 1), first)
        if padding == "valid":
            steps = step if isinstance(step, tuple) else (step,) * rank
            expected = by_windows(x, size, steps, (0,) * rank, True, mode)
            np.testing.assert_allclose(first, expected, atol=1e-13)


def test_same_padding_puts_an_odd_element_after() -> None:
    x = np.arange(1.0, 7.0).reshape(1, 6, 1)
    assert T.nnet.max_pool(x, 2, 1, "same").data.ravel().tolist() == [2, 3, 4, 5, 6, 6]
    assert T.nnet.max_pool(x, 3, 2, "same").data.ravel().tolist() == [3, 5, 6]
    assert T.nnet.average_pool(x, 2, 1, "same").data.ravel().tolist() == [1.5, 2.5, 3.5, 4.5, 5.5, 6]


def test_global_pooling() -> None:
    x = sample((2, 3, 4, 5))
    np.testing.assert_allclose(computed(T.nnet.global_average_pool, x), x.mean((1, 2)))
    largest = computed(lambda v: T.nnet.global_max_pool(v, "channels_first", keepdims=True), x)
    np.testing.assert_array_equal(largest, x.max((2, 3), keepdims=True))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float16", "bfloat16", "float32"])
def test_dtypes(dtype: str) -> None:
    x = sample((2, 5, 6), dtype)
    largest = computed(lambda v: T.signal.pool.pool_2d(v, (2, 3), True), x)
    assert largest.dtype == x.dtype
    wide = x.astype("float64")
    np.testing.assert_array_equal(
        largest.astype("float64"), by_windows(wide, (2, 3), (2, 3), (0, 0), True, "max")
    )
    mean = computed(lambda v: T.signal.pool.pool_2d(v, (2, 3), True, mode="average_exc_pad"), x)
    assert mean.dtype == (np.float64 if x.dtype.kind in "biu" else x.dtype)


def test_nan_is_the_largest() -> None:
    x = np.array([[1.0, np.nan, 3.0, 4.0, -np.inf, -np.inf]])
    found = computed(lambda v: T.signal.pool.pool_2d(v, (1, 2), True), x)
    np.testing.assert_array_equal(found, [[np.nan, 4, -np.inf]])


def test_the_gradient_goes_to_the_first_largest() -> None:
    x = T.dmatrix("x")
    f = ct.function([x], ct.grad(T.sum(T.signal.pool.pool_2d(x, (2, 2), True)), x))
    np.testing.assert_array_equal(f(np.zeros((2, 4))), [[1, 0, 1, 0], [0, 0, 0, 0]])
    np.testing.assert_array_equal(
        f(np.array([[1.0, 2, 5, np.nan], [2, 0, np.nan, 6]])), [[0, 1, 0, 1], [0, 0, 0, 0]]
    )


@st.composite
def cases(draw: st.DrawFn):
    """Windows, and x, v and g for them."""
    rank = draw(st.integers(1, 3))
    sizes = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    strides = tuple(draw(st.integers(1, 4)) for _ in range(rank))
    padding = tuple(
        draw(st.sampled_from(["same", "border", (0, 0), *([(1, 0), (1, window - 1)] if window > 1 else [])]))
        for window in sizes
    )
    windows = Windows(sizes, strides, padding)
    most = 150 if rank == 1 else 6
    shape = tuple(window + draw(st.integers(0, most)) for window in sizes)
    inner, outer = draw(st.sampled_from([1, 1, 3, 70])), draw(st.integers(0, 3))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = random.integers(-3, 4, (outer, *shape, inner)).astype("float64")  # ties, often
    g = random.standard_normal((outer, *windows.counts(shape, "test"), inner))
    return windows, x, random.standard_normal(x.shape), g


def everything(windows: Windows, x, v, g) -> list:
    size = (x.data if isinstance(x, EagerValue) else x.type).shape[1:-1]
    return [
        *(apply_one(Pool(windows, kind), x) for kind in ("max", "sum", "mean", "padded_mean")),
        *(apply_one(SpreadOverWindows(windows, kind, size), g) for kind in ("sum", "mean", "padded_mean")),
        apply_one(ScatterToMaximum(windows), x, g),
        apply_one(SelectAtMaximum(windows), x, v),
    ]


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_compiled_is_interpreted(case) -> None:
    windows, *arrays = case
    inner = arrays[0].shape[-1]
    variables = [T.tensor("float64", shape=(*(None,) * (array.ndim - 1), inner)) for array in arrays]
    results = ct.function(variables, everything(windows, *variables))(*arrays)
    expected = everything(windows, *(EagerValue.factory(array) for array in arrays))
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, wanted.data, atol=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_transposes(case) -> None:
    """<spread(g), v> = <g, pool(v)> and <scatter(x, g), v> = <g, select(x, v)>."""
    windows, x, v, g = case
    x, v, g = (EagerValue.factory(array) for array in (x, v, g))
    for kind in ("sum", "mean", "padded_mean"):
        spread = apply_one(SpreadOverWindows(windows, kind, x.data.shape[1:-1]), g)
        np.testing.assert_allclose(
            np.sum(spread.data * v.data), np.sum(g.data * apply_one(Pool(windows, kind), v).data)
        )
    scattered, selected = (
        apply_one(ScatterToMaximum(windows), x, g),
        apply_one(SelectAtMaximum(windows), x, v),
    )
    np.testing.assert_allclose(np.sum(scattered.data * v.data), np.sum(g.data * selected.data))


def test_the_same_bits_for_any_number_of_threads() -> None:
    windows = Windows((3, 2), (2, 1), ("same", (1, 0)))
    arrays = [sample((6, 40, 41, 5)), sample((6, 40, 41, 5), seed=1), sample((6, 20, 41, 5), seed=2)]
    variables = [T.tensor("float64", shape=(None,) * 4) for _ in arrays]
    function, before, found = ct.function(variables, everything(windows, *variables)), threads(), set()
    try:
        for count in (1, 2, 4, 1):
            set_threads(count)
            found.add(b"".join(np.asarray(result).tobytes() for result in function(*arrays)))
    finally:
        set_threads(before)
    assert len(found) == 1


class TestErrors:
    X = np.zeros((2, 3, 7, 5))

    def test_windows(self) -> None:
        pool = T.signal.pool.pool_2d
        with pytest.raises(TypeError, match="pool_2d: ws, the size of the windows, is missing"):
            pool(self.X)
        with pytest.raises(ValueError, match="ws must be 1 or more"):
            pool(self.X, (2, 0))
        with pytest.raises(ValueError, match="pad must be smaller than ws"):
            pool(self.X, (2, 2), True, pad=(2, 0))
        with pytest.raises(ValueError, match="only with ignore_border=True"):
            pool(self.X, (2, 2), False, pad=(1, 0))
        with pytest.raises(ValueError, match="mode must be one of max, sum"):
            pool(self.X, (2, 2), mode="median")
        with pytest.raises(ShapeError, match="at least 2 axes"):
            pool(self.X[0, 0, 0], (2, 2))

    def test_an_input_smaller_than_a_window(self) -> None:
        with pytest.raises(ShapeError, match="padded size of pooled axis 1: expected at least 6, got 5"):
            T.signal.pool.pool_2d(self.X, (2, 6), True)
        v = T.dtensor4("v")
        function = ct.function([v], T.nnet.max_pool(v, 3))
        with pytest.raises(ShapeError, match="padded size of pooled axis 0: expected at least 3, got 2"):
            function(np.zeros((1, 2, 5, 3)))

    def test_keras_arguments(self) -> None:
        with pytest.raises(ValueError, match="max_pool: padding must be"):
            T.nnet.max_pool(self.X, 2, padding="full")
        with pytest.raises(ValueError, match="data_format"):
            T.nnet.average_pool(self.X, 2, data_format="first")
        with pytest.raises(ShapeError, match="1 to 3 spatial axes"):
            T.nnet.max_pool(self.X[0, 0], 2)

    def test_complex_numbers(self) -> None:
        with pytest.raises(DTypeError, match="not defined for dtype complex128"):
            T.nnet.max_pool(self.X.astype(complex), 2)
