"""Segments, and the gradient of an embedding."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, computed, sample

IDS = np.array([2, 0, 2, 2, 4])
SEGMENTS = {
    "sum": (T.segment_sum, np.add, 0.0),
    "prod": (T.segment_prod, np.multiply, 1.0),
    "max": (T.segment_max, np.maximum, -np.inf),
    "min": (T.segment_min, np.minimum, np.inf),
}


@pytest.mark.parametrize("kind", SEGMENTS)
def test_segments_combine_rows_with_the_same_id(kind: str) -> None:
    function, ufunc, start = SEGMENTS[kind]
    data = sample((5, 3))
    wanted = np.full((6, 3), start)
    ufunc.at(wanted, IDS, data)
    np.testing.assert_allclose(computed(lambda x: function(x, IDS, 6), data), wanted, rtol=1e-14)
    check_gradients(lambda x: function(x, np.array([1, 0, 1, 1, 0]), 2) ** 2, data)


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint32", "int64", "float16", "bfloat16", "float32", "complex64"]
)
def test_segments_of_every_dtype(dtype: str) -> None:
    data = sample((5, 2), dtype)
    found = computed(lambda x: T.segment_sum(x, IDS, 5), data)
    wide = np.complex128 if dtype == "complex64" else bool if dtype == "bool" else np.float64
    wanted = np.zeros((5, 2), wide)
    np.add.at(wanted, IDS, data.astype(wide))
    if dtype == "int8":
        wanted = wanted.astype(np.int64).astype(np.int8)  # wraps around
    np.testing.assert_allclose(found.astype(wide), wanted, rtol=1e-2 if "16" in dtype else 1e-6)


def test_ids_and_their_number_may_come_at_call_time() -> None:
    x, ids, count = T.vector("x"), T.lvector("ids"), T.lscalar("count")
    function = ct.function([x, ids, count], T.segment_sum(x, ids, count))
    np.testing.assert_array_equal(function([1.0, 2.0, 3.0], [1, 1, 0], 4), [3, 3, 0, 0])
    np.testing.assert_array_equal(function([1.0], [0], 1), [1])
    with pytest.raises(IndexError, match="index 4 is out of range"):
        function([1.0], [4], 4)


def test_rows_are_added_in_order_so_that_results_are_the_same_in_every_run() -> None:
    random = np.random.default_rng(0)
    values, rows = random.standard_normal((4000, 7)), random.integers(0, 5, 4000)
    x, i = T.matrix("x"), T.lvector("i")
    found = ct.function([x, i], T.segment_sum(x, i, 5))(values, rows)
    wanted = np.zeros((5, 7))
    np.add.at(wanted, rows, values)
    np.testing.assert_array_equal(found, wanted)


def test_the_gradient_of_an_embedding_adds_up_in_single_precision_for_half_tables() -> None:
    table = T.tensor("float16", shape=(3, 2), name="table")
    i = T.lvector("i")
    slope = ct.function(
        [table, i], ct.grad(T.sum(T.cast(table[i], "float32") * 0.1), table), on_unused_input="ignore"
    )
    found = slope(np.zeros((3, 2), np.float16), np.zeros(1000, int))
    np.testing.assert_allclose(found[0].astype(float), 100, rtol=1e-3)
    assert not found[1:].any()
