"""Which numbers are faults: what mode "nan-guard" looks for."""

from __future__ import annotations

import numpy as np

from croton.graph import dtypes
from croton.graph.frozen import Frozen
from croton.graph.values import NDArray

BIG = 1e10


class NanGuardMode(Frozen):
    """`mode=NanGuardMode(...)`: which numbers are errors: NaN, infinities, and magnitudes above 1e10."""

    nan_is_error: bool = True
    inf_is_error: bool = True
    big_is_error: bool = False

    def fault(self, array: NDArray) -> str | None:
        """What is wrong with an array, None when all of it is wanted."""
        if not dtypes.is_inexact(array.dtype) or array.size == 0:
            return None
        with np.errstate(all="ignore"):
            if self.nan_is_error and np.isnan(array).any():
                return "NaN"
            if self.inf_is_error and np.isinf(array).any():
                return "an infinity"
            if self.big_is_error and (np.abs(array[np.isfinite(array)]) > BIG).any():
                return f"a number above {BIG:g}"
        return None
