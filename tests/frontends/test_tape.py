"""GradientTape: values against analysis and finite differences, and TensorFlow's semantics."""

import gc
import warnings
import weakref

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError


def differences(function, point, step=1e-6):
    """The gradient of a scalar function by central differences."""
    result = np.zeros_like(point)
    for index in np.ndindex(*point.shape):
        up, down = point.copy(), point.copy()
        up[index] += step
        down[index] -= step
        result[index] = (float(function(up)) - float(function(down))) / (2 * step)
    return result


def test_gradients_agree_with_finite_differences():
    generator = np.random.default_rng(0)
    data = generator.normal(size=(6, 3))
    weights, bias = generator.normal(size=(3, 2)), generator.normal(size=2)

    def loss(w, b):
        return T.mean(T.square(T.exp(T.matmul(data, w) * 0.3) + b) / (1.0 + T.square(b)))

    w, b = ct.Variable(weights), ct.Variable(bias)
    with ct.GradientTape() as tape:
        value = loss(w, b)
    dw, db = tape.gradient(value, [w, b])
    np.testing.assert_allclose(dw, differences(lambda p: loss(p, bias), weights), rtol=1e-7)
    np.testing.assert_allclose(db, differences(lambda p: loss(weights, p), bias), rtol=1e-7)


def test_sources_and_results_have_one_structure():
    x, y = ct.Tensor(2.0), ct.Variable(3.0)
    with ct.GradientTape() as tape:
        tape.watch(x)
        z = x * y
    found = tape.gradient(z, {"a": x, "b": [y, (x,)]})
    assert float(found["a"]) == 3.0 and float(found["b"][0]) == 2.0 and float(found["b"][1][0]) == 3.0


def test_targets_are_summed_and_weighted():
    x = ct.Tensor([1.0, 2.0])
    with ct.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = x * x, x * 3.0
    assert tape.gradient([y, z], x).tolist() == [5.0, 7.0]
    assert tape.gradient(y, x, output_gradients=[10.0, 0.0]).tolist() == [20.0, 0.0]
    assert tape.gradient([y, z], x, output_gradients=[np.ones(2), None]).tolist() == [5.0, 7.0]
    with pytest.raises(ShapeError, match="output_gradients"):
        tape.gradient(y, x, output_gradients=np.ones(3))


def test_a_gradient_with_respect_to_something_in_between():
    x = ct.Tensor(2.0)
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    dx, dy = tape.gradient(z, [x, y])
    assert float(dx) == 32.0 and float(dy) == 8.0


def test_nested_tapes_give_higher_orders():
    x = ct.Tensor(3.0)
    with ct.GradientTape() as outermost:
        outermost.watch(x)
        with ct.GradientTape() as outer:
            outer.watch(x)
            with ct.GradientTape() as inner:
                inner.watch(x)
                y = x**4
            first = inner.gradient(y, x)
        second = outer.gradient(first, x)
    third = outermost.gradient(second, x)
    np.testing.assert_allclose([first, second, third], [108.0, 108.0, 72.0])


def test_a_mixed_derivative_through_a_variable_that_the_inner_tape_does_not_differentiate():
    x, w = ct.Tensor(3.0), ct.Variable(2.0)
    with ct.GradientTape() as outer, ct.GradientTape() as inner:
        inner.watch(x)
        y = w * x
    with ct.GradientTape() as outer:
        with ct.GradientTape(watch_accessed_variables=False) as inner:
            inner.watch(x)
            y = w * w * x
        slope = inner.gradient(y, x)
    assert float(slope) == 4.0 and float(outer.gradient(slope, w)) == 4.0


def test_a_persistent_tape_differentiates_its_own_gradients():
    x = ct.Tensor(2.0)
    with ct.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**3
        first = tape.gradient(y, x)
    assert float(tape.gradient(first, x)) == 12.0


def test_a_tape_is_used_once_unless_persistent():
    x = ct.Tensor(1.0)
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = x * 2.0
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, x)


def test_what_is_not_watched_has_no_gradient():
    x, frozen, v = ct.Tensor(1.0), ct.Variable(2.0, trainable=False), ct.Variable(3.0)
    with ct.GradientTape() as tape:
        y = x * frozen * v
    assert tape.watched_variables() == (v,)
    assert tape.gradient(y, [x, frozen, v])[:2] == [None, None]
    with ct.GradientTape(watch_accessed_variables=False) as tape:
        y = x * v
    assert tape.gradient(y, v) is None


def test_unconnected_gradients_can_be_zero():
    x, v = ct.Tensor([1.0, 2.0]), ct.Variable([[1.0]])
    with ct.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = v * 2.0
    assert tape.gradient(y, x) is None
    assert tape.gradient(y, x, unconnected_gradients="zero").tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="unconnected_gradients"):
        tape.gradient(y, x, unconnected_gradients="nil")


def test_integers_have_no_gradient_and_say_so():
    n, x = ct.Tensor([1, 2]), ct.Tensor([1.0, 2.0])
    with ct.GradientTape(persistent=True) as tape:
        with pytest.warns(UserWarning, match="int64"):
            tape.watch(n)
        tape.watch(x)
        y = x * n
    with pytest.warns(UserWarning, match="source of dtype int64"):
        assert tape.gradient(y, [x, n])[1] is None
    with pytest.warns(UserWarning, match="target of dtype int64"):
        assert tape.gradient(n, x) is None


def test_what_is_neither_tensor_nor_variable_is_refused():
    tape = ct.GradientTape(persistent=True)
    with tape, pytest.raises(TypeError, match="watch: expected a tensor"):
        tape.watch(3.0)
    with pytest.raises(TypeError, match="target must be"):
        tape.gradient(1.0, ct.Tensor(1.0))
    with pytest.raises(TypeError, match="source must be"):
        tape.gradient(ct.Tensor(1.0), 1.0)


def test_recording_stops_and_starts_again():
    x = ct.Tensor(3.0)
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        with tape.stop_recording():
            z = y * 100.0
        y = y + z
    assert float(tape.gradient(y, x)) == 6.0
    with pytest.raises(RuntimeError), tape.stop_recording():
        pass


def test_reset_forgets():
    x = ct.Tensor(3.0)
    with ct.GradientTape() as tape:
        tape.watch(x)
        x * x
        tape.reset()
        tape.watch(x)
        y = x * 5.0
    assert float(tape.gradient(y, x)) == 5.0


def test_stop_gradient():
    x = ct.Tensor(3.0)
    with ct.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * ct.stop_gradient(x)
        z = ct.stop_gradient(x) * 2.0
    assert float(tape.gradient(y, x)) == 3.0
    assert tape.gradient(z, x) is None
    s = T.scalar("s")
    assert float(ct.function([s], ct.grad(s * T.stop_gradient(s), s))(3.0)) == 3.0


def test_every_value_a_variable_had_counts():
    v = ct.Variable(2.0)
    with ct.GradientTape() as tape:
        y = v * v
        v.assign(5.0)
        y = y + v * 10.0
    assert float(tape.gradient(y, v)) == 4.0 + 10.0


def test_jacobians():
    x = ct.Tensor([1.0, 2.0])
    matrix = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    with ct.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = T.matmul(matrix, x * x)
    np.testing.assert_allclose(tape.jacobian(y, x), matrix * [2.0, 4.0])
    other = ct.Tensor([1.0])
    assert tape.jacobian(y, other) is None
    assert tape.jacobian(y, other, unconnected_gradients="zero").shape == (3, 1)


def test_batch_jacobians():
    x = ct.Tensor([[1.0, 2.0], [3.0, 4.0]])
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = T.stack([x[:, 0] * x[:, 1], x[:, 0], x[:, 1] ** 2], axis=1)
    found = tape.batch_jacobian(y, x).numpy()
    np.testing.assert_allclose(found[1], [[4.0, 3.0], [1.0, 0.0], [0.0, 8.0]])
    assert found.shape == (2, 3, 2)


def test_a_tape_takes_symbolic_variables():
    x = T.vector("x")
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = T.exp(x)
    np.testing.assert_allclose(ct.function([x], tape.gradient(y, x))([0.0, 1.0]), np.exp([0.0, 1.0]))


def test_complex_gradients():
    z = ct.Tensor(1.0 + 2.0j)
    with ct.GradientTape() as tape:
        tape.watch(z)
        y = T.square(T.absolute(z))
    np.testing.assert_allclose(complex(tape.gradient(y, z)), 2 * (1 + 2j))


def test_a_tape_frees_what_it_recorded():
    x = ct.Tensor(np.ones(10))
    with ct.GradientTape() as tape:
        tape.watch(x)
        middle = T.exp(x)
        y = middle * middle
    alive = weakref.ref(middle)
    del middle
    assert alive() is not None
    tape.gradient(y, x)
    gc.collect()
    assert alive() is None


def test_watching_twice_warns_of_nothing():
    x = ct.Tensor(1.0)
    with warnings.catch_warnings(), ct.GradientTape() as tape:
        warnings.simplefilter("error")
        tape.watch([x, x])
        y = x * 2.0
    assert float(tape.gradient(y, x)) == 2.0


def test_remembered_derivatives_follow_the_numbers_and_the_shapes():
    def slope(point, factor, power):
        x = ct.Tensor(point)
        with ct.GradientTape() as tape:
            tape.watch(x)
            y = T.sum(T.exp(x * factor) ** power)
        return tape.gradient(y, x)

    for point in ([0.1, 0.2], [0.3, 0.4], [0.1, 0.2, 0.3]):
        for factor, power in ((1.0, 2), (2.0, 2), (1.0, 3)):
            exact = factor * power * np.exp(np.array(point) * factor * power)
            np.testing.assert_allclose(slope(point, factor, power), exact)


def test_a_watched_number_may_be_a_target_and_an_operand():
    x = ct.Tensor(3.0)
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = x * 2.0
        z = y * y
    assert float(tape.gradient([y, z], x)) == 2.0 + 24.0
