"""The C of convolutions under the address and undefined-behaviour sanitizers."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.ops.convolution.geometry import Geometry

from ...fuzz.sanitized import SanitizedFunction
from .geometries import Example, by_loops
from .test_primitive import assert_close, sides

GEOMETRIES = [
    (Geometry((1, 1), (1, 1), ((0, 0), (0, 0))), (2, 7, 6, 3), (3, 2, 3, 20)),
    (Geometry((2, 1), (1, 2), ("same", (2, 1)), flip=True, channels_last=False), (3, 5, 9, 8), (18, 5, 3, 2)),
    (Geometry((3,), (2,), ("full",), 3, channels_last=False), (2, 6, 11), (9, 2, 3)),
    (Geometry((1, 2), (1, 1), ("half", (0, 1)), 19), (2, 6, 7, 19), (3, 3, 1, 38)),
    (Geometry((1, 1), (1, 1), ("same", "same"), 33, True, False), (2, 33, 5, 6), (33, 1, 3, 3)),
    (Geometry((1, 2, 1), (1, 1, 1), ((1, 1), "same", "half")), (2, 3, 4, 5, 4), (2, 3, 2, 4, 33)),
    (Geometry((2, 2), (1, 1), ((1, 0), (0, 1)), 5), (0, 6, 7, 10), (3, 3, 2, 5)),
    (Geometry((2, 1), (1, 2), ("same", (1, 0)), 37, flip=True), (2, 6, 17, 37), (3, 5, 1, 37)),
    (Geometry((1, 1), (1, 1), ("same", "same"), 16), (1, 5, 23, 16), (3, 3, 1, 16)),
    (Geometry((1, 1), (1, 1), ("same", "same")), (1, 4, 5, 520), (2, 2, 520, 40)),
    (Geometry((2, 1), (1, 2), ("same", (1, 2)), 2), (2, 6, 5, 6), (2, 3, 3, 96)),
]


def example(number: int, dtype: str) -> Example:
    geometry, x_shape, w_shape = GEOMETRIES[number]
    outputs = geometry.output_sizes(geometry.spatial(x_shape), geometry.taps(w_shape), "test")
    filters = geometry.kernel_channels(w_shape)[1]
    random = np.random.default_rng(number)
    shapes = (x_shape, w_shape, geometry.data_shape(x_shape[0], outputs, filters))
    return Example(geometry, *(random.standard_normal(shape).astype(dtype) for shape in shapes))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_nothing_outside_the_arrays_is_touched(dtype: str) -> None:
    """All geometries in one function, since building with sanitizers takes long."""
    examples = [example(number, dtype) for number in range(len(GEOMETRIES))]
    inputs, outputs, arrays, expected = [], [], [], []
    for each in examples:
        variables = [T.tensor(dtype, shape=(None,) * array.ndim) for array in each[1:]]
        inputs += variables
        outputs += sides(each.geometry, *variables)
        arrays += each[1:]
        expected += by_loops(each)
    assert_close(SanitizedFunction(ct.function(inputs, outputs))(*arrays), expected)
