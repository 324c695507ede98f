"""Coordinates of grids written as slices."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T


@pytest.mark.parametrize(
    "key",
    [
        (slice(0, 3), slice(1, 9, 2)),
        (slice(None, 2), slice(0, 1, 5j), slice(3, 0, -1)),
        (slice(0.0, 1.0, 0.25),),
        slice(2, 5),
    ],
    ids=str,
)
def test_equal_those_of_numpy(key):
    for ours, theirs in ((T.mgrid, np.mgrid), (T.ogrid, np.ogrid)):
        found, expected = ours[key], theirs[key]
        if isinstance(key, slice):
            found, expected = [found], [expected]
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.data, other)
            assert one.data.dtype == other.dtype


def test_symbolic_bounds():
    n = T.lscalar("n")
    rows, columns = ct.function([n], T.mgrid[0:n, 1:3])(3)
    np.testing.assert_array_equal(rows, np.mgrid[0:3, 1:3][0])
    np.testing.assert_array_equal(columns, np.mgrid[0:3, 1:3][1])


def test_bad_input():
    with pytest.raises(IndexError, match="ogrid: expected slices, got 3"):
        T.ogrid[3]
    with pytest.raises(IndexError, match="every slice needs an end"):
        T.mgrid[0:, 1:2]
