"""Padding in every mode, and differences of neighbours."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, sample
from .many_cases import check_cases
from .test_rearranging import both

MODES = ["edge", "reflect", "symmetric", "wrap"]


def test_padding_agrees_with_numpy() -> None:
    x = T.matrix("x")
    cases = [
        both("one width", lambda lib, x: lib.pad(x, 2)),
        both("a pair", lambda lib, x: lib.pad(x, (1, 2), constant_values=7)),
        both(
            "a pair per axis", lambda lib, x: lib.pad(x, ((1, 0), (0, 3)), constant_values=((1, 2), (3, 4)))
        ),
        *(both(mode, lambda lib, x, m=mode: lib.pad(x, ((7, 1), (2, 9)), mode=m)) for mode in MODES),
    ]
    check_cases(cases, [x], [[sample(shape)] for shape in ((3, 4), (1, 2), (2, 1))])


@pytest.mark.parametrize("mode", ["constant", *MODES])
def test_gradients_of_padding(mode: str) -> None:
    check_gradients(lambda x: T.pad(x, ((2, 1), (0, 5)), mode) ** 3, sample((3, 2)))


def test_what_cannot_pad_is_refused() -> None:
    x = T.matrix("x")
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        T.pad(x, (-1, 0))
    with pytest.raises(ValueError, match="mode must be one of"):
        T.pad(x, 1, "mirror")
    with pytest.raises(ValueError, match="3 pairs for 2 axes"):
        T.pad(x, ((1, 1),) * 3)
    with pytest.raises(IndexError):
        ct.function([x], T.pad(x, 1, "edge"))(np.zeros((0, 3)))


def test_differences_of_neighbours() -> None:
    x, v = T.matrix("x"), T.vector("v")
    cases = [
        both("diff", lambda lib, x, v: lib.diff(x)),
        both("second diff", lambda lib, x, v: lib.diff(x, 2, 0)),
        both("diff of bools", lambda lib, x, v: lib.diff(x > 0)),
        both("diff with ends", lambda lib, x, v: lib.diff(v, prepend=0.0, append=v[:2])),
        both("ediff1d", lambda lib, x, v: lib.ediff1d(x, to_end=v[:2], to_begin=v[:1])),
        both("cross", lambda lib, x, v: lib.cross(x, x + v[:3])),
    ]
    check_cases(cases, [x, v], [[sample((n, 3)), sample((n,))] for n in (4, 3)])
