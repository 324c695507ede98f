"""Operations that check or print what they return."""

from __future__ import annotations

import numpy as np
from tests.ops.derivative_cases.case import Case

import croton.tensor as T

X = np.array([0.5, 1.5, -0.25])

CASES = [
    Case("assert", lambda x: T.assert_(x**3, x < 2, "small"), (X,)),
    Case("print", lambda x: T.print_(x**3, show=lambda op, array: None) * x, (X,)),
]
