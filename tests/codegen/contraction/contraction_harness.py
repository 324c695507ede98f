"""Compiles kernels and calls them on NumPy arrays, through a context kept in C (harness.c)."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from croton.codegen.contraction import ContractionKernel, ContractionSpec, contraction_kernel

Array = np.ndarray[Any, Any]

HERE = Path(__file__).parent
ABI = files("croton.codegen") / "include" / "croton_abi.h"
FLAGS = [
    "-O3",
    "-march=native",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fopenmp-simd",
    "--param",
    "vect-max-peeling-for-alignment=0",
    "-fPIC",
    "-std=gnu11",
    "-Wall",
    "-Wextra",
    "-Werror",
]
_CACHE = Path(tempfile.gettempdir()) / f"croton-contraction-tests-{os.getuid()}"


def numpy_dtype(name: str) -> np.dtype[Any]:
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def unit_text(kernel: ContractionKernel, with_harness: bool = True) -> str:
    """The kernel with exported wrappers, when it is static, and the context of the tests."""
    parts = [ABI.read_text(), kernel.source]
    if with_harness:
        parts.append((HERE / "harness.c").read_text())
    if not kernel.shared:
        for name in (kernel.function, kernel.batch_function):
            parts.append(f"void *address_of_{name}(void) {{ return (void *){name}; }}\n")
    return "\n".join(parts)


def build(text: str, flags: list[str] | None = None, suffix: str = ".so") -> Path:
    """Compiles C text, once for each content."""
    options = [*(flags if flags is not None else [*FLAGS, "-shared"]), "-pthread"]
    key = hashlib.sha256("\0".join([text, *options]).encode()).hexdigest()[:24]
    target = _CACHE / f"{key}{suffix}"
    if not target.exists():
        _CACHE.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as folder:
            source, built = Path(folder) / "unit.c", Path(folder) / "built"
            source.write_text(text)
            subprocess.run(["cc", *options, str(source), "-o", str(built)], check=True, timeout=120)
            built.rename(target)
    return target


@dataclass(frozen=True)
class Outcome:
    """C, how often the epilogue saw each row, and the rows as it saw them."""

    status: int
    c: Array
    calls: Array
    seen: Array
    regions: int
    surroundings_kept: bool


def strides_of(matrix: Array) -> tuple[int, int]:
    row, column = (stride // matrix.itemsize for stride in matrix.strides[-2:])
    return row, column


def arranged(matrix: Array, layout: str, gap: int = 0) -> Array:
    """The same elements with the layout asked for, `gap` elements between rows (or columns) of memory."""
    rows, columns = matrix.shape[-2:]
    lead = matrix.shape[:-2]
    if layout == "row":
        out = np.zeros((*lead, rows, columns + gap), matrix.dtype)[..., :columns]
    elif layout == "column":
        out = np.swapaxes(np.zeros((*lead, columns, rows + gap), matrix.dtype)[..., :rows], -1, -2)
    else:
        out = np.zeros((*lead, rows, 2 * columns + gap), matrix.dtype)[..., : 2 * columns : 2]
    out[...] = matrix
    return out


class Kernel:
    """A compiled kernel."""

    def __init__(self, spec: ContractionSpec) -> None:
        self.spec = spec
        self.kernel = contraction_kernel(spec)
        self.library = ctypes.CDLL(str(build(unit_text(self.kernel))))
        self.library.test_context_new.restype = ctypes.c_void_p
        self.library.test_context_regions.restype = ctypes.c_int64
        pointer, integer = ctypes.c_void_p, ctypes.c_int64
        tail = [pointer] * 3
        one = [
            pointer,
            *[integer] * 3,
            pointer,
            *[integer] * 2,
            pointer,
            *[integer] * 2,
            pointer,
            integer,
            *tail,
        ]
        many = [pointer, *[integer] * 4, pointer, *[integer] * 3, pointer, *[integer] * 3, pointer]
        many += [integer, integer, *tail]
        self.one = ctypes.CFUNCTYPE(ctypes.c_int, *one)(self._address(self.kernel.function))
        self.many = ctypes.CFUNCTYPE(ctypes.c_int, *many)(self._address(self.kernel.batch_function))

    def _address(self, name: str) -> int:
        if self.kernel.shared:
            return ctypes.cast(getattr(self.library, name), ctypes.c_void_p).value or 0
        address = getattr(self.library, f"address_of_{name}")
        address.restype = ctypes.c_void_p
        return int(address())

    def __call__(
        self,
        a: Array,
        b: Array,
        *,
        threads: int = 1,
        c_gap: int = 0,
        epilogue: bool = True,
        refuse: bool = False,
    ) -> Outcome:
        """A.B for matrices, or for stacks of them. A stack of one matrix may be broadcast by stride 0."""
        m, k = a.shape[-2:]
        n = b.shape[-1]
        lead = a.shape[:-2]
        count = int(np.prod(lead))
        mark = np.frombuffer(b"\x5a" * (a.itemsize), a.dtype)[0]
        memory = np.full((count * m, n + c_gap), mark, a.dtype)
        calls = np.zeros(count * m, np.int32)
        seen = np.zeros((count * m, n), a.dtype)
        pointers = (ctypes.c_void_p * 3)(calls.ctypes.data, memory.ctypes.data, seen.ctypes.data)
        row_bytes = memory.strides[0] if memory.size else 0
        integers = (ctypes.c_int64 * 4)(n * a.itemsize, row_bytes, max(m, 1), m * row_bytes)
        hook = ctypes.cast(self.library.test_epilogue, ctypes.c_void_p) if epilogue else None
        context = ctypes.c_void_p(self.library.test_context_new(threads, int(refuse)))
        common = (hook, pointers, integers)
        if lead:
            a_batch, b_batch = a.strides[0] // a.itemsize, b.strides[0] // b.itemsize
            status = self.many(
                context, count, m, n, k, a.ctypes.data, a_batch, *strides_of(a), b.ctypes.data, b_batch,
                *strides_of(b), memory.ctypes.data, m * (n + c_gap), n + c_gap, *common,
            )  # fmt: skip
        else:
            status = self.one(
                context, m, n, k, a.ctypes.data, *strides_of(a), b.ctypes.data, *strides_of(b),
                memory.ctypes.data, n + c_gap, *common,
            )  # fmt: skip
        regions = int(self.library.test_context_regions(context))
        self.library.test_context_free(context)
        kept = memory[:, n:].tobytes() == np.full((count * m, c_gap), mark, a.dtype).tobytes()
        c = np.ascontiguousarray(memory[:, :n]).reshape(*lead, m, n)
        return Outcome(status, c, calls, seen.reshape(c.shape), regions, kept)


@cache
def kernel_for(spec: ContractionSpec) -> Kernel:
    return Kernel(spec)
