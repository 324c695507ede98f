"""Gradients by finite differences, and the check of symbolic ones against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.frontends.constructors import tensor
from croton.frontends.function import function
from croton.frontends.gradient import grad
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray
from croton.ops import base
from croton.ops.arithmetic import multiply
from croton.ops.reduction import sum as sum_of

STEPS = {"float64": 1e-7, "float32": 3e-4, "float16": 1e-1}
TOLERANCES = {"float64": 1e-4, "float32": 1e-2, "float16": 5e-2}


class GradientError(Exception):
    """A gradient and its finite difference are not close."""

    def __init__(
        self,
        arg: int,
        err_pos: int,
        shape: tuple[int, ...],
        val1: float,
        val2: float,
        abs_err: float,
        rel_err: float,
        abs_tol: float,
        rel_tol: float,
    ) -> None:
        self.arg, self.err_pos, self.shape = arg, err_pos, shape
        self.val1, self.val2 = val1, val2
        self.abs_err, self.rel_err, self.abs_tol, self.rel_tol = abs_err, rel_err, abs_tol, rel_tol
        super().__init__(
            f"the gradient by argument {arg}, at element {err_pos} of shape {shape}, is {val2}; finite "
            f"differences give {val1}: absolute error {abs_err} (tolerance {abs_tol}), relative error "
            f"{rel_err} (tolerance {rel_tol})"
        )


class numeric_grad:
    """Finite differences of a scalar function of arrays, one step at each element; `gf` holds them.

    f: takes the arrays and returns a number. pt: an array or a list of floating ones. eps: the step, by
    default one that suits the least precise dtype.
    """

    def __init__(self, f: Callable[..., Any], pt: Any, eps: float | None = None) -> None:
        packed = isinstance(pt, (list, tuple))
        points = [np.array(point) for point in (pt if packed else [pt])]
        step = eps if eps is not None else max(_per_dtype(STEPS, point) for point in points)
        start = np.asarray(f(*[point.copy() for point in points]))
        found = []
        for point in points:
            slopes = np.zeros(point.shape, point.dtype)
            for index in np.ndindex(point.shape):
                kept = point[index]
                point[index] = kept + step
                slopes[index] = (np.asarray(f(*[each.copy() for each in points])) - start) / step
                point[index] = kept
            found.append(slopes)
        self.gf: Any = found if packed else found[0]

    @staticmethod
    def abs_rel_err(a: NDArray, b: NDArray) -> tuple[NDArray, NDArray]:
        """The absolute and the relative difference, element by element."""
        absolute = np.abs(a - b)
        return absolute, absolute / np.maximum(np.abs(a) + np.abs(b), 1e-8)

    def abs_rel_errors(self, g_pt: Any) -> list[tuple[NDArray, NDArray]]:
        """The same for each array, against gradients `g_pt`.

        Raises:
            ValueError: their number or a shape differs.
        """
        mine = self.gf if isinstance(self.gf, list) else [self.gf]
        given = list(g_pt) if isinstance(g_pt, (list, tuple)) else [g_pt]
        if len(given) != len(mine):
            raise ValueError(f"numeric_grad: expected {len(mine)} gradients, got {len(given)}")
        for position, (left, right) in enumerate(zip(given, mine, strict=True)):
            if np.shape(left) != right.shape:
                raise ValueError(
                    f"numeric_grad: gradient {position} has shape {np.shape(left)}, expected {right.shape}"
                )
        return [self.abs_rel_err(np.asarray(a), b) for a, b in zip(given, mine, strict=True)]

    def max_err(self, g_pt: Any, abs_tol: float, rel_tol: float) -> tuple[int, int, float, float]:
        """(argument, flat position, absolute, relative error) of the worst element, measured against both
        tolerances: an element passes if either error is within its own.
        """
        worst, found = -1.0, (0, 0, 0.0, 0.0)
        for argument, (absolute, relative) in enumerate(self.abs_rel_errors(g_pt)):
            if absolute.size == 0:
                continue
            score = np.minimum(absolute / abs_tol, relative / rel_tol)
            score = np.where(np.isfinite(score), score, np.inf)
            position = int(np.argmax(score))
            if score.flat[position] > worst:
                worst = float(score.flat[position])
                found = (
                    argument,
                    position,
                    float(absolute.flat[position]),
                    float(relative.flat[position]),
                )
        return found


def verify_grad(
    fun: Callable[..., Any],
    pt: Sequence[Any],
    n_tests: int = 2,
    rng: Any = None,
    eps: float | None = None,
    out_type: Any = None,
    abs_tol: float | None = None,
    rel_tol: float | None = None,
    mode: str | None = None,
    cast_to_output_type: bool = False,
    no_debug_ref: bool = True,
) -> None:
    """Checks the gradient of `fun` against finite differences, at random projections of its output.

    fun: takes symbolic variables and returns one. pt: the floating arrays to check at. n_tests: how many
    projections. rng: a random generator of NumPy (`RandomState` too); by default one with a fixed seed.
    out_type: dtype to compare in. mode: as for `function`. `cast_to_output_type` and `no_debug_ref` are
    accepted for Theano's sake and change nothing.

    Raises:
        GradientError: a gradient is further away than both tolerances allow.
        DTypeError: a point is not of a floating dtype.
    """
    points = [np.array(point) for point in pt]
    for position, point in enumerate(points):
        if point.dtype.name not in STEPS:
            raise DTypeError(
                f"verify_grad: point {position} is {point.dtype.name}, expected floating numbers"
            )
    loosest = max(points, key=lambda point: _per_dtype(TOLERANCES, point))
    abs_limit = abs_tol if abs_tol is not None else _per_dtype(TOLERANCES, loosest)
    rel_limit = rel_tol if rel_tol is not None else _per_dtype(TOLERANCES, loosest)
    random = rng if rng is not None else np.random.default_rng(1)
    variables = [tensor(p.dtype, (None,) * p.ndim, f"input {n}") for n, p in enumerate(points)]
    output = fun(*variables)
    weights = tensor(output.dtype, (None,) * output.ndim, "projection")
    cost = sum_of(multiply(output, weights))
    if out_type is not None:
        cost = base.cast(cost, out_type)
    options: dict[str, Any] = {"on_unused_input": "ignore", "mode": mode}
    shape = function(variables, output, **options)(*points).shape
    value = function([*variables, weights], cost, **options)
    slopes = function([*variables, weights], grad(cost, variables, disconnected_inputs="ignore"), **options)
    for _ in range(n_tests):
        projection = np.asarray(0.5 + random.uniform(size=shape), output.dtype)
        numeric = numeric_grad(lambda *arrays, by=projection: value(*arrays, by), points, eps)
        found = slopes(*points, projection)
        argument, place, absolute, relative = numeric.max_err(found, abs_limit, rel_limit)
        if not (absolute <= abs_limit or relative <= rel_limit):
            raise GradientError(
                argument,
                place,
                points[argument].shape,
                float(numeric.gf[argument].flat[place]),
                float(np.asarray(found[argument]).flat[place]),
                absolute,
                relative,
                abs_limit,
                rel_limit,
            )


def _per_dtype(table: dict[str, float], array: NDArray) -> float:
    return table.get(array.dtype.name, table["float64"])
