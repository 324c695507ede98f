"""Dimensions: integers, or polynomials over symbols that are known when a function is called.

A symbol stands for the size of an axis of an input, or for a size that an equation finds while running
(`nonzero`). Sums and products are kept as polynomials in canonical form, so that equal expressions
compare equal; quotients, maxima and minima are opaque atoms inside them.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from croton.graph.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator

_counter = itertools.count()


class Symbol:
    """A size not known yet. `runtime` marks one that an equation, its `binder`, finds while running."""

    __slots__ = ("__weakref__", "binder", "name", "runtime", "uid")

    def __init__(self, name: str = "", runtime: bool = False) -> None:
        self.uid = next(_counter)
        self.name = name or f"n{self.uid}"
        self.runtime = runtime
        self.binder: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Symbol, (self.name, self.runtime)

    def __copy__(self) -> Symbol:
        return self

    def __repr__(self) -> str:
        return self.name

    def sort_key(self) -> tuple[int, int, str]:
        return (0, self.uid, "")


@dataclass(frozen=True)
class Compound:
    """An atom made of other dimensions: floordiv, mod, max or min of two of them."""

    kind: str
    left: Dim
    right: Dim

    def __repr__(self) -> str:
        if self.kind in ("max", "min"):
            return f"{self.kind}({self.left}, {self.right})"
        return f"({self.left} {'//' if self.kind == 'floordiv' else '%'} {self.right})"

    def sort_key(self) -> tuple[int, int, str]:
        return (1, 0, repr(self))


Atom: TypeAlias = Symbol | Compound
Monomial: TypeAlias = tuple[Atom, ...]


class Expression:
    """A polynomial with integer coefficients over atoms; never constant (that would be an int)."""

    __slots__ = ("_hash", "terms")

    to_tensor: Callable[[Expression], Any]  # set by the operations: a dimension used as a number

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms = terms
        self._hash = hash(terms)

    def __reduce__(self) -> tuple[Any, ...]:
        return _polynomial, (self.terms,)

    def __copy__(self) -> Expression:
        return self

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.terms == other.terms

    def __repr__(self) -> str:
        parts = []
        for monomial, coefficient in self.terms:
            factors = [repr(atom) for atom in monomial]
            if coefficient != 1 or not factors:
                factors.insert(0, str(coefficient))
            parts.append("*".join(factors))
        return " + ".join(parts).replace("+ -", "- ")

    def __add__(self, other: Any) -> Any:
        return add(self, other) if _is_dim(other) else _tensor(self) + other

    def __sub__(self, other: Any) -> Any:
        return add(self, multiply(-1, other)) if _is_dim(other) else _tensor(self) - other

    def __mul__(self, other: Any) -> Any:
        return multiply(self, other) if _is_dim(other) else _tensor(self) * other

    def __floordiv__(self, other: Any) -> Any:
        return floordiv(self, other) if _is_dim(other) else _tensor(self) // other

    def __mod__(self, other: Any) -> Any:
        return modulo(self, other) if _is_dim(other) else _tensor(self) % other

    def __radd__(self, other: Any) -> Any:
        return add(self, other) if _is_dim(other) else other + _tensor(self)

    def __rsub__(self, other: Any) -> Any:
        return add(other, multiply(-1, self)) if _is_dim(other) else other - _tensor(self)

    def __rmul__(self, other: Any) -> Any:
        return multiply(other, self) if _is_dim(other) else other * _tensor(self)

    def __rfloordiv__(self, other: Any) -> Any:
        return floordiv(other, self) if _is_dim(other) else other // _tensor(self)

    def __truediv__(self, other: Any) -> Any:
        return _tensor(self) / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / _tensor(self)

    def __neg__(self) -> Any:
        return multiply(-1, self)

    def __bool__(self) -> bool:
        raise TypeError(
            f"the size {self} is only known when the function is called, so Python cannot branch on it; "
            "use ct.ifelse, or give the size in shape="
        )

    def __int__(self) -> int:
        raise TypeError(
            f"the size {self} is only known when the function is called; give it in shape= to fix it"
        )

    __index__ = __int__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(_tensor(self), name)


Dim: TypeAlias = int | Expression
Shape: TypeAlias = tuple[Dim, ...]


def _is_dim(value: object) -> bool:
    return isinstance(value, (int, Expression)) and not isinstance(value, bool)


def _tensor(expression: Expression) -> Any:
    return Expression.to_tensor(expression)


def symbol(name: str = "", runtime: bool = False) -> Expression:
    """A fresh symbolic dimension."""
    return of_atom(Symbol(name, runtime))


def of_atom(atom: Atom) -> Expression:
    return Expression((((atom,), 1),))


def _terms(dim: Dim) -> Iterable[tuple[Monomial, int]]:
    if isinstance(dim, Expression):
        return dim.terms
    return (((), int(dim)),) if dim else ()


def _from_terms(terms: Mapping[Monomial, int]) -> Dim:
    kept = [(monomial, coefficient) for monomial, coefficient in terms.items() if coefficient]
    if not kept:
        return 0
    if len(kept) == 1 and kept[0][0] == ():
        return kept[0][1]
    kept.sort(key=lambda term: (-len(term[0]), [atom.sort_key() for atom in term[0]]))
    return Expression(tuple(kept))


def _polynomial(terms: Iterable[tuple[Monomial, int]]) -> Dim:
    """The sum of the terms, in canonical order: the symbols may be other ones than when they were sorted."""
    found = {tuple(sorted(atoms, key=lambda atom: atom.sort_key())): factor for atoms, factor in terms}
    return _from_terms(found)


def add(left: Dim, right: Dim) -> Dim:
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    terms = dict(_terms(left))
    for monomial, coefficient in _terms(right):
        terms[monomial] = terms.get(monomial, 0) + coefficient
    return _from_terms(terms)


def subtract(left: Dim, right: Dim) -> Dim:
    return add(left, multiply(-1, right))


def multiply(left: Dim, right: Dim) -> Dim:
    if isinstance(left, int) and isinstance(right, int):
        return left * right
    terms: dict[Monomial, int] = {}
    for first, first_coefficient in _terms(left):
        for second, second_coefficient in _terms(right):
            monomial = tuple(sorted(first + second, key=lambda atom: atom.sort_key()))
            terms[monomial] = terms.get(monomial, 0) + first_coefficient * second_coefficient
    return _from_terms(terms)


def product(dims: Iterable[Dim]) -> Dim:
    result: Dim = 1
    for dim in dims:
        result = multiply(result, dim)
    return result


def exact_quotient(dividend: Dim, divisor: Dim) -> Dim | None:
    """The quotient when `divisor` is a single term that divides every term, else None."""
    divisor_terms = list(_terms(divisor))
    if len(divisor_terms) != 1:
        return 1 if dividend == divisor and divisor != 0 else None
    divisor_monomial, divisor_coefficient = divisor_terms[0]
    result: dict[Monomial, int] = {}
    for monomial, coefficient in _terms(dividend):
        rest = list(monomial)
        for atom in divisor_monomial:
            if atom not in rest:
                return None
            rest.remove(atom)
        if coefficient % divisor_coefficient:
            return None
        result[tuple(rest)] = coefficient // divisor_coefficient
    return _from_terms(result)


def floordiv(left: Dim, right: Dim) -> Dim:
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    exact = exact_quotient(left, right)
    return exact if exact is not None else of_atom(Compound("floordiv", left, right))


def modulo(left: Dim, right: Dim) -> Dim:
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    return 0 if exact_quotient(left, right) is not None else of_atom(Compound("mod", left, right))


def maximum(left: Dim, right: Dim) -> Dim:
    if isinstance(left, int) and isinstance(right, int):
        return max(left, right)
    return left if left == right else of_atom(Compound("max", left, right))


def minimum(left: Dim, right: Dim) -> Dim:
    if isinstance(left, int) and isinstance(right, int):
        return min(left, right)
    return left if left == right else of_atom(Compound("min", left, right))


_APPLY: dict[str, Callable[[Dim, Dim], Dim]] = {
    "floordiv": floordiv,
    "mod": modulo,
    "max": maximum,
    "min": minimum,
}


def substitute(dim: Dim, mapping: Mapping[Symbol, Dim]) -> Dim:
    """`dim` with symbols replaced; an int when all of them become ints."""
    if isinstance(dim, int) or not mapping:
        return dim
    total: Dim = 0
    for monomial, coefficient in dim.terms:
        term: Dim = coefficient
        for atom in monomial:
            term = multiply(term, _substitute_atom(atom, mapping))
        total = add(total, term)
    return total


def _substitute_atom(atom: Atom, mapping: Mapping[Symbol, Dim]) -> Dim:
    if isinstance(atom, Symbol):
        return mapping[atom] if atom in mapping else of_atom(atom)
    return _APPLY[atom.kind](substitute(atom.left, mapping), substitute(atom.right, mapping))


def evaluate(dim: Dim, sizes: Mapping[Symbol, int]) -> int:
    """The number that `dim` is, given every symbol in it.

    Raises:
        KeyError: a symbol has no size.
    """
    if isinstance(dim, int):
        return dim
    result = substitute(dim, sizes)
    if not isinstance(result, int):
        raise KeyError(f"size {result} is not known")
    return result


def symbols(dim: Dim) -> set[Symbol]:
    """Every symbol that occurs in `dim`."""
    found: set[Symbol] = set()
    if isinstance(dim, Expression):
        for monomial, _ in dim.terms:
            for atom in monomial:
                if isinstance(atom, Symbol):
                    found.add(atom)
                else:
                    found |= symbols(atom.left) | symbols(atom.right)
    return found


def runtime_symbols(shape: Iterable[Dim]) -> set[Symbol]:
    """The symbols among these sizes that equations find while running."""
    return {symbol for dim in shape if not isinstance(dim, int) for symbol in symbols(dim) if symbol.runtime}


def numbers(shape: Shape) -> tuple[int, ...]:
    """A shape that is known to consist of ints, as those of arrays do."""
    return cast("tuple[int, ...]", shape)


def single_symbol(dim: Dim) -> Symbol | None:
    """The symbol, if `dim` is exactly one symbol."""
    if isinstance(dim, Expression) and len(dim.terms) == 1:
        monomial, coefficient = dim.terms[0]
        if coefficient == 1 and len(monomial) == 1 and isinstance(monomial[0], Symbol):
            return monomial[0]
    return None


@dataclass(frozen=True)
class Guard:
    """What an equation needs of two sizes, checked when the function is called.

    kind: "equal", "at_least" (left >= right), or "in_range" (left is an index into an axis of size right).
    """

    left: Dim
    right: Dim
    reason: str
    kind: str = "equal"

    def is_trivial(self) -> bool:
        """Whether it holds whatever the sizes are."""
        if isinstance(self.left, int) and isinstance(self.right, int) and self.holds(self.left, self.right):
            return True
        return self.left == self.right and self.kind != "in_range"

    def holds(self, left: int, right: int) -> bool:
        """Whether these numbers, which the sizes turned out to be, are allowed."""
        if self.kind == "in_range":
            return 0 <= left < right
        return left >= right if self.kind == "at_least" else left == right

    def explain(self, left: int, right: int) -> str:
        """What went wrong, for the message of the error."""
        if self.kind == "in_range":
            return f"{self.reason}: index {left} is out of range for size {right}"
        said = (
            f"expected at least {right}, got {left}"
            if self.kind == "at_least"
            else f"{left} and {right} differ"
        )
        return f"{self.reason}: {said}"

    def error(self, left: int, right: int, before: str = "", after: str = "") -> Exception:
        """The exception for a guard that these sizes fail."""
        kind = IndexError if self.kind == "in_range" else ShapeError
        return kind(f"{before}{self.explain(left, right)}{after}")

    def substitute(self, mapping: Mapping[Symbol, Dim]) -> Guard:
        return Guard(substitute(self.left, mapping), substitute(self.right, mapping), self.reason, self.kind)


class _Recorder(threading.local):
    def __init__(self) -> None:
        self.guards: list[Guard] | None = None


_recorder = _Recorder()


@contextmanager
def recorded_guards() -> Iterator[list[Guard]]:
    """Collects the guards that shape rules ask for inside the block."""
    outer, guards = _recorder.guards, list[Guard]()
    _recorder.guards = guards
    try:
        yield guards
    finally:
        _recorder.guards = outer


def require_equal(left: Dim, right: Dim, reason: str) -> Dim:
    """The size that both are; a guard is recorded where that is only known at call time.

    Raises:
        ShapeError: both are known and differ; the message starts with `reason`.
    """
    if left == right:
        return left
    if isinstance(left, int) and isinstance(right, int):
        raise ShapeError(f"{reason}: {left} and {right} differ")
    if _recorder.guards is not None:
        _recorder.guards.append(Guard(left, right, reason))
    return left if isinstance(left, int) else right if isinstance(right, int) else left


def require_at_least(size: Dim, least: Dim, reason: str) -> None:
    """Asks for a size of at least `least`; a guard is recorded where that is only known at call time.

    Raises:
        ShapeError: both are known and it is smaller; the message starts with `reason`.
    """
    guard = Guard(size, least, reason, "at_least")
    if isinstance(size, int) and isinstance(least, int):
        if size < least:
            raise ShapeError(guard.explain(size, least))
    elif _recorder.guards is not None:
        _recorder.guards.append(guard)


def require_in_range(index: Dim, size: Dim, reason: str) -> None:
    """Asks that 0 <= index < size; a guard is recorded where that is only known at call time.

    Raises:
        IndexError: both are known and it is not so; the message starts with `reason`.
    """
    guard = Guard(index, size, reason, "in_range")
    if isinstance(index, int) and isinstance(size, int):
        if not guard.holds(index, size):
            raise guard.error(index, size)
    elif _recorder.guards is not None:
        _recorder.guards.append(guard)


def broadcast(shapes: Iterable[Shape], operation: str) -> Shape:
    """The shape that operands of these shapes have together, by NumPy's rule.

    Only an axis known to be of size 1 when the program is written stretches; two unknown sizes must
    turn out equal.

    Raises:
        ShapeError: sizes that are known differ and neither is 1.
    """
    shapes = list(shapes)
    if shapes and all([shape == shapes[0] for shape in shapes]):
        return shapes[0]
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Dim] = []
    for axis in range(-rank, 0):
        size: Dim = 1
        for shape in shapes:
            if len(shape) < -axis or shape[axis] == 1:
                continue
            if isinstance(size, int) and size == 1:
                size = shape[axis]
            elif size != shape[axis]:
                listed = " and ".join(format_shape(s) for s in shapes)
                size = require_equal(
                    size, shape[axis], f"{operation}: shapes {listed} do not broadcast on axis {axis}"
                )
        result.append(size)
    return tuple(result)


def format_shape(shape: Shape) -> str:
    return "(" + ", ".join(str(dim) for dim in shape) + ("," if len(shape) == 1 else "") + ")"
