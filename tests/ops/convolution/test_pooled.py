"""A convolution that is only pooled, as one operation: values, derivatives, and when it is made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.ops.base import apply, apply_one
from croton.ops.convolution.geometry import Geometry
from croton.ops.convolution.pooled import (
    PooledConvolution,
    PooledConvolutionInput,
    PooledConvolutionKernel,
    can_scatter,
)
from croton.ops.convolution.primitive import Convolution, ConvolutionInput, ConvolutionKernel
from croton.ops.pooling.general import pooled
from croton.ops.pooling.geometry import Windows
from croton.ops.pooling.primitive import ScatterToMaximum
from croton.ops.shape import reshape
from croton.rewrite.pipeline import optimize
from croton.runtime import set_threads, threads

from ...fuzz.sanitized import SanitizedFunction
from .geometries import Example, NDArray, examples
from .test_primitive import assert_close

QUICK = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow]}
PADDINGS = ["valid", "border", "same"]


def windows_for(geometry: Geometry, sizes: tuple[int, ...], padding: str) -> Windows:
    per_axis = (0, 0) if padding == "valid" else padding
    if padding == "same":
        sizes = tuple(min(size, 2) for size in sizes)
    if all(size == 1 for size in sizes):
        sizes = (2, *sizes[1:])
    return Windows(sizes, sizes, (per_axis,) * geometry.rank)


@st.composite
def pooled_examples(draw: st.DrawFn, dtypes: tuple[str, ...] = ("float64",)) -> tuple[Example, Windows]:
    """A convolution with windows no larger than its outputs; y is a cotangent of what is pooled."""
    example = draw(examples(dtypes, wide=True))
    outputs = example.geometry.spatial(example.y.shape)
    sizes = tuple(draw(st.integers(1, max(1, min(3, int(size))))) for size in outputs)
    windows = windows_for(example.geometry, sizes, draw(st.sampled_from(PADDINGS)))
    if any(size > count for size, count in zip(windows.sizes, outputs, strict=True)):
        windows = windows.changed(padding=("border",) * len(sizes))
    return with_cotangent(example, windows), windows


def with_cotangent(example: Example, windows: Windows) -> Example:
    geometry = example.geometry
    counts = windows.counts(geometry.spatial(example.y.shape), "test")
    shape = geometry.data_shape(example.y.shape[0], counts, geometry.channels(example.y.shape))
    random = np.random.default_rng(7)
    values = random.standard_normal(shape).astype(example.y.dtype)  # type: ignore[arg-type]
    values[random.random(shape) < 0.3] = 0  # type: ignore[arg-type]
    return example._replace(y=values)


def variables_for(example: Example, static: bool = False) -> list[Any]:
    return [
        T.tensor(array.dtype.name, shape=array.shape if static else (None,) * array.ndim)
        for array in example[1:]
    ]


def apart(example: Example, windows: Windows, x: Any, w: Any, y: Any) -> list[Any]:
    """What is pooled, the derivative by the kernel and, where that exists, by the input."""
    geometry = example.geometry
    outputs = apply_one(Convolution(geometry), x, w)
    first = 1 if geometry.channels_last else 2
    largest = pooled("max", outputs, windows, first)
    shape = outputs.type.shape
    flat = shape if geometry.channels_last else (shape[0] * shape[1], *shape[2:], 1)
    counts = windows.counts(geometry.spatial(shape), "test")
    few = (flat[0], *counts, flat[-1])
    scattered = reshape(apply_one(ScatterToMaximum(windows), reshape(outputs, flat), reshape(y, few)), shape)
    found = [largest, apply_one(ConvolutionKernel(geometry, geometry.taps(w.type.shape)), x, scattered)]
    if can_scatter(geometry):
        sizes = geometry.spatial(x.type.shape)
        found.append(apply_one(ConvolutionInput(geometry, sizes), scattered, w))
    return found


def together(example: Example, windows: Windows, x: Any, w: Any, y: Any) -> list[Any]:
    """The same, pooled at once."""
    geometry = example.geometry
    largest, places = apply(PooledConvolution(geometry, windows, True), x, w)
    taps, sizes = geometry.taps(w.type.shape), geometry.spatial(x.type.shape)
    found = [largest, apply_one(PooledConvolutionKernel(geometry, windows, taps), x, y, places)]
    if can_scatter(geometry):
        found.append(apply_one(PooledConvolutionInput(geometry, windows, sizes), y, places, w))
    return found


def run(
    build: Any, example: Example, windows: Windows, static: bool = False, **options: Any
) -> list[NDArray]:
    variables = variables_for(example, static)
    function = ct.function(
        variables, build(example, windows, *variables), on_unused_input="ignore", **options
    )
    return [np.asarray(result) for result in function(*example[1:])]


@settings(max_examples=40, **QUICK)
@given(pooled_examples())
def test_numpy_evaluation_is_that_of_the_parts(drawn: tuple[Example, Windows]) -> None:
    expected = run(apart, *drawn, mode="interpret")
    assert_close(run(together, *drawn, mode="interpret"), expected)


@settings(max_examples=30, **QUICK)
@given(pooled_examples(("float32", "float64")))
def test_compiled_is_interpreted(drawn: tuple[Example, Windows]) -> None:
    assert_close(run(together, *drawn), run(together, *drawn, mode="interpret"))


def example_of(
    size: tuple[int, ...],
    taps: tuple[int, ...],
    inner: int,
    outer: int,
    window: tuple[int, ...] = (2, 2),
    *,
    batch: int = 3,
    padding: Any = (0, 0),
    pooling: str = "valid",
    dtype: str = "float32",
    **options: Any,
) -> tuple[Example, Windows]:
    rank = len(size)
    each = {"strides": (1,) * rank, "dilation": (1,) * rank, "padding": (padding,) * rank} | options
    geometry = Geometry(**each)
    random = np.random.default_rng(5)
    outputs = geometry.output_sizes(size, taps, "test")
    shapes = (
        geometry.data_shape(batch, size, inner * geometry.groups),
        geometry.kernel_shape(taps, inner, outer * geometry.groups),
        geometry.data_shape(batch, outputs, outer * geometry.groups),
    )
    arrays = [random.standard_normal(shape).astype(dtype) for shape in shapes]  # type: ignore[arg-type]
    windows = windows_for(geometry, window, pooling)
    return with_cotangent(Example(geometry, *arrays), windows), windows


LAYERS = {
    "few input channels": example_of((28, 27), (3, 3), 1, 32),
    "channels in vectors": example_of((13, 13), (3, 3), 32, 64, batch=9),
    "channels that fill no vector": example_of((14, 12), (5, 5), 20, 50),
    "many channels": example_of((9, 9), (3, 3), 150, 40),
    "a wide image": example_of((21, 120), (3, 3), 64, 33),
    "padding": example_of((30, 31), (3, 3), 16, 20, padding="same"),
    "windows that stick out": example_of((15, 16), (2, 3), 12, 10, (3, 2), pooling="border"),
    "strides": example_of((31, 33), (3, 3), 16, 20, strides=(2, 3), padding=(1, 2)),
    "rows apart": example_of((24, 24), (3, 3), 16, 20, dilation=(2, 1)),
    "channels first": example_of((13, 14), (3, 3), 18, 20, channels_last=False, padding="same"),
    "one axis": example_of((300,), (5,), 24, 40, (4,)),
    "three axes": example_of((7, 8, 9), (2, 3, 2), 10, 18, (2, 2, 3)),
    "groups": example_of((12, 13), (3, 3), 4, 6, groups=3),
    "doubles": example_of((13, 13), (3, 3), 32, 64, dtype="float64"),
    "a kernel that runs backwards": example_of((13, 13), (3, 2), 32, 20, flip=True),
}


@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str, static: bool) -> None:
    expected = run(apart, *LAYERS[name], mode="interpret")
    assert_close(run(together, *LAYERS[name], static=static), expected)
    assert_close(run(apart, *LAYERS[name], static=static), expected)


@pytest.mark.parametrize("name", LAYERS)
def test_the_same_bits_for_any_number_of_threads(name: str) -> None:
    before, found = threads(), set()
    try:
        for count in (1, 2, 4, 1):
            set_threads(count)
            found.add(b"".join(result.tobytes() for result in run(together, *LAYERS[name])))
    finally:
        set_threads(before)
    assert len(found) == 1


def operations(outputs: list[Any], inputs: list[Any]) -> list[str]:
    return [equation.op.name for equation in optimize(Graph.of(inputs, outputs)).equations]


@pytest.mark.parametrize("channels_last", [True, False])
def test_a_layer_and_its_derivatives_are_pooled_at_once(channels_last: bool) -> None:
    x = T.ftensor4("x")
    w, v = T.tensor("float32", (3, 3, 4, 8), "w"), T.tensor("float32", (3, 3, 8, 5), "v")
    b = T.tensor("float32", (8,), "b")
    layout = "channels_last" if channels_last else "channels_first"
    bias = b if channels_last else T.reshape(b, (1, 8, 1, 1))
    hidden = T.nnet.relu(T.nnet.convolution(x, w, padding="same", data_format=layout) + bias)
    hidden = T.nnet.max_pool(hidden, 2, data_format=layout)
    hidden = T.nnet.max_pool(T.nnet.convolution(hidden, v, data_format=layout), 2, data_format=layout)
    outputs = [T.sum(T.sin(hidden)), *ct.grad(T.sum(T.sin(hidden)), [w, b, v])]
    inputs = [x, w, b, v]
    names = operations(outputs, inputs)
    assert {"convolution", "pool", "scatter to maximum", "transposed convolution"}.isdisjoint(names)
    assert names.count("pooled convolution") == 2
    assert names.count("kernel gradient of a pooled convolution") == 2
    assert names.count("transposed pooled convolution") == 1
    random = np.random.default_rng(0)
    size = (3, 14, 13, 4) if channels_last else (3, 4, 14, 13)
    shapes = (size, (3, 3, 4, 8), (8,), (3, 3, 8, 5))
    arrays = [random.normal(0, 0.2, shape).astype("float32") for shape in shapes]
    found = ct.function(inputs, outputs)(*arrays)
    assert_close([np.asarray(part) for part in found], interpret(Graph.of(inputs, outputs), arrays))


def test_what_else_is_read_stays_whole() -> None:
    x, w = T.ftensor4("x"), T.tensor("float32", (3, 3, 4, 8), "w")
    outputs = T.nnet.convolution(x, w)
    largest = T.nnet.max_pool(outputs, 2)
    for read in (
        [largest, outputs],
        [largest, T.sum(outputs)],
        [largest, T.nnet.max_pool(outputs, 3)],
        [T.nnet.max_pool(outputs, 2, strides=1)],
        [T.nnet.average_pool(outputs, 2)],
        [T.nnet.max_pool(outputs, 20)],
    ):
        assert "pooled convolution" not in operations(read, [x, w])
    assert "pooled convolution" in operations([largest], [x, w])


def test_infinite_cotangents_stay_where_they_belong() -> None:
    """Rows of taps are computed as whole vectors, which reach over pixels that an element does not meet."""
    example, windows = LAYERS["channels that fill no vector"]
    values = np.zeros_like(example.y)
    values[0, 1, 1, 3] = np.inf
    values[1, 2, 0, 4] = np.nan
    example = example._replace(y=values)
    found = run(together, example, windows)[2]
    expected = run(together, example, windows, mode="interpret")[2]
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))


def test_nan_is_largest_and_first() -> None:
    example, windows = LAYERS["channels in vectors"]
    x = example.x.copy()
    x[0, 5, 5, 0] = np.nan
    example = example._replace(x=x)
    variables = variables_for(example)
    both = list(apply(PooledConvolution(example.geometry, windows, True), *variables[:2]))
    arrays = example[1:3]
    found = ct.function(variables[:2], both)(*arrays)
    expected = ct.function(variables[:2], both, mode="interpret")(*arrays)
    np.testing.assert_array_equal(np.isnan(found[0]), np.isnan(expected[0]))
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_outside_the_arrays_is_touched(dtype: str) -> None:
    """All layers in one function, since building with sanitizers takes long."""
    inputs, outputs, arrays, expected = [], [], [], []
    for example, windows in LAYERS.values():
        example = Example(example.geometry, *(array.astype(dtype) for array in example[1:]))
        variables = variables_for(example)
        inputs += variables
        outputs += together(example, windows, *variables)
        arrays += example[1:]
        expected += run(apart, example, windows, mode="interpret")
    assert_close(SanitizedFunction(ct.function(inputs, outputs))(*arrays), expected)
