"""What a call of a compiled function costs: the median time of adding two scalars, and of its neighbours.

python benchmarks/call_overhead.py
"""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable

import numpy as np

from croton.runtime import Cell, Function, set_threads, threads
from croton.toolchain import build, load

SOURCE = """
typedef __INT64_TYPE__ ct_int;
typedef void (*body_type)(void *const *, const ct_int *, ct_int, ct_int);
typedef struct {
    void (*parallel)(void *, body_type, void *const *, const ct_int *, ct_int, ct_int);
} context_head;
int croton_prepare(void *, const ct_int *const *, ct_int *, ct_int *const *, ct_int *);
int croton_run(void *, void *const *, void *const *, const ct_int *, char *);
int parallel_run(void *, void *const *, void *const *, const ct_int *, char *);
int slow_prepare(void *, const ct_int *const *, ct_int *, ct_int *const *, ct_int *);
int croton_prepare(void *context, const ct_int *const *in, ct_int *dims, ct_int *const *out, ct_int *summary)
{
    (void)context; (void)in; (void)dims; (void)out;
    summary[0] = 0;
    summary[1] = 1;
    return 0;
}
int slow_prepare(void *context, const ct_int *const *in, ct_int *dims, ct_int *const *out, ct_int *summary)
{
    croton_prepare(context, in, dims, out, summary);
    summary[1] = 1000000;
    return 0;
}
int croton_run(void *context, void *const *in, void *const *out, const ct_int *dims, char *arena)
{
    (void)context; (void)dims; (void)arena;
    *(double *)out[0] = *(double *)in[0] + *(double *)in[1];
    return 0;
}
static void body(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers; (void)end;
    ((char *)pointers[0])[64 * begin] = 1;
}
int parallel_run(void *context, void *const *in, void *const *out, const ct_int *dims, char *arena)
{
    static char lines[64 * 64];
    void *pointers[1] = {lines};
    ((context_head *)context)->parallel(context, body, pointers, dims, 64, 1);
    return croton_run(context, in, out, dims, arena);
}
"""


def microseconds(call: Callable[[], object]) -> float:
    """Median over 15 rounds of the mean time of a call."""
    timer = timeit.Timer(call)
    number = max(1, timer.autorange()[0] // 5)
    return statistics.median(timer.repeat(15, number)) / number * 1e6


def main() -> None:
    library = load(build([SOURCE]))

    def function(
        inputs: list[object], outputs: list[object], prepare: str, run: str, returns: str
    ) -> Function:
        return Function(
            name="add",
            inputs=inputs,  # type: ignore[arg-type]
            outputs=outputs,  # type: ignore[arg-type]
            prepare=library.address(prepare),
            run=library.address(run),
            owner=library,
            returns=returns,  # type: ignore[arg-type]
        )

    two: list[object] = [("argument", "x", "float64", 0), ("argument", "y", "float64", 0)]
    fresh: list[object] = [("fresh", "float64", 0)]
    cell = Cell(np.array(0.0), "w")
    add = function(two, fresh, "croton_prepare", "croton_run", "single")
    without_gil = function(two, fresh, "slow_prepare", "croton_run", "single")
    parallel = function(two, fresh, "croton_prepare", "parallel_run", "single")
    update = function([("cell", cell), two[1]], [("in_place", cell)], "croton_prepare", "croton_run", "none")
    x, y = np.array(1.5), np.array(2.5)
    print(f"{microseconds(lambda: None):8.3f} us  an empty Python function, contained in each number below")
    print(f"{microseconds(lambda: add(x, y)):8.3f} us  add(x, y) of 0-d arrays")
    print(f"{microseconds(lambda: add(1.5, 2.5)):8.3f} us  add(x, y) of Python floats")
    print(f"{microseconds(lambda: add(x, y=y)):8.3f} us  add(x, y=y)")
    print(f"{microseconds(lambda: update(y)):8.3f} us  an update in place")
    print(f"{microseconds(lambda: without_gil(x, y)):8.3f} us  add(x, y), releasing the GIL")
    print(f"{microseconds(lambda: np.add(x, y)):8.3f} us  numpy.add(x, y)")
    for count in sorted({1, threads()}):
        set_threads(count)
        print(f"{microseconds(lambda: parallel(x, y)):8.3f} us  with 64 pieces on {count} threads")


if __name__ == "__main__":
    main()
