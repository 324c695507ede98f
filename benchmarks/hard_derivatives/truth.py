"""The true derivative of a case, by mpmath.

The builder of the case itself is evaluated on object arrays of mpmath numbers and differentiated by
central differences with a step of 1e-350 and 1400 digits.  At this precision neither the step nor any
cancellation in the formula reaches the first 16 digits of a float64 result (cases whose inputs are as
small as 1e-300 included), so no derivative rule of ours is trusted.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import operator
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from mpmath import mp
from numpy.typing import NDArray

from .case import Case

DIGITS = 1400
STEP_EXPONENT = -350
# A derivative that is 0 exactly comes out as rounding of the differences; anything below this is 0.
ZERO_EXPONENT = -600


def _elementwise(function: Callable[..., Any], arguments: int = 1) -> Callable[..., Any]:
    vectorised: Callable[..., Any] = np.frompyfunc(function, arguments, 1)
    return vectorised


class MpmathNamespace:
    """The names that builders use, over object arrays of mpmath numbers."""

    exp = staticmethod(_elementwise(lambda x: mp.exp(x)))
    log = staticmethod(_elementwise(lambda x: mp.log(x) if x != 0 else mp.ninf))
    log1p = staticmethod(_elementwise(lambda x: mp.log1p(x)))
    expm1 = staticmethod(_elementwise(lambda x: mp.expm1(x)))
    sqrt = staticmethod(_elementwise(lambda x: mp.sqrt(x)))
    sin = staticmethod(_elementwise(lambda x: mp.sin(x)))
    cos = staticmethod(_elementwise(lambda x: mp.cos(x)))
    tan = staticmethod(_elementwise(lambda x: mp.tan(x)))
    sinh = staticmethod(_elementwise(lambda x: mp.sinh(x)))
    cosh = staticmethod(_elementwise(lambda x: mp.cosh(x)))
    tanh = staticmethod(_elementwise(lambda x: mp.tanh(x)))
    arcsin = staticmethod(_elementwise(lambda x: mp.asin(x)))
    arccos = staticmethod(_elementwise(lambda x: mp.acos(x)))
    arctan = staticmethod(_elementwise(lambda x: mp.atan(x)))
    arccosh = staticmethod(_elementwise(lambda x: mp.acosh(x)))
    arctanh = staticmethod(_elementwise(lambda x: mp.atanh(x)))
    arctan2 = staticmethod(_elementwise(lambda y, x: mp.atan2(y, x), 2))
    erf = staticmethod(_elementwise(lambda x: mp.erf(x)))
    erfc = staticmethod(_elementwise(lambda x: mp.erfc(x)))
    gammaln = staticmethod(_elementwise(lambda x: mp.loggamma(x)))
    sigmoid = staticmethod(_elementwise(lambda x: 1 / (1 + mp.exp(-x))))
    abs = staticmethod(_elementwise(lambda x: abs(x)))
    maximum = staticmethod(_elementwise(lambda x, y: max(x, y), 2))
    where = staticmethod(_elementwise(lambda condition, x, y: x if condition else y, 3))

    eq = staticmethod(operator.eq)
    neq = staticmethod(operator.ne)
    sum = staticmethod(np.sum)
    prod = staticmethod(np.prod)
    max = staticmethod(np.max)
    cumprod = staticmethod(np.cumprod)

    @staticmethod
    def const(values: Any) -> NDArray[Any]:
        """A constant array."""
        return to_mpmath(np.asarray(values, dtype=np.float64))

    @staticmethod
    def clip(x: Any, low: float, high: float) -> Any:
        """The values of x limited to [low, high]."""
        return MpmathNamespace.where(x < low, mp.mpf(low), MpmathNamespace.where(x > high, mp.mpf(high), x))

    @staticmethod
    def mean(x: NDArray[Any]) -> Any:
        """The arithmetic mean of all entries."""
        return np.sum(x) / x.size

    @staticmethod
    def var(x: NDArray[Any]) -> Any:
        """The variance (divided by n) of all entries."""
        return MpmathNamespace.mean((x - MpmathNamespace.mean(x)) ** 2)

    @staticmethod
    def std(x: NDArray[Any]) -> Any:
        """The standard deviation (divided by n) of all entries."""
        return mp.sqrt(MpmathNamespace.var(x))

    @staticmethod
    def norm(x: NDArray[Any]) -> Any:
        """The Euclidean norm of a vector."""
        return mp.sqrt(np.sum(x * x))

    @staticmethod
    def softmax(x: NDArray[Any]) -> Any:
        """Softmax along the last axis."""
        powers = MpmathNamespace.exp(x)
        return powers / np.sum(powers, axis=-1, keepdims=True)

    @staticmethod
    def logsumexp(x: NDArray[Any]) -> Any:
        """log(sum(exp(x))) over all entries."""
        return mp.log(np.sum(MpmathNamespace.exp(x)))

    @staticmethod
    def det(x: NDArray[Any]) -> Any:
        """The determinant, by expansion along the first row (matrices here are 2x2 to 4x4)."""
        if x.shape == (1, 1):
            return x[0, 0]
        minors = [np.delete(x[1:], column, axis=1) for column in range(x.shape[1])]
        return sum((-1) ** j * x[0, j] * MpmathNamespace.det(minor) for j, minor in enumerate(minors))

    @staticmethod
    def logabsdet(x: NDArray[Any]) -> Any:
        """The logarithm of the absolute value of the determinant."""
        return mp.log(abs(MpmathNamespace.det(x)))


def to_mpmath(values: NDArray[np.float64]) -> NDArray[Any]:
    """The same numbers, exactly, as an object array of mpmath numbers."""
    exact = np.empty(values.shape, dtype=object)
    for index, value in np.ndenumerate(values):
        exact[index] = mp.mpf(float(value))
    return exact


def _shifted(inputs: Sequence[NDArray[Any]], which: int, index: tuple[int, ...], step: Any) -> list[Any]:
    moved = [values.copy() for values in inputs]
    moved[which][index] = moved[which][index] + step
    return moved


def _evaluate(case: Case, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
    # A 0-d object array loses its arrayness in the first operation, so builders get plain numbers there.
    unwrapped = [values[()] if values.ndim == 0 else values for values in inputs]
    return np.asarray(case.build(MpmathNamespace, *unwrapped), dtype=object)


def _derivative(case: Case, inputs: Sequence[NDArray[Any]], which: int, index: tuple[int, ...]) -> Any:
    """The derivative with respect to one entry of one input.

    Outputs are subtracted entry by entry and summed last: entries that do not move drop out exactly,
    however large they are.
    """
    step = mp.mpf(10) ** STEP_EXPONENT

    def central(at: Sequence[NDArray[Any]]) -> NDArray[Any]:
        ahead = _evaluate(case, _shifted(at, which, index, step))
        behind = _evaluate(case, _shifted(at, which, index, -step))
        slope: NDArray[Any] = (ahead - behind) / (2 * step)
        return slope

    if case.order == 1:
        return np.sum(central(inputs))
    ahead = central([x + step * v for x, v in zip(inputs, _directions(case), strict=True)])
    behind = central([x - step * v for x, v in zip(inputs, _directions(case), strict=True)])
    return np.sum((ahead - behind) / (2 * step))


def _directions(case: Case) -> list[NDArray[Any]]:
    return [to_mpmath(values) for values in case.direction]


def true_derivative(case: Case) -> list[NDArray[Any]]:
    """What the case asks for: object arrays of mpmath numbers, one for each input.

    For a case of order 0 the one array is the value of the formula.
    """
    with mp.workdps(DIGITS):
        inputs = [to_mpmath(values) for values in case.inputs]
        if case.truth is not None:
            given = case.truth(mp, *inputs) if callable(case.truth) else case.truth
            return [np.asarray(_elementwise(mp.mpf)(np.asarray(entry, dtype=object))) for entry in given]
        if case.order == 0:
            return [_evaluate(case, inputs)]
        derivatives = []
        for which, values in enumerate(inputs):
            result = np.empty(values.shape, dtype=object)
            for index in np.ndindex(values.shape):
                result[index] = _derivative(case, inputs, which, index)
            derivatives.append(result)
        return derivatives


def _rounded(exact: Any) -> float:
    """The nearest float64; what only underflows to 0 becomes the smallest subnormal of its sign."""
    nearest = float(exact)
    if nearest == 0.0 and abs(exact) > mp.mpf(10) ** ZERO_EXPONENT:
        return float(np.copysign(5e-324, 1 if exact > 0 else -1))
    return nearest


STORED = Path(__file__).with_name("truths.json")


def computed_truth(case: Case) -> tuple[NDArray[np.float64], ...]:
    """The truth of a case, computed now, each number rounded once to float64."""
    exact = true_derivative(case)
    return tuple(np.asarray(_elementwise(_rounded)(array), dtype=np.float64) for array in exact)


def fingerprint(case: Case) -> str:
    """Changes whenever the formula of a case, its inputs or what is asked of it change."""
    asked = (inspect.getsource(case.build), case.order, case.convention)
    numbers = [(value.shape, value.tobytes().hex()) for value in (*case.inputs, *case.direction)]
    return hashlib.sha256(repr((asked, numbers)).encode()).hexdigest()[:16]


@cache
def _stored() -> dict[str, Any]:
    if not STORED.exists():
        return {}
    stored: dict[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    return stored


def store_truths(cases: Sequence[Case]) -> None:
    """Computes the truths of all cases and writes them beside this file, exactly."""
    entries = {
        case.name: {
            "fingerprint": fingerprint(case),
            "truth": [[list(a.shape), [float(x).hex() for x in a.ravel()]] for a in computed_truth(case)],
        }
        for case in cases
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
    STORED.write_text("{\n" + lines + "\n}\n", encoding="utf-8")


@cache
def truth_in_float64(case_name: str) -> tuple[NDArray[np.float64], ...]:
    """The truth of the named case: as stored, or computed if the case changed since."""
    from .cases import by_name

    case = by_name(case_name)
    entry = _stored().get(case_name)
    if entry is None or entry["fingerprint"] != fingerprint(case):
        return computed_truth(case)
    return tuple(
        np.array([float.fromhex(number) for number in numbers]).reshape(shape)
        for shape, numbers in entry["truth"]
    )
