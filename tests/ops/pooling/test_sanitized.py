"""The C of pooling under the address and undefined-behaviour sanitizers."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.values import EagerValue
from croton.ops.pooling.geometry import Windows

from ...fuzz.sanitized import SanitizedFunction
from ..agreement import sample
from .test_pooling import everything

CASES = [
    (Windows((3, 2), (2, 1), ("same", (1, 0))), (2, 6, 7, 5)),
    (Windows((2,), (3,), ("border",)), (3, 200, 1)),
    (Windows((2, 1, 2), (1, 1, 2), ("same", (0, 0), "border")), (1, 3, 2, 5, 70)),
]


@pytest.mark.slow
def test_nothing_outside_the_arrays_is_touched() -> None:
    """All windows in one function, since building with sanitizers takes long."""
    inputs, outputs, arrays, expected = [], [], [], []
    for windows, shape in CASES:
        counts = windows.counts(shape[1:-1], "test")
        each = [sample(shape), sample(shape, seed=1), sample((shape[0], *counts, shape[-1]), seed=2)]
        variables = [T.tensor("float64", shape=(*(None,) * (len(shape) - 1), shape[-1])) for _ in each]
        inputs += variables
        outputs += everything(windows, *variables)
        arrays += each
        expected += everything(windows, *(EagerValue.factory(array) for array in each))
    for result, wanted in zip(
        SanitizedFunction(ct.function(inputs, outputs))(*arrays), expected, strict=True
    ):
        np.testing.assert_allclose(result, wanted.data, atol=1e-12)
