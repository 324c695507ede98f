"""Croton's matrix-product kernels against NumPy's BLAS, size by size, on one thread or more.

    OPENBLAS_NUM_THREADS=1 python benchmarks/gemm.py [--threads 2] [--dtype float64] [--only 128x784x512]

Sizes are m x n x k for C (m, n) = A (m, k) . B (k, n). A trailing "t" marks A stored transposed, "u" B.
Kernels are timed inside C, NumPy through `np.matmul(a, b, out=c)`, in alternating runs; each figure is the
best of them. NumPy's share of a microsecond of call overhead is therefore part of its small sizes.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import re
import subprocess
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from croton.codegen.contraction import ContractionKernel, ContractionSpec, contraction_kernel

FLAGS = (
    "-O3 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math -fopenmp-simd "
    "--param vect-max-peeling-for-alignment=0 -fPIC -std=gnu11 -Wall -Wextra -shared -pthread"
)

SIZES = (
    "128x512x784 784x512x128t 128x784x512u 1024x1024x1024 512x512x512 256x256x256 128x128x128 64x64x64 "
    "32x64x64 32x1024x1024 32x32x32 16x16x16 4x4x4 2x64x64 6x512x512 1x64x64 1x512x784 1x512x784u 512x1x784 "
    "512x1x784t 1000x5x10 10x5x1000t 128x10x784 784x10x128t 128x10x64 1000x64x8 64x16x64u 97x101x103"
)

#: A context whose second thread spins: what a region costs stays near a microsecond.
DRIVER = r"""
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static struct {
    ct_range_body body;
    void *const *pointers;
    const ct_int *integers;
    ct_int extent, grain, next;
} job;
static int generation, finished, stop, workers;
static __thread void *memory;
static __thread ct_int memory_bytes;

static void *scratch(ct_context *ctx, ct_int bytes)
{
    (void)ctx;
    if (bytes > memory_bytes) {
        free(memory);
        memory_bytes = bytes;
        if (posix_memalign(&memory, 64, (size_t)bytes) != 0)
            abort();
    }
    return memory;
}

static void work(void)
{
    for (;;) {
        ct_int begin = __atomic_fetch_add(&job.next, job.grain, __ATOMIC_RELAXED);
        if (begin >= job.extent)
            return;
        job.body(job.pointers, job.integers, begin,
                 begin + job.grain < job.extent ? begin + job.grain : job.extent);
    }
}

static void *worker(void *argument)
{
    int seen = (int)(long)argument;
    for (;;) {
        while (__atomic_load_n(&generation, __ATOMIC_ACQUIRE) == seen)
            if (__atomic_load_n(&stop, __ATOMIC_RELAXED))
                return NULL;
        seen++;
        work();
        __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
    }
}

static void parallel(ct_context *ctx, ct_range_body body, void *const *pointers, const ct_int *integers,
                     ct_int extent, ct_int grain)
{
    (void)ctx;
    job.body = body, job.pointers = pointers, job.integers = integers;
    job.extent = extent, job.grain = grain, job.next = 0;
    finished = 0;
    __atomic_fetch_add(&generation, 1, __ATOMIC_RELEASE);
    work();
    while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != workers)
        ;
}

double bench(int threads, ct_int repeats, ct_int m, ct_int n, ct_int k, const void *a, ct_int a_row,
             ct_int a_column, const void *b, ct_int b_row, ct_int b_column, void *c)
{
    ct_context context = {.parallel = parallel, .scratch = scratch};
    pthread_t thread[16];
    workers = threads - 1;
    stop = 0;
    for (int t = 0; t < workers; t++)
        pthread_create(&thread[t], NULL, worker, (void *)(long)generation);
    KERNEL(&context, m, n, k, a, a_row, a_column, b, b_row, b_column, c, n, NULL, NULL, NULL);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (ct_int r = 0; r < repeats; r++)
        KERNEL(&context, m, n, k, a, a_row, a_column, b, b_row, b_column, c, n, NULL, NULL, NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    stop = 1;
    for (int t = 0; t < workers; t++)
        pthread_join(thread[t], NULL);
    double seconds = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    return seconds / (double)repeats;
}
"""


def compiled(kernel: ContractionKernel, folder: Path) -> tuple[Any, float]:
    """The timing function over a kernel, and the seconds that the kernel alone took to compile."""
    abi = (files("croton.codegen") / "include" / "croton_abi.h").read_text(encoding="utf-8")
    name = kernel.function
    use = "" if kernel.shared else f"void *use_{name}(void) {{ return (void *){name}; }}\n"
    alone, source, library = folder / f"{name}_alone.c", folder / f"{name}.c", folder / f"{name}.so"
    alone.write_text(abi + kernel.source + use)
    begin = time.perf_counter()
    subprocess.run(["cc", *FLAGS.split(), str(alone), "-o", f"{library}.alone"], check=True)
    seconds = time.perf_counter() - begin
    source.write_text(abi + kernel.source + f"#define KERNEL {name}\n" + DRIVER)
    subprocess.run(["cc", *FLAGS.split(), str(source), "-o", str(library)], check=True)
    function = ctypes.CDLL(str(library)).bench
    function.restype = ctypes.c_double
    return function, seconds


def operand(random: np.random.Generator, shape: tuple[int, int], dtype: str, transposed: bool) -> Any:
    if transposed:
        return operand(random, shape[::-1], dtype, False).T
    return random.standard_normal(shape).astype(dtype)


def measure(size: str, dtype: str, threads: int, batch_known: bool, folder: Path) -> str:
    """One line of the table."""
    numbers = re.fullmatch(r"(\d+)x(\d+)x(\d+)(t?)(u?)", size)
    if numbers is None:
        raise ValueError(f"size: expected MxNxK with t or u at its end, got {size!r}")
    m, n, k = (int(number) for number in numbers.groups()[:3])
    a_transposed, b_transposed = (bool(flag) for flag in numbers.groups()[3:])
    spec = ContractionSpec(
        dtype,
        m if batch_known or a_transposed else None,
        n,
        None if a_transposed and not batch_known else k,
        "column" if a_transposed else "row",
        "column" if b_transposed else "row",
    )
    kernel = contraction_kernel(spec)
    bench, seconds = compiled(kernel, folder)
    random = np.random.default_rng(0)
    a, b = operand(random, (m, k), dtype, a_transposed), operand(random, (k, n), dtype, b_transposed)
    c, expected = np.empty((m, n), dtype), np.empty((m, n), dtype)
    repeats = max(1, int(2e8 / (m * n * k + 2000) / 20))
    strides = [ctypes.c_int64(stride // a.itemsize) for stride in (*a.strides, *b.strides)]
    pointer = ctypes.c_void_p
    arguments = [ctypes.c_int64(size) for size in (m, n, k)]
    arguments += [pointer(a.ctypes.data), strides[0], strides[1]]  # type: ignore[list-item]
    arguments += [pointer(b.ctypes.data), strides[2], strides[3], pointer(c.ctypes.data)]  # type: ignore[list-item]
    ours, theirs = [], []
    for _ in range(9):
        ours.append(bench(threads, ctypes.c_int64(repeats), *arguments))
        np.matmul(a, b, out=expected)
        begin = time.perf_counter()
        for _ in range(repeats):
            np.matmul(a, b, out=expected)
        theirs.append((time.perf_counter() - begin) / repeats)
    np.testing.assert_allclose(c, expected, rtol=1e-3, atol=1e-3)
    flops, mine, other = 2e-9 * m * n * k, min(ours), min(theirs)
    kind = "shared" if kernel.shared else "special"
    return (
        f"{size:18} {kind:8} {mine * 1e6:10.2f} {other * 1e6:10.2f} {flops / mine:8.1f} {flops / other:8.1f} "
        f"{other / mine:6.2f} {seconds * 1e3:8.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--only", default=SIZES, help="sizes, separated by spaces")
    parser.add_argument(
        "--static", action="store_true", help="compile with every size known, not all but one"
    )
    options = parser.parse_args()
    blas = os.environ.get("OPENBLAS_NUM_THREADS", "all")
    print(f"{options.dtype}, {options.threads} thread(s) here, {blas} in NumPy's BLAS")
    print("m x n x k          kernel           us   numpy us     GF/s    numpy  ratio    cc ms")
    with tempfile.TemporaryDirectory() as folder:
        for size in options.only.split():
            print(measure(size, options.dtype, options.threads, options.static, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
