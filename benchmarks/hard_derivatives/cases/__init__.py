"""All cases, one file for each family."""

from __future__ import annotations

from ..case import Case
from . import cancellation, guards, log_sum, normal, norms, products, second_order, sigmoid, softmax

FAMILIES = (
    log_sum.family,
    sigmoid.family,
    softmax.family,
    normal.family,
    guards.family,
    norms.family,
    cancellation.family,
    products.family,
    second_order.family,
)
CASES: tuple[Case, ...] = tuple(case for family in FAMILIES for case in family.cases)
_BY_NAME = {case.name: case for case in CASES}


def by_name(name: str) -> Case:
    """The case of this name.  Raises ValueError, naming it, when there is none."""
    if name not in _BY_NAME:
        raise ValueError(f"no hard derivative is named {name!r}")
    return _BY_NAME[name]
