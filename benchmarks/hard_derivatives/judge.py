"""Right or wrong: a computed derivative against the true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .case import Case
from .truth import truth_in_float64

RELATIVE_TOLERANCE = 1e-10
# Below the smallest normal float64 a number carries fewer than 53 bits: 0 and subnormals are right there.
SMALLEST_NORMAL = float(np.finfo(np.float64).tiny)
# Where the true derivative is 0 exactly, rounding of terms of order one may remain.
FLOOR_AT_ZERO = 1e-14


@dataclass(frozen=True)
class Verdict:
    """The worst relative error over all entries (infinity for NaN or a wrong shape), and a remark.

    `entries_right` of the `entries` partial derivatives of the case are right; the case is right when
    all are.
    """

    right: bool
    error: float
    entries_right: int
    entries: int
    remark: str = ""


def _errors(computed: NDArray[np.float64], true: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        relative = np.abs(computed - true) / np.abs(true)
    relative = np.where(computed == true, 0.0, relative)
    nearly_zero = np.abs(true) < SMALLEST_NORMAL
    floor = np.where(true == 0, FLOOR_AT_ZERO, SMALLEST_NORMAL)
    relative = np.where(nearly_zero, np.where(np.abs(computed) <= floor, 0.0, np.inf), relative)
    return np.where(np.isnan(relative), np.inf, relative)


def judge(case: Case, computed: Sequence[ArrayLike]) -> Verdict:
    """Compare the computed derivatives (one array for each input) with the truth.

    An entry is right within 1e-10 relative; where the truth is below the smallest normal float64,
    when it is not above that either; where the truth is 0, within 1e-14 absolute.
    """
    truths = truth_in_float64(case.name)
    entries = sum(true.size for true in truths)
    if [np.shape(result) for result in computed] != [true.shape for true in truths]:
        return wrong(case, f"shapes {[np.shape(result) for result in computed]}")
    errors = np.concatenate(
        [
            _errors(np.asarray(result, dtype=np.float64), true).ravel()
            for result, true in zip(computed, truths, strict=True)
        ]
    )
    passed = int(np.count_nonzero(errors <= RELATIVE_TOLERANCE))
    return Verdict(passed == entries, float(np.max(errors)), passed, entries)


def wrong(case: Case, remark: str) -> Verdict:
    """The verdict on a case for which there is no answer that could be compared."""
    entries = sum(true.size for true in truth_in_float64(case.name))
    return Verdict(False, np.inf, 0, entries, remark)
