"""A sine with a gradient of one's own: by decorator, as an operation in Python, and as one in C.

Each function returns the values and the slopes at some points.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import croton as ct
import croton.tensor as T

Curve = tuple[np.ndarray, np.ndarray]


@ct.custom_gradient
def decorated_sine(x: Any) -> Any:
    """TensorFlow's way: the function returns its value and its gradient function."""

    def gradient(output_gradient: Any) -> Any:
        return output_gradient * T.cos(x)

    return T.sin(x), gradient


class Sine(ct.Op):
    """Theano's way: a class that says what node it makes, how it is performed, and its gradient."""

    __props__ = ()

    def make_node(self, x: Any) -> ct.Apply:
        x = T.as_tensor_variable(x)
        return ct.Apply(self, [x], [x.type()])

    def perform(self, node: ct.Apply, inputs: Any, output_storage: Any) -> None:
        output_storage[0][0] = np.sin(inputs[0])

    def grad(self, inputs: Any, output_gradients: Any) -> Any:
        return [output_gradients[0] * T.cos(inputs[0])]

    def infer_shape(self, fgraph: Any, node: ct.Apply, shapes: Any) -> Any:
        return shapes


class CompiledSine(Sine):
    """The same with C of its own, which becomes part of the compiled function.

    Bhaskara's reduction to [-pi/2, pi/2] and the Taylor series to degree 21: good to about 1e-15 for the
    moderate arguments of this example. `T.sin` is exact for all; this shows where one's own C goes.
    """

    def c_support_code(self) -> str:
        return """
static double my_sine(double x)
{
    const double half_turns = __builtin_rint(x / 3.14159265358979323846);
    const double r = (x - half_turns * 3.14159265358979311600) - half_turns * 1.22464679914735317723e-16;
    double term = r, sum = r;
    for (int n = 1; n <= 10; ++n) {
        term *= -r * r / ((2 * n) * (2 * n + 1));
        sum += term;
    }
    return (ct_int)half_turns % 2 ? -sum : sum;
}
"""

    def c_code(self, node: ct.Apply, name: str, inputs: Any, outputs: Any, sub: Any) -> str:
        (x,), (y,) = inputs, outputs
        return f"for (ct_int i = 0; i < {x}_size; ++i) {y}[i] = my_sine({x}[i]);"


def eager(points: np.ndarray, sine: Any) -> Curve:
    """Values and slopes with a tape."""
    x = ct.Variable(points)
    with ct.GradientTape() as tape:
        y = sine(x)
    return y.numpy(), tape.gradient(y, x).numpy()


def symbolic(points: np.ndarray, sine: Any) -> Curve:
    """Values and slopes with a compiled function."""
    x = T.vector("x")
    y = sine(x)
    values, slopes = ct.function([x], [y, ct.grad(y.sum(), x)])(points)
    return values, slopes


def main() -> None:
    points = np.linspace(-3.0, 3.0, 5)
    for sine in (decorated_sine, Sine(), CompiledSine()):
        for style in (eager, symbolic):
            values, slopes = style(points, sine)
            name = getattr(sine, "__name__", str(sine))
            print(f"{name:>14}, {style.__name__:>8}: values {values.round(4)}, slopes {slopes.round(4)}")


if __name__ == "__main__":
    main()
