"""custom_gradient: eagerly under tapes, symbolically, and traced."""

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError


@ct.custom_gradient
def log1pexp(x):
    """log(1 + exp(x)) with a derivative that does not overflow."""
    e = T.exp(x)

    def gradient(dy):
        return dy * (1 - 1 / (1 + e))

    return T.log(1 + e), gradient


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


POINTS = np.array([-2.0, 0.0, 1.5, 1000.0])


def slope_eager(x):
    x = ct.Tensor(x)
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = log1pexp(x)
    return tape.gradient(y, x)


def slope_symbolic(points):
    x = T.vector("x")
    return ct.function([x], ct.grad(log1pexp(x).sum(), x))(points)


def slope_traced(points):
    @ct.jit
    def slope(x):
        with ct.GradientTape() as tape:
            tape.watch(x)
            y = log1pexp(x)
        return tape.gradient(y, x)

    return slope(points)


def slope_of_traced(points):
    traced = ct.jit(log1pexp)
    x = ct.Tensor(points)
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = traced(x)
    return tape.gradient(y, x)


@pytest.mark.parametrize("slope", [slope_eager, slope_symbolic, slope_traced, slope_of_traced])
def test_the_given_derivative_is_used(slope):
    np.testing.assert_allclose(slope(POINTS), sigmoid(POINTS), rtol=1e-12)


def test_values():
    expected = np.log1p(np.exp(POINTS[:3]))
    x = T.vector("x")
    np.testing.assert_allclose(log1pexp(POINTS[:3]), expected, rtol=1e-15)
    np.testing.assert_allclose(ct.function([x], log1pexp(x))(POINTS[:3]), expected, rtol=1e-14)


def test_higher_orders_differentiate_the_gradient_function():
    points = np.array([-1.0, 0.5])
    expected = sigmoid(points) * (1 - sigmoid(points))
    x = ct.Tensor(points)
    with ct.GradientTape() as outer:
        outer.watch(x)
        with ct.GradientTape() as inner:
            inner.watch(x)
            y = log1pexp(x)
        first = inner.gradient(y, x)
    np.testing.assert_allclose(outer.gradient(first, x), expected)
    s = T.vector("s")
    second = ct.grad(ct.grad(log1pexp(s).sum(), s).sum(), s)
    np.testing.assert_allclose(ct.function([s], second)(points), expected)


@ct.custom_gradient
def polar(pair, scale):
    x, y = pair

    def gradient(outputs_r, outputs_q):
        return [outputs_r * 2.0 + outputs_q, outputs_r * 3.0, None]

    return {"r": x * y * scale, "q": (x + y,)}, gradient


def test_nested_arguments_and_outputs():
    x, y = ct.Tensor(2.0), ct.Tensor(5.0)
    with ct.GradientTape() as tape:
        tape.watch([x, y])
        result = polar([x, y], 10.0)
    assert float(result["r"]) == 100.0 and float(result["q"][0]) == 7.0
    assert [float(g) for g in tape.gradient(result, [x, y])] == [3.0, 3.0]
    s, t = T.scalars("s", "t")
    result = polar([s, t], 10.0)
    gradients = ct.grad(result["r"] + 4.0 * result["q"][0], [s, t])
    assert [float(g) for g in ct.function([s, t], gradients, on_unused_input="ignore")(2.0, 5.0)] == [
        6.0,
        3.0,
    ]


def test_variables_have_gradients_of_their_own():
    w = ct.Variable(2.0, name="w")

    @ct.custom_gradient
    def scale(x):
        def gradient(dy, variables=None):
            assert variables == [w] or variables[0] is w
            return dy * w * 10.0, [dy * x * 100.0]

        return w * x, gradient

    def gradients(x):
        with ct.GradientTape() as tape:
            tape.watch(x)
            y = scale(x)
        return tape.gradient(y, [x, w])

    for found in (gradients(ct.Tensor(3.0)), ct.jit(gradients)(3.0)):
        assert [float(g) for g in found] == [20.0, 300.0]


def test_variables_need_a_gradient_function_that_takes_them():
    w = ct.Variable(2.0, name="w")

    @ct.custom_gradient
    def scale(x):
        return w * x, lambda dy: dy

    with pytest.raises(TypeError, match=r"scale reads variables \(w\)"):
        scale(ct.Tensor(1.0))


def test_values_from_outside_are_read_without_a_derivative():
    a, x = T.scalar("a"), T.scalar("x")

    @ct.custom_gradient
    def scaled(x):
        return a * x, lambda dy: dy * a * 7.0

    y = scaled(x)
    f = ct.function([a, x], [y, ct.grad(y, x)])
    assert [float(v) for v in f(2.0, 3.0)] == [6.0, 14.0]
    with pytest.raises(ValueError):
        ct.grad(y, a)


def test_wrong_results_are_refused():
    with pytest.raises(TypeError, match="must return"):
        ct.custom_gradient(lambda x: x)(ct.Tensor(1.0))

    def gradient_of(rule):
        f = ct.custom_gradient(lambda x: (x * 2.0, rule))
        x = ct.Tensor([1.0, 2.0])
        with ct.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x)

    with pytest.raises(TypeError, match="expected 1 gradients, got 2"):
        gradient_of(lambda dy: [dy, dy])
    with pytest.raises(ShapeError, match="gradient 0 has shape"):
        gradient_of(lambda dy: dy.sum())
    assert gradient_of(lambda dy: [dy * 5.0]).tolist() == [5.0, 5.0]


def test_integer_arguments_pass_through():
    @ct.custom_gradient
    def pick(x, n):
        return x * n, lambda dy: (dy, None)

    x = ct.Tensor(2.0)
    with ct.GradientTape() as tape:
        tape.watch(x)
        y = pick(x, 3)
    assert float(y) == 6.0 and float(tape.gradient(y, x)) == 1.0
