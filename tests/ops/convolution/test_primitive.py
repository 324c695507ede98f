"""The three sides of a convolution: their values for any geometry, in every way to run them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import EagerValue
from croton.ops.base import apply_one
from croton.ops.convolution.geometry import Geometry
from croton.ops.convolution.primitive import Convolution, ConvolutionInput, ConvolutionKernel
from croton.runtime import set_threads, threads

from ..agreement import tolerance
from .geometries import Example, by_loops, examples

QUICK = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow]}


def sides(geometry: Geometry, x, w, y) -> list:
    """y from x and w; x from y and w; w from x and y."""
    sizes, taps = (geometry.spatial(shape_of(x)), geometry.taps(shape_of(w)))
    return [
        apply_one(Convolution(geometry), x, w),
        apply_one(ConvolutionInput(geometry, sizes), y, w),
        apply_one(ConvolutionKernel(geometry, taps), x, y),
    ]


def shape_of(array):
    return array.data.shape if isinstance(array, EagerValue) else array.type.shape


def compiled(example: Example, static: bool = False, **options):
    arrays = example[1:]
    variables = [T.tensor(a.dtype.name, shape=a.shape if static else (None,) * a.ndim) for a in arrays]
    function = ct.function(variables, sides(example.geometry, *variables), **options)
    return [np.asarray(result) for result in function(*arrays)]


def assert_close(results, expected) -> None:
    for result, wanted in zip(results, expected, strict=True):
        assert result.shape == wanted.shape
        assert result.dtype == wanted.dtype
        size = max(1.0, np.abs(wanted).max(initial=0))
        np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance(result.dtype) * size)


@settings(max_examples=60, **QUICK)
@given(examples(("float64", "int64", "complex128")))
def test_numpy_evaluation_is_the_definition(example: Example) -> None:
    eager = sides(example.geometry, *(EagerValue.factory(array) for array in example[1:]))
    assert_close([result.data for result in eager], by_loops(example))


@settings(max_examples=25, **QUICK)
@given(examples(("float32", "float64", "int32", "complex64"), wide=True))
def test_compiled_is_interpreted(example: Example) -> None:
    assert_close(compiled(example), compiled(example, mode="interpret"))


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("padding", [(0, 0), "same"])
def test_large_enough_for_many_strips(channels_last: bool, padding) -> None:
    geometry = Geometry((1, 2), (1, 1), (padding, padding), 1, not channels_last, channels_last)
    random = np.random.default_rng(3)
    size, taps = (70, 65), (3, 3)
    outputs = geometry.output_sizes(size, taps, "test")
    example = Example(
        geometry,
        random.standard_normal(geometry.data_shape(3, size, 20)),
        random.standard_normal(geometry.kernel_shape(taps, 20, 37)),
        random.standard_normal(geometry.data_shape(3, outputs, 37)),
    )
    assert_close(compiled(example, static=True), compiled(example, mode="interpret"))


DEPTHWISE = [
    (Geometry((1, 1), (1, 1), ("same", "same"), 32), (2, 9, 21), (3, 3)),
    (Geometry((2, 2), (1, 1), ((0, 1), (0, 1)), 37), (2, 14, 15), (3, 3)),
    (Geometry((2, 3), (1, 2), ("full", (2, 0)), 50, flip=True), (3, 8, 17), (2, 5)),
    (Geometry((1,), (3,), ("causal",), 70), (4, 40), (4,)),
    (Geometry((1, 2, 1), (1, 1, 2), ("same", (0, 0), "half"), 18), (1, 3, 6, 7), (2, 3, 3)),
    (Geometry((3, 1), (1, 1), ((0, 0), (0, 0)), 16), (1, 7, 3), (1, 3)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("number", range(len(DEPTHWISE)))
def test_every_channel_with_a_kernel_of_its_own(number: int, dtype: str) -> None:
    assert_close(compiled(depthwise(number, dtype)), compiled(depthwise(number, dtype), mode="interpret"))


def depthwise(number: int, dtype: str) -> Example:
    geometry, (batch, *size), taps = DEPTHWISE[number]
    random = np.random.default_rng(number)
    outputs = geometry.output_sizes(size, taps, "test")
    shapes = (
        geometry.data_shape(batch, size, geometry.groups),
        geometry.kernel_shape(taps, 1, geometry.groups),
        geometry.data_shape(batch, outputs, geometry.groups),
    )
    return Example(geometry, *(random.standard_normal(shape).astype(dtype) for shape in shapes))


FEW_OUTPUTS = [
    (Geometry((1, 1), (1, 1), ("same", "same")), (1, 7, 7, 300), (3, 3, 300, 200)),
    (Geometry((2, 1), (1, 1), ("same", (1, 2)), flip=True), (2, 6, 5, 513), (2, 3, 513, 90)),
    (Geometry((1, 2), (2, 1), ("half", (0, 0)), channels_last=False), (1, 260, 9, 8), (150, 260, 3, 2)),
    (Geometry((2,), (1,), ((0, 0),)), (1, 5, 2100), (2, 2100, 70)),
]


@pytest.mark.parametrize("number", range(len(FEW_OUTPUTS)))
def test_kernels_larger_than_what_they_meet(number: int) -> None:
    """Few outputs: each strip packs the kernel itself, block by block, and sums up where the results lie."""
    geometry, x_shape, w_shape = FEW_OUTPUTS[number]
    outputs = geometry.output_sizes(geometry.spatial(x_shape), geometry.taps(w_shape), "test")
    random = np.random.default_rng(number)
    y_shape = geometry.data_shape(x_shape[0], outputs, geometry.kernel_channels(w_shape)[1])
    example = Example(geometry, *(random.standard_normal(shape) for shape in (x_shape, w_shape, y_shape)))
    assert_close(compiled(example), compiled(example, mode="interpret"))


WHOLE_VECTORS = [
    (Geometry((1, 1), (1, 1), ((0, 0), (0, 0))), (1, 13, 13, 32), (3, 3, 32, 64)),
    (Geometry((2, 1), (1, 2), ("same", (1, 2)), 2), (2, 9, 8, 6), (2, 3, 3, 96)),
    (Geometry((1,), (2,), ("causal",), 2), (3, 20, 10), (3, 5, 96)),
    (Geometry((1, 2, 1), (1, 1, 1), ((1, 1), "same", "half")), (1, 3, 4, 5, 4), (2, 3, 1, 4, 16)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("number", range(len(WHOLE_VECTORS)))
def test_few_outputs_are_those_of_many(number: int, dtype: str) -> None:
    """Few outputs: the kernel is read where it lies. Many: it is packed first. The sums are the same."""
    geometry, x_shape, w_shape = WHOLE_VECTORS[number]
    random = np.random.default_rng(number)
    few, w = (random.standard_normal(shape).astype(dtype) for shape in (x_shape, w_shape))
    many = np.concatenate([few, random.standard_normal((1100, *x_shape[1:])).astype(dtype)])
    variables = [T.tensor(dtype, shape=(None,) * few.ndim), T.tensor(dtype, shape=w.shape)]
    function = ct.function(variables, apply_one(Convolution(geometry), *variables))
    found = np.asarray(function(few, w))
    np.testing.assert_array_equal(found, np.asarray(function(many, w))[: len(few)])
    (expected,) = Convolution(geometry).evaluate(few, w)
    assert_close([found], [expected])


@pytest.fixture
def any_threads():
    before = threads()
    yield
    set_threads(before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("groups", [1, 24])
def test_the_same_bits_for_any_number_of_threads(
    any_threads, dtype: str, channels_last: bool, groups: int
) -> None:
    geometry = Geometry((1, 1), (1, 1), ("same", "same"), groups, False, channels_last)
    random = np.random.default_rng(4)
    example = Example(
        geometry,
        random.standard_normal(geometry.data_shape(9, (30, 31), 24)).astype(dtype),
        random.standard_normal(geometry.kernel_shape((3, 3), 24 // groups, 24)).astype(dtype),
        random.standard_normal(geometry.data_shape(9, (30, 31), 24)).astype(dtype),
    )
    found = set()
    for count in (1, 2, 4, 1):
        set_threads(count)
        found.add(b"".join(result.tobytes() for result in compiled(example)))
    assert len(found) == 1


@pytest.mark.parametrize("channels_last", [True, False])
def test_no_channels_and_no_filters(channels_last: bool) -> None:
    geometry = Geometry((1, 1), (1, 1), ((1, 1), (0, 0)), 1, True, channels_last)
    for inner, filters in ((0, 3), (2, 0)):
        example = Example(
            geometry,
            np.ones(geometry.data_shape(2, (3, 4), inner)),
            np.ones(geometry.kernel_shape((2, 2), inner, filters)),
            np.ones(geometry.data_shape(2, (4, 3), filters)),
        )
        assert_close(compiled(example), by_loops(example))


class TestErrors:
    GEOMETRY = Geometry((1, 1), (1, 1), ((0, 0), (0, 0)))

    def test_channels_that_differ(self) -> None:
        with pytest.raises(ShapeError, match=r"channels of the input and of the kernel: 3 and 4 differ"):
            apply_one(Convolution(self.GEOMETRY), T.zeros((1, 5, 5, 3)), T.zeros((2, 2, 4, 6)))

    def test_a_kernel_larger_than_the_input(self) -> None:
        with pytest.raises(ShapeError, match=r"padded input less the kernel along spatial axis 1.*got -1"):
            apply_one(Convolution(self.GEOMETRY), T.zeros((1, 5, 2, 3)), T.zeros((3, 3, 3, 6)))

    def test_a_kernel_larger_than_the_input_at_call_time(self) -> None:
        x, w = T.dtensor4("x"), T.dtensor4("w")
        function = ct.function([x, w], apply_one(Convolution(self.GEOMETRY), x, w))
        with pytest.raises(ShapeError, match="padded input less the kernel along spatial axis 0"):
            function(np.zeros((1, 2, 5, 3)), np.zeros((3, 3, 3, 6)))
        with pytest.raises(ShapeError, match="channels of the input and of the kernel"):
            function(np.zeros((1, 5, 5, 3)), np.zeros((3, 3, 4, 6)))

    def test_filters_that_do_not_fall_into_groups(self) -> None:
        with pytest.raises(ShapeError, match="5 filters in 2 groups"):
            apply_one(
                Convolution(self.GEOMETRY.changed(groups=2)), T.zeros((1, 5, 5, 4)), T.zeros((2, 2, 2, 5))
            )

    def test_other_ranks(self) -> None:
        with pytest.raises(ShapeError, match="expected two arrays of 4 axes"):
            apply_one(Convolution(self.GEOMETRY), T.zeros((5, 5, 4)), T.zeros((2, 2, 2, 5)))

    def test_dtypes_that_differ(self) -> None:
        with pytest.raises(DTypeError, match="float64 and float32 differ"):
            apply_one(Convolution(self.GEOMETRY), T.zeros((1, 5, 5, 2)), T.zeros((2, 2, 2, 5), "float32"))

    def test_cotangents_of_another_size(self) -> None:
        with pytest.raises(ShapeError, match="spatial axis 0: 3 and 4 differ"):
            op = ConvolutionInput(self.GEOMETRY, (5, 5))
            apply_one(op, T.zeros((1, 3, 4, 2)), T.zeros((2, 2, 3, 2)))
        with pytest.raises(ShapeError, match="outputs along spatial axis 1: 3 and 4 differ"):
            op = ConvolutionKernel(self.GEOMETRY, (2, 2))
            apply_one(op, T.zeros((1, 5, 5, 2)), T.zeros((1, 4, 3, 2)))
