"""Slices: Python's rules for every start, stop and step, sizes unknown, gradients, dynamic slices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import croton as ct
import croton.tensor as T
from croton.graph import dims
from croton.graph.errors import ShapeError
from croton.ops.slicing import slice_range

from .agreement import check_gradients, sample
from .many_cases import check_cases

BOUNDS = st.one_of(st.none(), st.integers(-9, 9))
SLICES = st.builds(slice, BOUNDS, BOUNDS, st.sampled_from([None, 1, 2, 3, -1, -2, -4]))
ENTRIES = st.one_of(SLICES, st.integers(-3, 2), st.none(), st.just(Ellipsis))


def legal(key: tuple[object, ...]) -> bool:
    return (
        sum(entry is Ellipsis for entry in key) <= 1
        and sum(e is not None and e is not Ellipsis for e in key) <= 3
    )


KEYS = st.lists(ENTRIES, max_size=5).map(tuple).filter(legal)


@given(SLICES, st.integers(0, 12))
@settings(max_examples=400, deadline=None)
def test_the_range_of_a_slice_is_pythons_for_known_and_for_symbolic_sizes(key: slice, size: int) -> None:
    wanted = list(range(size))[key]
    symbol = dims.Symbol("n")
    for limit, sizes in ((size, {}), (dims.of_atom(symbol), {symbol: size})):
        start, count = slice_range(key.start, key.stop, key.step or 1, limit)
        assert dims.evaluate(count, sizes) == len(wanted)
        if wanted:
            assert dims.evaluate(start, sizes) == wanted[0]


@given(st.integers(-7, 7), st.integers(-7, 7), st.sampled_from([1, 2, -1, -3]), st.integers(0, 8))
@example(-2, -4, -1, 1)
@settings(max_examples=300, deadline=None)
def test_bounds_that_are_arithmetic_of_sizes_may_turn_out_negative(
    a: int, b: int, step: int, size: int
) -> None:
    symbol = dims.Symbol("n")
    n = dims.of_atom(symbol)
    start, count = slice_range(dims.add(n, a), dims.add(dims.multiply(n, 2), b), step, n)
    wanted = list(range(size))[size + a : 2 * size + b : step]
    assert dims.evaluate(count, {symbol: size}) == len(wanted)
    if wanted:
        assert dims.evaluate(start, {symbol: size}) == wanted[0]


@given(st.lists(KEYS, min_size=12, max_size=12))
@settings(max_examples=4, deadline=None)
def test_indexing_agrees_with_numpy_for_every_size(keys: list[tuple[object, ...]]) -> None:
    x = T.tensor3("x")
    cases = [(str(key), lambda x, k=key: x[k], lambda x, k=key: x[k]) for key in keys]
    check_cases(cases, [x], [[sample(shape)] for shape in ((3, 4, 5), (7, 3, 3))])


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "bfloat16", "float32", "complex64"])
def test_every_dtype_is_sliced_and_updated(dtype: str) -> None:
    x = T.tensor(dtype, shape=(None, 4))
    array = sample((3, 4), dtype)
    outputs = [x[::-1, 1:], x[-1], T.set_subtensor(x[1:, ::2], x[:2, :2])]
    compiled = ct.function([x], outputs)(array)
    changed = array.copy()
    changed[1:, ::2] = array[:2, :2]
    for found, wanted in zip(compiled, (array[::-1, 1:], array[-1], changed), strict=True):
        assert found.dtype == wanted.dtype
        assert found.tobytes() == np.ascontiguousarray(wanted).tobytes()


def test_slices_of_empty_arrays_are_empty() -> None:
    x = T.matrix("x")
    cases = [
        (str(k), lambda x, k=k: x[k], lambda x, k=k: x[k])
        for k in (np.s_[1:], np.s_[::-1], np.s_[:, -2:], np.s_[:-1])
    ]
    check_cases(cases, [x], [[np.zeros((0, 3))], [np.zeros((2, 0))]])


@pytest.mark.parametrize(
    "key", [np.s_[1:3], np.s_[::-2, 1], np.s_[-1], np.s_[None, ..., ::3], np.s_[5:0:-1, 1:-1]]
)
def test_gradients_of_slices(key: object) -> None:
    check_gradients(lambda x: x[key] ** 3, sample((6, 4)))


def test_an_integer_outside_an_axis_is_an_index_error_when_it_becomes_known() -> None:
    with pytest.raises(IndexError, match="index 5 is out of range for axis 1 of size 4"):
        T.tensor(shape=(None, 4))[0, 5]
    x = T.matrix("x")
    for key in (2, -3, np.s_[:, 4]):
        for mode in ("compile", "interpret"):
            with pytest.raises(IndexError, match="out of range"):
                ct.function([x], x[key], mode=mode)(np.zeros((2, 4)))


def test_bad_slices_are_refused_with_the_reason() -> None:
    x = T.matrix("x")
    with pytest.raises(ValueError, match="step cannot be zero"):
        x[::0]
    with pytest.raises(TypeError, match="must be an integer"):
        x[1.5:]
    with pytest.raises(IndexError, match="too many indices"):
        x[0, 0, 0]
    with pytest.raises(IndexError, match="only one ellipsis"):
        x[..., 0, ...]
    with pytest.raises(IndexError, match=r"got 1\.0"):
        x[1.0]


def test_bounds_computed_while_running() -> None:
    v, low, high = T.vector("v"), T.lscalar("low"), T.iscalar("high")
    keys = (
        "low:high",
        "low:",
        ":high",
        "low:high:2",
        "low::-1",
        ":high:-3",
        "low:high:-2",
        "3 * low : 3 * low + 3",
    )
    names = {"slice": slice}
    cases = [
        (
            key,
            lambda v, low, high, k=key: eval(f"v[{k}]", names, {"v": v, "low": low, "high": high}),
            lambda v, low, high, k=key: eval(f"v[{k}]", names, {"v": v, "low": low, "high": high}),
        )
        for key in keys
    ]
    numbers = [(np.int64(a), np.int32(b)) for a, b in itertools.product((-9, -2, 0, 1, 30), (-3, 0, 4, 25))]
    check_cases(cases, [v, low, high], [[sample((6,)), a, b] for a, b in numbers])


def test_gradient_of_a_slice_with_bounds_computed_while_running() -> None:
    v, low = T.vector("v"), T.lscalar("low")
    slope = ct.function([v, low], ct.grad(T.sum(v[low : low + 2] ** 2), v))
    np.testing.assert_array_equal(slope([1.0, 2.0, 3.0, 4.0], 1), [0, 4, 6, 0])
    np.testing.assert_array_equal(slope([1.0, 2.0, 3.0, 4.0], 3), [0, 0, 0, 8])


def test_dynamic_slices_move_to_stay_inside() -> None:
    x, i, j = T.matrix("x"), T.lscalar("i"), T.lscalar("j")

    def moved(x: np.ndarray, i: int, j: int) -> tuple[slice, slice]:
        a, b = np.clip(i, 0, x.shape[0] - 2), np.clip(j, 0, x.shape[1] - 3)
        return slice(a, a + 2), slice(b, b + 3)

    def updated(x: np.ndarray, i: int, j: int) -> np.ndarray:
        result = x.copy()
        result[moved(x, i, j)] = 7
        return result

    cases = [
        ("slice", lambda x, i, j: T.dynamic_slice(x, (i, j), (2, 3)), lambda x, i, j: x[moved(x, i, j)]),
        ("update", lambda x, i, j: T.dynamic_update_slice(x, np.full((2, 3), 7.0), (i, j)), updated),
    ]
    calls = [[sample((4, 5)), a, b] for a, b in ((0, 0), (1, 2), (9, 9), (-3, 1))]
    check_cases(cases, [x, i, j], calls)
    with pytest.raises(ShapeError, match="shorter than the slice"):
        ct.function([x, i], T.dynamic_slice(x, (i, 0), (2, 2)))(np.zeros((1, 5)), 0)
    with pytest.raises(ShapeError, match="does not fit axis 1 of size 4"):
        T.dynamic_slice(T.tensor(shape=(None, 4)), (0, 0), (1, 5))


def test_gradients_of_dynamic_slices_and_updates() -> None:
    start = np.asarray(1)
    check_gradients(lambda x: T.dynamic_slice(x, (start, 0), (2, 2)) ** 3, sample((4, 3)))
    check_gradients(lambda x: T.dynamic_update_slice(x**2, x[:2, :1] ** 3, (start, 2)), sample((4, 3)))


def test_a_slice_fuses_into_what_reads_it() -> None:
    x = T.matrix("x")
    made = ct.function([x], T.exp(x[1:, ::-1]) + 1.0)
    assert made.memory_plan() == []
    np.testing.assert_allclose(made(np.zeros((3, 2))), np.full((2, 2), 2.0))


def test_a_number_reshaped_to_a_size_that_only_a_call_knows() -> None:
    """The gradient of a slice of one element, whose size is the smaller of 1 and that of the whole axis."""
    x = T.vector("x")
    gradient = ct.grad(T.reshape(x[:1], ()), x)
    compiled = ct.function([x], [gradient, T.reshape(T.constant(2.0), x[:1].shape)])
    slope, number = compiled(np.ones(3))
    np.testing.assert_array_equal(slope, [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(number, [2.0])
