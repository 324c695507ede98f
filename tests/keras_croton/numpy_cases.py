"""Calls of every function of Keras's `numpy`, for the tests in test_numpy.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_RANDOM = np.random.default_rng(7)


@dataclass(frozen=True)
class Case:
    """A call: arrays, which are traced, among `arguments`, and what is known when a program is written.

    slopes: positions of the arguments by which the result has a derivative. sizes: whether sizes of the
    arrays may be unknown when the function is traced.
    """

    function: str
    arguments: Sequence[Any]
    options: dict[str, Any] = field(default_factory=dict)
    slopes: Sequence[int] = (0,)
    sizes: bool = True

    def __str__(self) -> str:
        options = "".join(f",{name}={value}" for name, value in self.options.items())
        return f"{self.function}{options}"


def _array(*shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    return _RANDOM.uniform(low, high, shape)


A, B = _array(2, 3), _array(2, 3)
POSITIVE, INSIDE, ABOVE_ONE = _array(2, 3, low=0.3), _array(2, 3, low=-0.8, high=0.8), _array(2, 3, low=1.2)
ROW, SQUARE, CUBE = _array(3), _array(3, 3), _array(2, 3, 4)
WHOLE = np.array([[5, -3, 2], [1, 7, -4]], np.int32)
COUNTS = np.array([1, 0, 3, 1, 2], np.int32)
COMPLEX = _array(2, 3) + 1j * _array(2, 3)
GAPS = np.array([[1.5, np.nan, -2.0], [np.nan, np.nan, 0.5]])
TRUTH = np.array([[True, False, True], [False, False, True]])
VECTORS = _array(2, 3)


def _each(names: str, *arguments: Any, slopes: Sequence[int] = (0,)) -> list[Case]:
    return [Case(name, arguments, slopes=slopes) for name in names.split()]


ARITHMETIC = [
    *_each("add subtract multiply divide true_divide maximum minimum fmax fmin", A, B, slopes=(0, 1)),
    *_each("divide_no_nan hypot", A, POSITIVE, slopes=(0, 1)),
    *_each("floor_divide", A, POSITIVE, slopes=()),
    *_each("mod fmod", A, POSITIVE, slopes=(0, 1)),
    *_each("floor_divide mod fmod power maximum multiply", WHOLE, np.abs(WHOLE), slopes=()),
    *_each("abs absolute fabs negative square cbrt", A),
    *_each("sign signbit ceil floor trunc round", A, slopes=()),
    Case("round", (A * 100,), {"decimals": -1}, slopes=()),
    *_each("sqrt reciprocal", POSITIVE),
    Case("power", (POSITIVE, A), slopes=(0, 1)),
    Case("clip", (A, -1.0, 1.5)),
    Case("clip", (A, None, B), slopes=(0, 2)),
    Case("heaviside", (np.round(A), B), slopes=(1,)),
    Case("nextafter", (A, B), slopes=()),
    Case("ldexp", (A, WHOLE)),
]
EXPONENTIAL = [
    *_each("exp exp2 expm1", A),
    *_each("log log10 log1p log2 i0", POSITIVE),
    *_each("logaddexp logaddexp2", A, B, slopes=(0, 1)),
]
TRIGONOMETRIC = [
    *_each("sin cos tan sinh cosh tanh arctan arcsinh sinc deg2rad rad2deg conj conjugate real", A),
    *_each("arcsin arccos arctanh", INSIDE),
    *_each("arccosh", ABOVE_ONE),
    *_each("arctan2", A, POSITIVE, slopes=(0, 1)),
    *_each("angle imag real conj", COMPLEX, slopes=()),
]
COMPARISON = [
    *_each("equal not_equal less less_equal greater greater_equal", A, B, slopes=()),
    *_each(
        "equal not_equal less less_equal greater greater_equal isclose allclose", WHOLE, WHOLE.T.reshape(2, 3)
    ),
    *_each("logical_and logical_or logical_xor", A > 0, B, slopes=()),
    *_each("isnan isinf isfinite isposinf isneginf isreal logical_not", GAPS, slopes=()),
    *_each("bitwise_and bitwise_or bitwise_xor gcd lcm", WHOLE, np.abs(WHOLE), slopes=()),
    *_each("left_shift right_shift bitwise_left_shift bitwise_right_shift", WHOLE, np.abs(WHOLE), slopes=()),
    *_each("bitwise_invert bitwise_not", WHOLE, slopes=()),
    Case("nan_to_num", (GAPS,), {"nan": 3.0}),
    Case("where", (TRUTH, A, B), slopes=(1, 2)),
    Case("where", (TRUTH, A, 0.0), slopes=(1,)),
    Case("where", (TRUTH,), slopes=()),
]
REDUCTIONS = [
    *_each("sum prod mean max min amax amin ptp all any argmax argmin cumsum cumprod", A),
    *[
        Case(name, (A,), {"axis": 0, "keepdims": True})
        for name in ["sum", "prod", "mean", "max", "min", "ptp"]
    ],
    *[Case(name, (A,), {"axis": -1}) for name in ["cumsum", "cumprod", "amax", "amin"]],
    *[
        Case(name, (A,), {"axis": 1, "keepdims": True}, slopes=())
        for name in ("argmax", "argmin", "any", "all")
    ],
    *[Case(name, (CUBE,), {"axis": (0, -1)}) for name in ("sum", "mean", "max")],
    *_each("sum prod mean max cumsum all", WHOLE, slopes=()),
    *[Case(name, (A,), {"axis": 1, "initial": 0.5}) for name in ("max", "min")],
    Case("count_nonzero", (WHOLE,), {"axis": 1}, slopes=()),
]
SHAPE = [
    Case("reshape", (CUBE, (-1, 2))),
    *_each("ravel transpose flip fliplr flipud rot90 squeeze copy", CUBE),
    Case("transpose", (CUBE, (1, 2, 0))),
    Case("expand_dims", (A, (0, -1))),
    Case("squeeze", (A[:, None],), {"axis": 1}),
    Case("broadcast_to", (A, (4, 2, 3))),
    Case("moveaxis", (CUBE, 0, -1)),
    Case("swapaxes", (CUBE, 0, 1)),
    Case("roll", (A, 1), {"axis": 1}),
    Case("tile", (A, (2, 1, 3))),
    Case("repeat", (A, 2), {"axis": 1}),
    Case("concatenate", ([A, B],), {"axis": 1}),
    Case("append", (A, B), {"axis": 0}, slopes=(0, 1)),
    Case("append", (A, B), slopes=(0, 1)),
    Case("stack", ([A, B],), {"axis": 1}),
    *_each("vstack hstack dstack", [A, B]),
    Case("split", (A, 3), {"axis": 1}),
    Case("split", (A, [1, 2]), {"axis": 1}),
    Case("array_split", (A, 2), {"axis": 1}),
    Case("hsplit", (A, [1])),
    Case("vsplit", (A, [1])),
    Case("dsplit", (CUBE, [1, 3])),
    *[
        Case("pad", (A, ((1, 0), (2, 1))), {"mode": mode})
        for mode in ("constant", "edge", "reflect", "symmetric")
    ],
    Case("pad", (A, ((1, 0), (2, 1))), {"constant_values": 3.0}),
    Case("diff", (A,), {"axis": 0}),
    Case("meshgrid", (ROW, ROW[:2]), slopes=(0, 1)),
    Case("view", (A.astype("float32"),), {"dtype": "int16"}, slopes=()),
]
CREATION = [
    *_each("zeros_like ones_like empty_like", A),
    Case("full_like", (A, 3)),
    Case("full", ((2, 3), A[0, 0]), {"dtype": "float64"}, slopes=(1,)),
    Case("arange", (np.int32(5),), slopes=()),
    *_each("tril triu diag diagflat diagonal trace", SQUARE),
    Case("diag", (ROW, 1)),
    Case("diagonal", (CUBE, 1), {"axis1": 1, "axis2": 2}),
    Case("linspace", (A, B), {"num": 4}, slopes=(0, 1)),
    Case("linspace", (A, B), {"num": 3, "endpoint": False, "axis": -1}, slopes=(0, 1)),
    Case("logspace", (A, B), {"num": 3}, slopes=(0, 1)),
    Case("geomspace", (POSITIVE, ABOVE_ONE), {"num": 3, "axis": 1}, slopes=(0, 1)),
    Case("vander", (ROW,)),
    Case("vander", (np.array([0.0, 1.5, -2.0]),), {"N": 3, "increasing": True}),
]
CONTRACTION = [
    Case("matmul", (A, SQUARE), slopes=(0, 1)),
    Case("matmul", (CUBE, CUBE.transpose(0, 2, 1)), slopes=(0, 1)),
    Case("dot", (A, ROW), slopes=(0, 1)),
    Case("tensordot", (A, CUBE), {"axes": 2}, slopes=(0, 1)),
    Case("tensordot", (A, CUBE), {"axes": [[1], [1]]}, slopes=(0, 1)),
    Case("inner", (A, SQUARE), slopes=(0, 1)),
    *_each("outer vdot kron cross", A, B, slopes=(0, 1)),
    Case("trapezoid", (A,)),
    Case("trapezoid", (A, np.sort(ROW)), slopes=(0, 1)),
    Case("slogdet", (SQUARE,)),
    Case("correlate", (ROW, ROW[:2]), {"mode": "full"}, slopes=(0, 1), sizes=False),
    Case("corrcoef", (A,)),
]
STATISTICS = [
    *_each("var std average median nanmedian nansum nanprod nanmean nanvar nanstd nanmax nanmin", A),
    *[
        Case(name, (A,), {"axis": 1, "keepdims": True})
        for name in ["var", "std", "median", "nansum", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin"]
    ],
    *[
        Case(name, (GAPS,), {"axis": 1}, slopes=())
        for name in [
            "nansum",
            "nanprod",
            "nanmean",
            "nanvar",
            "nanstd",
            "nanmax",
            "nanmin",
            "nanmedian",
            "nanargmax",
            "nanargmin",
        ]
    ],
    *_each("nancumsum nancumprod", GAPS, slopes=()),
    *_each("nancumsum nancumprod", A),
    Case("average", (A,), {"axis": 1, "weights": POSITIVE}),
    *[Case(name, (A, 0.3), {"axis": 1}) for name in ("quantile", "nanquantile")],
    *[Case(name, (A, np.array([20.0, 75.0]))) for name in ("percentile", "nanpercentile")],
]
POSITIONS = [
    Case("take", (A, np.array([2, 0, -1], np.int32)), {"axis": 1}),
    Case("take", (A, WHOLE % 6)),
    Case("take_along_axis", (A, np.abs(WHOLE) % 3), {"axis": 1}),
    *_each("nonzero", WHOLE % 2, slopes=()),
    Case("unravel_index", (COUNTS, (2, 3)), slopes=()),
    Case("select", ([A > 1, A > 0], [A, B], 7.0), slopes=(2,)),
    *_each("sort", A),
    *_each("argsort", A, slopes=()),
    Case("sort", (CUBE,), {"axis": 1}),
    Case("argpartition", (A, 1), slopes=()),
    Case("searchsorted", (np.sort(ROW), A), {"side": "right"}, slopes=()),
    Case("digitize", (A, np.sort(ROW)), slopes=()),
    Case("isin", (WHOLE, COUNTS), slopes=()),
    Case(
        "unique", (COUNTS,), {"return_index": True, "return_inverse": True, "return_counts": True}, slopes=()
    ),
    Case("unique", (COUNTS,), {"return_index": True, "return_counts": True, "size": 6}, slopes=()),
    Case("unique", (WHOLE % 2,), {"axis": 1, "size": 2}, slopes=()),
    Case("bincount", (COUNTS,), slopes=()),
    Case("bincount", (COUNTS,), {"minlength": 7, "weights": _array(5)}, slopes=()),
    Case("bincount", (np.abs(WHOLE),), slopes=()),
    Case("histogram", (ROW,), {"bins": 4}, slopes=()),
]
WINDOWS = [
    *_each("bartlett blackman hamming hanning", np.int32(6), slopes=()),
    Case("kaiser", (np.int32(6), 8.6), slopes=()),
]
FAMILIES = {
    "arithmetic": ARITHMETIC,
    "exponential": EXPONENTIAL,
    "trigonometric": TRIGONOMETRIC,
    "comparison": COMPARISON,
    "reductions": REDUCTIONS,
    "shape": SHAPE,
    "creation": CREATION,
    "contraction": CONTRACTION,
    "statistics": STATISTICS,
    "positions": POSITIONS,
    "windows": WINDOWS,
}
