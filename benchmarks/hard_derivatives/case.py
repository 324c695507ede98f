"""What a case is, and how a family of cases is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A builder meets the arrays of five libraries and of mpmath; no common static type exists.
Array = Any
Namespace = Any

Inputs = tuple[NDArray[np.float64], ...]
# Either the derivatives themselves, one entry per input, or a function of (mp, *inputs) that returns them.
Truth = Sequence[Any] | Callable[..., Sequence[Any]]


@dataclass(frozen=True)
class Case:
    """One formula at one point.

    `order` 0 asks for the value, 1 for the gradient of the sum of the formula with respect to every
    input, 2 for the Hessian of that sum times `direction` (ones if not given: for an elementwise
    formula that is its second derivative).
    `truth` is given only where differentiating numerically at high precision is impossible, because
    the point is singular; `convention` then says why the given value is the right one.
    """

    name: str
    family: str
    build: Callable[..., Array]
    inputs: Inputs
    order: int
    stable: str
    direction: Inputs
    truth: Truth | None = None
    convention: str = ""


@dataclass
class Family:
    """A group of cases that fail, or are cured, for one reason."""

    title: str
    cases: list[Case] = field(default_factory=list)

    def case(
        self,
        *,
        at: Sequence[Any],
        stable: str,
        order: int = 1,
        direction: Sequence[Any] | None = None,
        truth: Truth | None = None,
        convention: str = "",
        name: str | None = None,
    ) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
        """Register the decorated builder `(xp, *inputs) -> expression` as a case at the inputs `at`.

        Raises ValueError when a given truth has no stated convention, or the order is not 0, 1 or 2.
        """
        if truth is not None and not convention:
            raise ValueError("convention must be stated where truth is given")
        if order not in (0, 1, 2):
            raise ValueError(f"order must be 0, 1 or 2, got {order}")
        inputs = tuple(np.asarray(value, dtype=np.float64) for value in at)
        if direction is None:
            along = tuple(np.ones_like(value) for value in inputs)
        else:
            along = tuple(np.asarray(value, dtype=np.float64) for value in direction)

        def register(build: Callable[..., Array]) -> Callable[..., Array]:
            case = Case(
                name or build.__name__, self.title, build, inputs, order, stable, along, truth, convention
            )
            self.cases.append(case)
            return build

        return register


def each(derivative: Callable[..., Any]) -> Callable[..., Sequence[Any]]:
    """A truth for an elementwise formula of one input, from `derivative(mp, x)` of one number."""

    def truth(mp: Any, x: NDArray[Any]) -> Sequence[Any]:
        return [[derivative(mp, entry) for entry in x]]

    return truth
