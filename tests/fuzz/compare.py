"""Compiled against interpreted: when do two results agree?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tests.fuzz.generator import Generator, Program, bind_sizes, make_array

import croton as ct

Array = np.ndarray[Any, Any]
TOLERANCE = {
    "float64": 1e-8,
    "complex128": 1e-8,
    "float32": 2e-3,
    "complex64": 2e-3,
    "float16": 0.05,
    "bfloat16": 0.2,
}


def inputs_for(program: Program, call: int) -> list[Array]:
    """The arrays of one call of a program."""
    rng = np.random.default_rng([program.seed, call])
    sizes = bind_sizes(rng)
    return [make_array(rng, drawn, sizes) for drawn in program.inputs]


def needs_width(program: Program) -> float:
    """The relative difference that the narrowest dtype of a program's calculations makes acceptable."""
    dtypes = {drawn.dtype for drawn in program.inputs} | {output.dtype for output in program.outputs}
    if "cast" in program.history or "int8" in dtypes or "uint8" in dtypes:
        dtypes |= {"float16"}
    if dtypes & {"float16", "bfloat16"}:
        return 0.2
    return 2e-3 if dtypes & {"float32", "complex64"} else 0.0


def disagreement(got: Sequence[Array], expected: Sequence[Array], width: float) -> str | None:
    """What differs, or None. `width`: a relative difference that is acceptable everywhere."""
    for position, (left, right) in enumerate(zip(got, expected, strict=True)):
        if left.dtype != right.dtype or left.shape != right.shape:
            return f"output {position}: {left.dtype}{left.shape} against {right.dtype}{right.shape}"
        name = left.dtype.name
        if name not in TOLERANCE:
            if not np.array_equal(left, right):
                return f"output {position} ({name}): {left} against {right}"
            continue
        wide = np.complex128 if name.startswith("complex") else np.float64
        a, b = left.astype(wide), right.astype(wide)
        tolerance = max(TOLERANCE[name], width)
        scale = 1.0 + float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b)))
        close = np.isclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
        if not np.all(close):
            return (
                f"output {position} ({name}): {left[~close].ravel()[:4]} against {right[~close].ravel()[:4]}"
            )
    return None


def check_programs(seeds: Sequence[int], calls: int = 3) -> list[str]:
    """Compiles the programs of these seeds as one function and compares them call by call.

    Returns a line for each disagreement.
    """
    programs = [Generator(seed).draw() for seed in seeds]
    variables = [variable for program in programs for variable in program.variables()]
    outputs = [output for program in programs for output in program.outputs]
    compiled = ct.function(variables, outputs, on_unused_input="ignore", mode="compile")
    interpreted = ct.function(variables, outputs, on_unused_input="ignore", mode="interpret")
    failures = []
    for call in range(calls):
        arrays = [array for program in programs for array in inputs_for(program, call)]
        got, expected = compiled(*arrays), interpreted(*arrays)
        start = 0
        for program in programs:
            stop = start + len(program.outputs)
            problem = disagreement(got[start:stop], expected[start:stop], needs_width(program))
            if problem is not None:
                failures.append(f"seed {program.seed}, call {call}, {program.history}: {problem}")
            start = stop
    return failures
