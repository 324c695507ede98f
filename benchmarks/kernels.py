"""Croton's kernels for sorting, counting, Fourier transforms and sparse products beside NumPy and SciPy.

    python benchmarks/kernels.py [--only sort] [--repeats 15]

Both are called in alternating runs on the same arrays and each figure is the best of them, so a busy machine
disturbs both alike. The last column is Croton's time divided by the other's. Sizes are left open when the
functions are compiled. Where NumPy has a quick order and a stable one, "stable" is the latter, which is what
Croton gives.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
import scipy.sparse

import croton as ct
import croton.sparse as sparse
import croton.tensor as T


class Comparison(NamedTuple):
    """Two functions of no arguments that compute the same."""

    name: str
    croton: Callable[[], Any]
    other: Callable[[], Any]


def compiled(formula: Callable[..., Any], *arrays: Any) -> Callable[[], Any]:
    """The formula compiled for arrays of these dtypes and ranks, called with them."""
    variables = [T.tensor(array.dtype.name, shape=(None,) * array.ndim) for array in arrays]
    function = ct.function(variables, formula(*variables))
    return lambda: function(*arrays)


def sorting() -> Iterator[Comparison]:
    random = np.random.default_rng(0)
    for dtype in ("float64", "float32", "int64"):
        for shape in ((100,), (1000,), (100_000,), (1000, 10), (1000, 100), (100, 1000)):
            x = (random.standard_normal(shape) * 1e6).astype(dtype)
            shown = f"{dtype} {'x'.join(map(str, shape))}"
            yield Comparison(f"sort {shown}", compiled(T.sort, x), lambda x=x: np.sort(x))
            yield Comparison(f"argsort {shown}", compiled(T.argsort, x), lambda x=x: np.argsort(x))
            yield Comparison(
                f"argsort, stable {shown}",
                compiled(T.argsort, x),
                lambda x=x: np.argsort(x, kind="stable"),
            )
            yield Comparison(
                f"topk 5 {shown}",
                compiled(lambda v: T.topk(v, 5), x),
                lambda x=x: np.partition(x, -5)[..., -5:],
            )


def searching() -> Iterator[Comparison]:
    random = np.random.default_rng(0)
    edges = np.sort(random.standard_normal(10_000))
    values = random.standard_normal(100_000)
    yield Comparison(
        "searchsorted 100000 in 10000",
        compiled(T.searchsorted, edges, values),
        lambda: np.searchsorted(edges, values),
    )
    numbers = random.integers(0, 1000, 1_000_000)
    weights = random.standard_normal(1_000_000)
    yield Comparison("bincount 1000000", compiled(T.bincount, numbers), lambda: np.bincount(numbers))
    yield Comparison(
        "bincount 1000000 weighted",
        compiled(T.bincount, numbers, weights),
        lambda: np.bincount(numbers, weights),
    )
    yield Comparison(
        "histogram 100000",
        compiled(lambda v: T.histogram(v, 50)[0], values),
        lambda: np.histogram(values, 50)[0],
    )
    yield Comparison("unique 1000000", compiled(T.unique, numbers), lambda: np.unique(numbers))
    rows = random.standard_normal((1000, 101))
    yield Comparison("median 1000x101", compiled(lambda v: T.median(v, 1), rows), lambda: np.median(rows, 1))


def fourier() -> Iterator[Comparison]:
    random = np.random.default_rng(0)
    for real, whole in (("float64", "complex128"), ("float32", "complex64")):
        shapes = ((1, 64), (1, 1024), (1, 1021), (1, 65536), (1, 1 << 20), (64, 64), (1000, 256), (100, 1000))
        for rows, length in shapes:
            x = random.standard_normal((rows, length)).astype(real)
            z = (x + 1j * random.standard_normal((rows, length))).astype(whole)
            shown = f"{rows}x{length}"
            yield Comparison(f"fft {whole} {shown}", compiled(T.fft.fft, z), lambda z=z: scipy.fft.fft(z))
            yield Comparison(f"rfft {real} {shown}", compiled(T.fft.rfft, x), lambda x=x: scipy.fft.rfft(x))


def sparse_products() -> Iterator[Comparison]:
    random = np.random.default_rng(0)
    for size, density in ((100, 0.05), (2000, 0.01), (20_000, 0.001)):
        for make, format in ((sparse.csr_matrix, "csr"), (sparse.csc_matrix, "csc")):
            matrix = scipy.sparse.random_array((size, size), density=density, rng=random, format=format)
            for columns in (1, 16):
                dense = random.standard_normal((size, columns))
                a, b = make("a"), T.matrix("b")
                function = ct.function([a, b], sparse.dot(a, b))
                shared = ct.function([b], sparse.dot(ct.shared(matrix), b))
                shown = f"{format} {size}x{size}, {matrix.nnz} elements, {columns} columns"
                yield Comparison(
                    f"argument {shown}",
                    lambda f=function, m=matrix, d=dense: f(m, d),
                    lambda m=matrix, d=dense: m @ d,
                )
                yield Comparison(
                    f"shared {shown}", lambda f=shared, d=dense: f(d), lambda m=matrix, d=dense: m @ d
                )


GROUPS: dict[str, Callable[[], Iterator[Comparison]]] = {
    "sort": sorting,
    "search": searching,
    "fourier": fourier,
    "sparse": sparse_products,
}


def best(comparison: Comparison, repeats: int) -> tuple[float, float]:
    """Microseconds of each, the least of so many alternating runs, after one that does not count."""
    functions = (comparison.croton, comparison.other)
    least = [float("inf")] * 2
    for function in functions:
        function()
    for _ in range(repeats):
        for position, function in enumerate(functions):
            start = time.perf_counter()
            function()
            least[position] = min(least[position], time.perf_counter() - start)
    return least[0] * 1e6, least[1] * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=GROUPS, help="one group of comparisons")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    print(f"{'microseconds':62} {'croton':>10} {'other':>10} {'ratio':>7}")
    for name, group in GROUPS.items():
        if options.only in (None, name):
            for comparison in group():
                ours, other = best(comparison, options.repeats)
                print(f"{comparison.name:62} {ours:10.1f} {other:10.1f} {ours / other:7.2f}", flush=True)


if __name__ == "__main__":
    main()
