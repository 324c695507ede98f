"""The three programs of the examples give the right numbers in every style."""

import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return lambda name: runpy.run_path(str(EXAMPLES / f"{name}.py"))


def layer(inputs, weights, bias):
    return 1 / (1 + np.exp(-(inputs @ weights + bias)))


@pytest.mark.parametrize("style", ["symbolic", "eager", "traced"])
def test_dense_layer(example, style):
    program = example("dense_layer")
    arguments = program["data"]()
    np.testing.assert_allclose(program[style](*arguments), layer(*arguments), rtol=1e-13)


@pytest.mark.parametrize("style", ["symbolic", "eager", "traced"])
def test_dense_gradients(example, style):
    program = example("dense_gradients")
    inputs, weights, bias = program["data"]()
    y = layer(inputs, weights, bias)
    flow = 2 * y / y.size * y * (1 - y)
    dw, db = program[style](inputs, weights, bias)
    np.testing.assert_allclose(dw, inputs.T @ flow, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(db, flow.sum(axis=0), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("style", ["symbolic", "eager"])
@pytest.mark.parametrize("sine", ["decorated_sine", "Sine", "CompiledSine"])
def test_custom_sine(example, style, sine):
    program = example("custom_sine")
    function = program[sine] if sine == "decorated_sine" else program[sine]()
    points = np.linspace(-10.0, 10.0, 41)
    values, slopes = program[style](points, function)
    np.testing.assert_allclose(values, np.sin(points), rtol=0, atol=2e-15)
    np.testing.assert_allclose(slopes, np.cos(points), rtol=0, atol=2e-15)


@pytest.mark.parametrize("name", ["dense_layer", "dense_gradients", "custom_sine"])
def test_mains_print(example, name, capsys):
    example(name)["main"]()
    assert capsys.readouterr().out.count("\n") >= 3
