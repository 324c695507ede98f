"""Every operation of the package has a derivative of second order that is right, or a reason to have none.

The classes are found, not listed: a new operation that no case contains fails here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import croton
from croton.graph.graph import Graph
from croton.graph.operation import Operation

from . import derivative_cases
from .derivative_cases.case import Case, check_derivatives, expressions

# By name of the class, why no derivative of it is checked here.
EXEMPT = {
    "CodeOperation": "a user's operation brings its own derivative: tests/frontends/test_custom_op.py",
    "PythonOperation": "a user's operation brings its own derivative: tests/frontends/test_custom_op.py",
    "SizesOfOutputs": "gives sizes",
    "CustomGradient": "the user's derivative is taken as it is: tests/frontends/test_custom_gradient.py",
    "EagerCustom": "the user's derivative is taken as it is: tests/frontends/test_custom_gradient.py",
    "_OfOp": "what CodeOperation and PythonOperation have in common",
    "_Pullback": "the user's derivative itself: tests/frontends/test_custom_gradient.py",
    "GraphCall": "its derivative is that of its graph: tests/frontends/test_jit.py",
    "ZeroGradient": "is zero on purpose: tests/ops/test_gradient_control.py",
    "UndefinedGradient": "is an error on purpose: tests/ops/test_gradient_control.py",
    "NumberAsSize": "gives a size",
    "SizeAsNumber": "gives a size",
    "Iota": "gives whole numbers from a size",
    "Nonzero": "gives positions",
    "ArgumentOfExtreme": "gives positions",
    "CheckedIndex": "gives positions",
    "CheckedLabel": "gives positions",
    "RepeatPositions": "gives positions",
    "Permutation": "gives positions",
    "Bitcast": "what bytes mean as another number has no slope",
    "Draw": "random numbers depend on a key alone",
    "Sample": "rejection has no derivative by its parameters",
    "Multinomial": "gives counts",
    "Urn": "gives counts",
    "LUSolve": "what Solve and Inverse, which are checked, are compiled to",
    "CTCBeams": "gives labels",
    "PooledConvolution": "what a convolution and a pooling, which are checked, are compiled to",
    "PooledConvolutionInput": "what derivatives of a convolution and a pooling are compiled to",
    "PooledConvolutionKernel": "what derivatives of a convolution and a pooling are compiled to",
    "CTCCurvature": "is the second derivative of CTCLoss, which is checked",
}


def modules_of(package: Any) -> Iterator[Any]:
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith(("__main__", ".emit")):
            yield importlib.import_module(found.name)


def subclasses(kind: type) -> Iterator[type]:
    for inner in kind.__subclasses__():
        yield inner
        yield from subclasses(inner)


def all_operations() -> list[type]:
    list(modules_of(croton))
    found = {kind for kind in subclasses(Operation) if kind.__module__.startswith("croton.")}
    named = {kind for kind in found if kind.name is not Operation.name}  # others are what some have in common
    return sorted(named, key=lambda kind: kind.__qualname__)


def all_cases() -> list[Case]:
    return [case for module in modules_of(derivative_cases) for case in getattr(module, "CASES", [])]


def operations_in(graph: Graph) -> set[type]:
    found = set()
    for equation in graph.equations:
        found.add(type(equation.op))
        for inner in equation.op.graphs():
            found |= operations_in(inner)
    return found


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_matches_differences_to_second_order(case: Case) -> None:
    check_derivatives(case)


def test_no_operation_is_forgotten() -> None:
    """Operations occur in an expression or its first derivative: the second one goes through them."""
    covered: set[type] = set()
    for case in all_cases():
        variables, value, slope, _, _ = expressions(case)
        covered |= operations_in(Graph.of(variables, [value, slope]))
    missing = [kind.__qualname__ for kind in all_operations() if kind not in covered]
    assert sorted(set(missing) - set(EXEMPT)) == []


def test_every_exemption_is_of_an_operation() -> None:
    assert set(EXEMPT) <= {kind.__qualname__ for kind in all_operations()}
