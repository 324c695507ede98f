"""Many formulas in one function, compared with NumPy for several sizes: compiling is what costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import croton as ct
from croton.graph.values import EagerValue

Case = tuple[str, Callable[..., Any], Callable[..., Any]]


def check_cases(cases: Sequence[Case], variables: Sequence[Any], calls: Sequence[Sequence[Any]]) -> None:
    """Each case is (name, formula, reference): compiled, interpreted and eager runs must equal NumPy's.

    The function is compiled once and then called with every tuple of arguments in `calls`.
    """
    outputs = [formula(*variables) for _, formula, _ in cases]
    functions = [ct.function(list(variables), outputs, mode=mode) for mode in ("compile", "interpret")]
    for arguments in calls:
        wanted = [np.asarray(reference(*arguments)) for _, _, reference in cases]
        eager = [EagerValue.factory(np.asarray(argument)) for argument in arguments]
        found = [function(*arguments) for function in functions]
        found.append([formula(*eager).data for _, formula, _ in cases])
        for run, results in zip(("compiled", "interpreted", "eager"), found, strict=True):
            for (name, _, _), result, expected in zip(cases, results, wanted, strict=True):
                shown = f"{name}, {run}, shapes {[np.shape(argument) for argument in arguments]}"
                assert result.dtype == expected.dtype, f"{shown}: {result.dtype} for {expected.dtype}"
                np.testing.assert_allclose(
                    np.asarray(result, complex),
                    np.asarray(expected, complex),
                    rtol=1e-13,
                    atol=1e-13,
                    err_msg=shown,
                )
