"""No shared kernel touches memory outside its arrays or does what C leaves undefined, for any numbers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from croton.codegen.prebuilt import KernelUnit
from croton.codegen.unit import ABI
from croton.graph.dtypes import as_dtype
from croton.graph.values import TensorType
from croton.ops.counting import BinCount
from croton.ops.fourier import Fourier
from croton.ops.kernel import KernelOperation
from croton.ops.searching import RowOrder, SearchSorted
from croton.ops.sorting import Order, Sort, TopPositions
from croton.ops.sparse import SampledProduct, SparseProduct
from croton.toolchain.build import SANITIZERS, build_executable

DRIVER = (Path(__file__).parent / "driver.c").read_text()
SORT, SEARCH, ROWS, COUNT, FOURIER, SPARSE = range(6)


def kernel_of(op: KernelOperation, *operands: tuple[str, int]) -> KernelUnit:
    """The kernel that an operation calls for operands of these dtypes and ranks."""
    types = [TensorType(as_dtype(dtype), (8,) * rank) for dtype, rank in operands]
    outputs = op.infer(*types) if not isinstance(op, Fourier) else [types[0]]
    (kernel,) = op.c_function(types, outputs).kernels
    return kernel


CASES = [
    *((SORT, dtype, kernel_of(Sort(0), (dtype, 1))) for dtype in ("int8", "float16", "float32", "uint64")),
    *((SORT, dtype, kernel_of(Order(0), (dtype, 1))) for dtype in ("uint16", "float32", "float64")),
    (SORT, "float64", kernel_of(Order(0, True), ("float64", 1))),
    (SORT, "float32", kernel_of(TopPositions(5, 0), ("float32", 1))),
    (SORT, "int64", kernel_of(TopPositions(5, 0, True), ("int64", 1))),
    (SEARCH, "float32", kernel_of(SearchSorted("left"), ("float32", 1), ("float32", 1))),
    (SEARCH, "int64", kernel_of(SearchSorted("right"), ("int64", 1), ("int64", 1))),
    (ROWS, "float64", kernel_of(RowOrder(), ("float64", 2))),
    (COUNT, "int32", kernel_of(BinCount(3), ("int32", 1))),
    (FOURIER, "float32", kernel_of(Fourier("complex", 0, False, "none"), ("complex64", 1))),
    (FOURIER, "float64", kernel_of(Fourier("complex", 0, False, "none"), ("complex128", 1))),
]


def sparse_kernels(dtype: str) -> list[tuple[int, str, KernelUnit]]:
    """The three products; types are given at once, since their sizes depend on each other."""
    vector, starts = TensorType(as_dtype("int32"), (3,)), TensorType(as_dtype("int32"), (4,))
    elements, dense = TensorType(as_dtype(dtype), (3,)), TensorType(as_dtype(dtype), (3, 2))
    found = []
    for op, operands in (
        (SparseProduct(3, False), [elements, vector, starts, dense]),
        (SparseProduct(3, True), [elements, vector, starts, dense]),
        (SampledProduct(), [vector, starts, dense, dense]),
    ):
        (kernel,) = op.c_function(operands, op.infer(*operands)).kernels
        found.append((SPARSE, dtype, kernel))
    return found


CASES += [*sparse_kernels("float64"), *sparse_kernels("int32"), *sparse_kernels("complex64")]


@pytest.mark.parametrize(("family", "dtype", "kernel"), CASES, ids=[case[2].name for case in CASES])
def test_sanitizers_find_nothing(family: int, dtype: str, kernel: KernelUnit) -> None:
    size = np.dtype(dtype).itemsize
    chosen = {"FAMILY": family, "SIZE": size, "SAMPLES": int("sample" in kernel.name)}
    definitions = "".join(f"#define {name} {value}\n" for name, value in chosen.items())
    text = "\n".join([ABI, kernel.source, definitions, DRIVER])
    program = build_executable([text], flags=(*SANITIZERS, "-Werror"))
    done = subprocess.run([program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
