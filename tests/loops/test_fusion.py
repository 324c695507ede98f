"""What becomes one loop nest, and that every choice of passes computes the same."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.loops.program import Nest, Product
from croton.rewrite.pipeline import PASSES
from croton.toolchain import compilations


def steps(function):
    return function.lowered().program.steps


def training(rows=None, dtype="float64"):
    """A network of two layers with a step of gradient descent: function, variables, data."""
    rng = np.random.default_rng(0)
    sizes = ((7, 5), (5,), (5, 3), (3,))
    weights = [ct.shared(rng.normal(size=size).astype(dtype)) for size in sizes]
    w1, b1, w2, b2 = weights
    x, y = T.tensor(dtype, shape=(rows, 7), name="x"), T.tensor(dtype, shape=(rows, 3), name="y")
    scores = T.tanh(x @ w1 + b1) @ w2 + b2
    cost = T.sum((T.softmax(scores) - y) ** 2)
    slopes = ct.grad(cost, weights)
    updates = [(w, w - 0.1 * slope) for w, slope in zip(weights, slopes, strict=True)]

    def make(**options):
        return ct.function([x, y], [cost, scores], updates=updates, **options)

    return (
        make,
        weights,
        lambda count: (rng.normal(size=(count, 7)).astype(dtype), np.ones((count, 3), dtype)),
    )


def test_elementwise_work_is_one_nest():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    f = ct.function([x, y], [T.tanh(x * y + 1) - x, T.exp(x).T.sum()])
    assert all(isinstance(step, Nest) for step in steps(f))
    assert len(steps(f)) <= 2


def test_softmax_is_one_nest():
    x = T.dmatrix("x")
    (nest,) = steps(ct.function([x], T.softmax(x * 2 + 1)))
    assert nest.depth == 1


def test_layer_norm_is_one_nest():
    x, gain = T.dmatrix("x"), T.dvector("gain")
    centred = x - x.mean(axis=1, keepdims=True)
    y = centred / T.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5) * gain
    f = ct.function([x, gain], y)
    assert len(steps(f)) == 1
    array = np.random.default_rng(0).normal(size=(6, 9))
    expected = (array - array.mean(1, keepdims=True)) / np.sqrt(array.var(1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(f(array, np.ones(9)), expected, rtol=1e-12)


def test_a_training_step_is_few_steps():
    make, _, _ = training()
    program = steps(make())
    assert sum(isinstance(step, Product) for step in program) == 5  # two forward, three backward
    assert len(program) - 5 <= 10


NAMES = [name for name, _ in PASSES]


@pytest.mark.parametrize("disabled", [(), *((name,) for name in [*NAMES, "fusion", "in-place"]), "all"])
def test_every_pass_can_be_left_out(monkeypatch, disabled):
    """Composite operations have no code of their own, so that their pass stays where all others go."""
    if disabled == "all":
        disabled = tuple(name for name in [*NAMES, "fusion", "in-place"] if name != "composites")
    make, weights, data = training()
    arrays = data(6)
    start = [w.get_value() for w in weights]
    expected, *_ = [make(mode="interpret")(*arrays)]
    after = [w.get_value() for w in weights]
    for w, array in zip(weights, start, strict=True):
        w.set_value(array)
    monkeypatch.setattr(ct.config, "disabled_passes", tuple(disabled))
    found = make()(*arrays)
    for left, right in zip([*found, *(w.get_value() for w in weights)], [*expected, *after], strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-11, atol=1e-13)


def test_one_function_serves_every_batch():
    """Whatever the number of rows, none at all included, nothing is compiled again."""
    make, weights, data = training()
    x = T.dmatrix("x")
    forward = ct.function([x], T.softmax(T.tanh(x @ weights[0] + weights[1]) @ weights[2] + weights[3]))
    train, interpreted = make(), make(mode="interpret")
    before = compilations().compiled
    for count in (1, 2, 31, 32, 0, 1000):
        arrays = data(count)
        w1, b1, w2, b2 = start = [w.get_value() for w in weights]
        scores = np.tanh(arrays[0] @ w1 + b1) @ w2 + b2
        powers = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
        np.testing.assert_allclose(forward(arrays[0]), powers / powers.sum(axis=1, keepdims=True), rtol=1e-10)
        found = [*train(*arrays), *(w.get_value() for w in weights)]
        for w, array in zip(weights, start, strict=True):
            w.set_value(array)
        expected = [*interpreted(*arrays), *(w.get_value() for w in weights)]
        for left, right in zip(found, expected, strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-11)
    assert compilations().compiled == before


def test_state_is_written_in_place_where_nothing_reads_it_later():
    w, u = ct.shared(np.zeros((4, 5)), "w"), ct.shared(np.zeros((5, 5)), "u")
    f = ct.function([], None, updates=[(w, w * 2 + 1), (u, u.T + 1)])
    assert f.lowered().program.in_place == {0}


@pytest.mark.parametrize("width", [None, 1, 3, 5, 16, 63, 64, 300])
def test_short_and_long_rows(width):
    """Rows of any width, with operands that all rows share, kept as they are or reduced along either axis."""
    x = T.tensor("float32", shape=(None, width), name="x")
    b = T.tensor("float32", shape=(width,), name="b")
    y = T.tanh(x + b) * b
    f = ct.function([x, b], [y, y.sum(axis=0), y.sum(axis=1), T.max(x - b, axis=1), (x * b).mean()])
    rng = np.random.default_rng(0)
    for rows in (1, 2, 7, 100):
        for columns in [width] if width else [1, 3, 5, 16, 63, 64, 300]:
            array, bias = (rng.normal(size=shape).astype("f") for shape in ((rows, columns), (columns,)))
            expected = np.tanh(array + bias) * bias
            wanted = [
                expected,
                expected.sum(axis=0),
                expected.sum(axis=1),
                (array - bias).max(axis=1),
                (array * bias).mean(),
            ]
            for left, right in zip(f(array, bias), wanted, strict=True):
                np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-4)


def test_loops_that_every_access_walks_together_become_one():
    x, y = T.dtensor3("x"), T.dtensor3("y")
    (nest,) = steps(ct.function([x, y], x * y + 1))
    assert sum(size != 1 for size in nest.members[0].domain) == 1
    (turned,) = steps(ct.function([x, y], x * y.transpose((2, 1, 0))))
    assert sum(size != 1 for size in turned.members[0].domain) == 3


@pytest.mark.parametrize("axes", [(0, 2), (0,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_reductions_over_an_axis_of_size_one_and_others(axes):
    x = T.tensor("float64", shape=(None, None, 1))
    array = np.arange(12.0).reshape(4, 3, 1)
    np.testing.assert_array_equal(ct.function([x], x.sum(axis=axes))(array), array.sum(axis=axes))


def test_an_index_is_not_divided_where_a_bias_can_be_added_before():
    """Flattened and masked: element k of a row has bias k % 4, unless the sums are kept."""
    x, b, mask = T.tensor("float64", (None, 3, 5, 4), "x"), T.dvector("b"), T.dmatrix("mask")
    flat = T.reshape(T.nnet.relu(x + b), (x.shape[0], 60))
    f = ct.function([x, b, mask], flat * mask)
    assert len(steps(f)) == 2
    arrays = np.random.default_rng(0).normal(size=(2, 3, 5, 4)), np.arange(4.0), np.ones((2, 60))
    np.testing.assert_array_equal(f(*arrays), np.maximum(arrays[0] + arrays[1], 0).reshape(2, 60))


def test_a_size_found_while_running_is_found_before_it_is_read_as_a_number():
    """The maximum and what is multiplied with it read the same array, but not in one nest."""
    x = T.tensor("int64", (None, None), "x")
    number = T.shape_i(T.arange(T.max(x) + 1), 0)
    f = ct.function([x], x * number)
    array = np.array([[5, 3, 2], [1, 7, 4]])
    np.testing.assert_array_equal(f(array), array * 8)


def test_what_every_row_repeats_is_computed_once():
    """A function of each channel, with axes of size 1 before it, is not computed for every pixel."""
    x, v = T.tensor("float64", (None, 6, 7, 5), "x"), T.tensor("float64", (1, 1, 1, 5), "v")
    f = ct.function([x, v], x * (v + 1e-3) ** -1.5)
    assert len(steps(f)) == 2
    arrays = np.random.default_rng(0).normal(size=(2, 6, 7, 5)), np.arange(1.0, 6.0).reshape(1, 1, 1, 5)
    expected = arrays[0] * (arrays[1] + 1e-3) ** -1.5
    np.testing.assert_allclose(f(*arrays), expected, rtol=1e-14)
    w = T.tensor("float64", (5,), "w")
    reshaped = T.reshape((w + 1e-3) ** -1.5, (1, 1, 1, 5))
    for factors in (reshaped, T.broadcast_to(reshaped, x.shape)):
        g = ct.function([x, w], x * factors)
        assert len(steps(g)) == 2
        np.testing.assert_allclose(g(arrays[0], arrays[1].ravel()), expected, rtol=1e-14)


def test_what_a_row_shares_stays_in_its_nest():
    x, v = T.dmatrix("x"), T.tensor("float64", (None, 1), "v")
    assert len(steps(ct.function([x, v], x * (v + 1e-3) ** -1.5))) == 1
