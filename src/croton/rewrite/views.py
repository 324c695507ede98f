"""What an expression is as a sum or as a product, however it was typed.

x - 2 * y + 1, 1 + (x - (y + y)) and -(y * 2 - x) + 1 are one `Sum`; x / sqrt(y), x * y ** -0.5 are one
`Product`. Patterns match these, so that a rule is written once and not for each way to type it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.graph.frozen import Frozen
from croton.graph.values import Constant, Equation, Value

MOST_TERMS = 12  # longer sums and products are cut here, so that a chain of n costs n, not n squared
LARGEST_INSPECTED = 4096  # elements of a constant that are looked at


class Sum(Frozen):
    """constant + sum of coefficient * term."""

    terms: Mapping[Value, float]
    constant: float = 0.0

    @property
    def is_single(self) -> bool:
        return len(self.terms) == 1 and not self.constant and next(iter(self.terms.values())) == 1.0


class Product(Frozen):
    """coefficient * product of factor ** exponent, where it is defined as typed.

    restricted: factors that were raised to a fraction on the way, so that the product is NaN where they
        are negative although their exponent here may be whole.
    """

    factors: Mapping[Value, float]
    coefficient: float = 1.0
    restricted: frozenset[Value] = frozenset()

    @property
    def is_single(self) -> bool:
        return len(self.factors) == 1 and self.coefficient == 1.0 and next(iter(self.factors.values())) == 1.0


_ALWAYS_NONNEGATIVE = frozenset(
    [
        "exp",
        "exp2",
        "sigmoid",
        "softplus",
        "square",
        "absolute",
        "sqrt",
        "cosh",
        "erfc",
        "erfcx",
        "ndtr",
        "softmax",
        "euclidean_norm",
        "hypot",
        "exprel",
        "sech",
    ]
)
_KEEPS_SIGN = frozenset(
    [
        "broadcast_to",
        "reshape",
        "transpose",
        "reduce_sum",
        "reduce_prod",
        "reduce_max",
        "reduce_min",
        "cast",
        "slice",
        "getitem",
    ]
)
_OF_ALL = frozenset(["add", "multiply", "divide", "minimum", "concatenate"])
_OF_NUMBERS: Mapping[str, Callable[..., Any]] = {
    "broadcast_to": lambda x: x,
    "reshape": lambda x: x,
    "negative": np.negative,
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "square": np.square,
    "sqrt": np.sqrt,
}


def _uniform(value: Constant) -> float | None:
    """The number that every element of a constant is."""
    data = value.data
    if data.size == 0 or data.size > 64 or dtypes.is_complex(value.type.dtype) or data.dtype == np.bool_:
        return None
    first = data.flat[0]
    return float(first) if data.size == 1 or bool((data == first).all()) else None


class Views:
    """Sums, products, numbers and signs of the values of one graph, each worked out once.

    Nothing looks behind a value in `stops`: the inputs of the graph, even if something computes them.
    """

    def __init__(self, stops: Iterable[Value] = ()) -> None:
        self.stops = set(stops)
        self._sums: dict[Value, Sum] = {}
        self._products: dict[Value, Product] = {}
        self._nonnegative: dict[Value, bool] = {}
        self._numbers: dict[Value, float | None] = {}

    def equation(self, value: Value) -> Equation | None:
        """What computes a value, or None."""
        return None if value in self.stops else value.owner

    def name(self, value: Value) -> str:
        """The name of the operation that computes a value, or an empty string."""
        owner = self.equation(value)
        return owner.op.name if owner is not None else ""

    def operands(self, value: Value, name: str) -> tuple[Value, ...] | None:
        """The operands of a value computed by the operation of this name, else None."""
        owner = self.equation(value)
        return owner.inputs if owner is not None and owner.op.name == name else None

    def number(self, value: Value) -> float | None:
        """The real number that every element of a value is, if that is known."""
        if isinstance(value, Constant):
            return _uniform(value)
        owner = self.equation(value)
        if owner is None or owner.op.name not in _OF_NUMBERS:
            return None
        if value not in self._numbers:
            self._numbers[value] = self._calculated(owner)
        return self._numbers[value]

    def _calculated(self, owner: Equation) -> float | None:
        """The number that an operation makes of numbers."""
        operands = [self.number(operand) for operand in owner.inputs]
        if any(operand is None for operand in operands) or not dtypes.is_float(owner.outputs[0].type.dtype):
            return None
        with np.errstate(all="ignore"):
            return float(_OF_NUMBERS[owner.op.name](*operands))

    def sum(self, value: Value) -> Sum:
        """A value as a sum; a value that is none is a sum of one term."""
        known = self._sums.get(value)
        if known is None:
            known = self._sums[value] = self._sum(value)
        return known

    def _sum(self, value: Value) -> Sum:
        number = self.number(value)
        if number is not None:
            return Sum({}, number)
        owner = self.equation(value)
        if owner is None or not dtypes.is_float(value.type.dtype):
            return Sum({value: 1.0})
        name, operands = owner.op.name, owner.inputs
        if name in ("add", "subtract"):
            added = add_sums(self.sum(operands[0]), self.sum(operands[1]), 1.0 if name == "add" else -1.0)
            return added if len(added.terms) <= MOST_TERMS else Sum({value: 1.0})
        if name == "negative":
            return scaled_sum(self.sum(operands[0]), -1.0)
        if name == "broadcast_to":
            return self.sum(operands[0])
        if name in ("multiply", "divide"):
            return self._scaled(value, name, operands)
        return Sum({value: 1.0})

    def _scaled(self, value: Value, name: str, operands: tuple[Value, ...]) -> Sum:
        """A product with a number is a multiple of the rest."""
        right = self.number(operands[1])
        if right is not None and np.isfinite(right) and right != 0:
            return scaled_sum(self.sum(operands[0]), right if name == "multiply" else 1.0 / right)
        left = self.number(operands[0]) if name == "multiply" else None
        if left is not None and np.isfinite(left) and left != 0:
            return scaled_sum(self.sum(operands[1]), left)
        return Sum({value: 1.0})

    def product(self, value: Value) -> Product:
        """A value as a product; a value that is none is a product of one factor."""
        known = self._products.get(value)
        if known is None:
            known = self._products[value] = self._product(value)
        return known

    def _product(self, value: Value) -> Product:
        number = self.number(value)
        if number is not None and number != 0 and np.isfinite(number):
            return Product({}, number)
        owner = self.equation(value)
        if owner is None or not dtypes.is_float(value.type.dtype):
            return Product({value: 1.0})
        name, operands = owner.op.name, owner.inputs
        if name in ("multiply", "divide"):
            both = multiply_products(
                self.product(operands[0]), self.product(operands[1]), 1.0 if name == "multiply" else -1.0
            )
            return both if len(both.factors) <= MOST_TERMS else Product({value: 1.0})
        if name == "negative":
            inner = self.product(operands[0])
            return Product(inner.factors, -inner.coefficient, inner.restricted)
        if name == "broadcast_to":
            return self.product(operands[0])
        exponent = self.exponent(owner)
        if exponent is not None:
            powered = self._raised(operands[0], exponent)
            return powered if powered is not None else Product({value: 1.0})
        return Product({value: 1.0})

    def exponent(self, equation: Equation) -> float | None:
        """The constant exponent of a power, square root, square or reciprocal."""
        fixed = {"square": 2.0, "sqrt": 0.5, "reciprocal": -1.0, "rsqrt": -0.5}.get(equation.op.name)
        if fixed is None and equation.op.name == "power":
            fixed = self.number(equation.inputs[1])
        return fixed if fixed is not None and np.isfinite(fixed) and fixed != 0 else None

    def _raised(self, base: Value, exponent: float) -> Product | None:
        """base ** exponent; the base stays one factor where (a * b) ** c is not a ** c * b ** c."""
        inner = self.product(base)
        if exponent.is_integer():
            return raised_product(inner, exponent)
        unknown = [factor for factor in inner.factors if not self.nonnegative(factor)]
        odd = [factor for factor in unknown if not even(inner.factors[factor])]
        if inner.coefficient <= 0 or len(odd) > 1:
            return Product({base: exponent}, 1.0, frozenset((base,)))
        if any(factor not in odd for factor in unknown):  # sqrt(x ** 2) is |x|: not a power of x
            return Product({base: exponent}, 1.0)
        result = raised_product(inner, exponent)
        return Product(result.factors, result.coefficient, result.restricted | frozenset(odd))

    def nonnegative(self, value: Value) -> bool:
        """Whether no element can be below zero (it may be NaN)."""
        known = self._nonnegative.get(value)
        if known is None:
            self._nonnegative[value] = False
            known = self._nonnegative[value] = self._is_nonnegative(value)
        return known

    def _is_nonnegative(self, value: Value) -> bool:
        if isinstance(value, Constant):
            data = value.data
            return (
                data.size <= LARGEST_INSPECTED
                and not dtypes.is_complex(data.dtype)
                and bool(np.all(data >= 0))
            )
        owner = self.equation(value)
        if dtypes.is_bool(value.type.dtype) or value.type.dtype in dtypes.UNSIGNED:
            return True
        if owner is None:
            return False
        name, operands = owner.op.name, owner.inputs
        if name in _ALWAYS_NONNEGATIVE:
            return not dtypes.is_complex(operands[0].type.dtype)
        if name == "size":
            return True
        if name in _KEEPS_SIGN or name in _OF_ALL:
            return all(self.nonnegative(operand) for operand in operands) or (
                name == "multiply" and operands[0] is operands[1]
            )
        if name == "maximum":
            return any(self.nonnegative(operand) for operand in operands)
        if name == "where":
            return self.nonnegative(operands[1]) and self.nonnegative(operands[2])
        exponent = self.exponent(owner)
        return exponent is not None and (even(exponent) or self.nonnegative(operands[0]))


def even(exponent: float) -> bool:
    return exponent.is_integer() and exponent % 2 == 0


def add_sums(left: Sum, right: Sum, scale: float = 1.0) -> Sum:
    """left + scale * right."""
    terms = dict(left.terms)
    for term, coefficient in right.terms.items():
        total = terms.get(term, 0.0) + scale * coefficient
        if total:
            terms[term] = total
        else:
            del terms[term]
    return Sum(terms, left.constant + scale * right.constant)


def scaled_sum(summed: Sum, scale: float) -> Sum:
    if scale == 1.0:
        return summed
    return Sum(
        {term: coefficient * scale for term, coefficient in summed.terms.items()}, summed.constant * scale
    )


def multiply_products(left: Product, right: Product, power: float = 1.0) -> Product:
    """left * right ** power, for a whole power."""
    factors = dict(left.factors)
    for factor, exponent in right.factors.items():
        total = factors.get(factor, 0.0) + power * exponent
        if total:
            factors[factor] = total
        else:
            del factors[factor]
    coefficient = left.coefficient * right.coefficient**power
    return Product(factors, coefficient, left.restricted | right.restricted)


def raised_product(base: Product, exponent: float) -> Product:
    """base ** exponent, factor by factor."""
    try:
        coefficient = float(base.coefficient**exponent)
    except OverflowError:
        coefficient = float("inf")
    factors = {factor: power * exponent for factor, power in base.factors.items()}
    return Product(factors, coefficient, base.restricted)
