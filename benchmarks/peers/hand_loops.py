"""The scalar loops written by hand in C, compiled by the same compiler with the same flags."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from croton.toolchain import build

from . import loops_data as data

SOURCE = """
void one(double x, double r, double c, long steps, double *results)
{
    for (long i = 0; i < steps; ++i) {
        x = r * x * (1 - x) + c;
        results[i] = x;
    }
}

void two(double p, double q, double dt, long steps, double *results)
{
    for (long i = 0; i < steps; ++i) {
        double moved = p + dt * q;
        q = q - dt * p * (1 + 0.1 * p * p);
        p = moved;
        results[i] = p * p + q * q;
    }
}

void nested(double x, double r, long steps, long inner_steps, double *results)
{
    for (long i = 0; i < steps; ++i) {
        for (long j = 0; j < inner_steps; ++j)
            x = x - 0.1 * (x * x * x - r);
        results[i] = x;
    }
}
"""


def programs(_: str) -> dict[str, Any]:
    library = ctypes.CDLL(str(build([SOURCE])))
    number, count, pointer = ctypes.c_double, ctypes.c_long, ctypes.c_void_p
    library.one.argtypes = library.two.argtypes = [number, number, number, count, pointer]
    library.nested.argtypes = [number, number, count, count, pointer]
    steps, inner = data.SCALAR_STEPS, data.INNER_STEPS

    def called(name: str, length: int, *arguments: Any) -> Any:
        results = np.empty(length)
        getattr(library, name)(*arguments, results.ctypes.data)
        return results

    return {
        "one": lambda: called("one", steps, data.START, data.SPEED, data.FORCE, steps),
        "two": lambda: called("two", steps, data.START, data.SPEED, data.INTERVAL, steps),
        "nested": lambda: called("nested", steps // inner, data.START, data.SPEED, steps // inner, inner),
    }
