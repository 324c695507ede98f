"""Where the results of a nest's members lie."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.loops.fusion import lower
from croton.loops.program import Nest
from croton.ops import base


def only_nest(inputs, outputs):
    (nest,) = lower(Graph.of(inputs, [base.symbolic(output) for output in outputs])).steps
    assert isinstance(nest, Nest)
    return nest


def softmax(x):
    raised = T.exp(x - T.max(x, axis=-1, keepdims=True))
    return raised / T.sum(raised, axis=-1, keepdims=True)


def test_what_one_iteration_makes_for_itself_needs_no_memory():
    x = T.tensor("float32", shape=(None, 40))
    output = softmax(x)
    nest = only_nest([x], [output])
    assert nest.stored == {output}
    assert [value.owner.op.name for value in nest.local] == ["exp"]
    array = np.random.default_rng(0).normal(size=(70, 40)).astype("f4")
    raised = np.exp(array - array.max(axis=1, keepdims=True))
    expected = raised / raised.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ct.function([x], output)(array), expected, rtol=1e-5)


@pytest.mark.parametrize("columns", [None, 20000])
def test_rows_of_unknown_or_large_size_lie_in_memory(columns):
    x = T.tensor("float32", shape=(None, columns))
    nest = only_nest([x], [softmax(x)])
    assert not nest.local
    assert {value.owner.op.name for value in nest.stored} == {"exp", "divide"}


def test_what_another_step_reads_lies_in_memory():
    x, w = T.tensor("float32", shape=(None, 40)), T.tensor("float32", shape=(40, 3))
    raised = T.exp(x - T.max(x, axis=-1, keepdims=True))
    first = lower(Graph.of([x, w], [base.symbolic(raised @ w), base.symbolic(T.sum(raised, axis=1))])).steps[
        0
    ]
    assert isinstance(first, Nest) and not first.local


def test_a_sum_of_rows_read_beside_padding_stays_in_a_register():
    x = T.tensor("float64", shape=(None, 5))
    padded = T.pad(T.sum(x, axis=1, keepdims=True), ((0, 0), (1, 2))) + x[:, :4]
    array = np.arange(15.0).reshape(3, 5)
    expected = np.pad(array.sum(axis=1, keepdims=True), ((0, 0), (1, 2))) + array[:, :4]
    np.testing.assert_array_equal(ct.function([x], padded)(array), expected)


def test_sums_over_columns_that_a_later_stage_reads():
    x = T.tensor("float64", shape=(None, 6, 4))
    centred = x - T.mean(x, axis=1, keepdims=True)
    array = np.random.default_rng(1).normal(size=(9, 6, 4))
    nest = only_nest([x], [centred])
    assert nest.stored == {centred} and len(nest.local) == 1
    np.testing.assert_allclose(
        ct.function([x], centred)(array), array - array.mean(axis=1, keepdims=True), rtol=1e-13, atol=1e-15
    )


def test_sums_over_leading_axes_share_the_loops_of_what_they_add():
    """Layer normalisation and its derivatives run row by row, whatever is summed over all rows."""
    x, gain = T.tensor("float32", shape=(None, 7, 16)), T.tensor("float32", shape=(16,))
    scaled = x * gain / T.sum(x, axis=2, keepdims=True)
    nest = only_nest([x, gain], [scaled, T.sum(scaled, axis=(0, 1))])
    assert nest.depth == 2
    array, factors = np.random.default_rng(2).random((11, 7, 16), "f4") + 1, np.linspace(1, 2, 16, dtype="f4")
    expected = array * factors / array.sum(axis=2, keepdims=True)
    results = ct.function([x, gain], [scaled, T.sum(scaled, axis=(0, 1))])(array, factors)
    np.testing.assert_allclose(results[0], expected, rtol=1e-6)
    np.testing.assert_allclose(results[1], expected.sum(axis=(0, 1)), rtol=1e-5)
