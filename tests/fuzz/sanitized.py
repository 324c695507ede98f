"""Compiled functions run outside Python, under sanitizers of addresses, undefined behaviour or threads."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from croton.runtime import Function
from croton.toolchain.build import SANITIZERS, build_executable

Array = np.ndarray[Any, Any]
_DRIVER = Path(__file__).with_name("driver.c")
THREADS = ("-O1", "-g", "-fsanitize=thread", "-DTHREADS=1")  # finds threads that touch the same memory


class SanitizerError(AssertionError):
    """A sanitizer stopped the program; the message is its report."""


class SanitizedFunction:
    """The machine code of a function, built again with sanitizers, callable with arrays."""

    def __init__(self, function: Function, flags: Sequence[str] = SANITIZERS) -> None:
        import croton.codegen

        lowered = function.lowered(self_contained=True)
        include = Path(croton.codegen.__file__).parent / "include"
        units = [*lowered.code.units, _DRIVER.read_text()]
        self.executable = build_executable(units, include=[include], flags=flags)
        self.constants = [constant.data for constant in lowered.constants]
        self.outputs = [output.type for output in lowered.graph.outputs]

    def __call__(self, *arrays: Array) -> list[Array]:
        """The outputs for these arguments.

        Raises:
            SanitizerError: memory was touched that must not be, or behaviour was undefined.
        """
        given = [np.ascontiguousarray(array).reshape(array.shape) for array in (*arrays, *self.constants)]
        with tempfile.TemporaryDirectory() as folder:
            sent, received = Path(folder, "inputs"), Path(folder, "outputs")
            sent.write_bytes(self._encode(given))
            done = subprocess.run(
                [str(self.executable), str(sent), str(received)],
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
                env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},  # the driver leaves freeing to its exit
            )
            if done.returncode != 0:
                raise SanitizerError(done.stderr[-6000:])
            return self._decode(received.read_bytes())

    def _encode(self, arrays: Sequence[Array]) -> bytes:
        parts = [np.int64(len(arrays)).tobytes()]
        for array in arrays:
            parts.append(np.array([array.ndim, array.itemsize, *array.shape], np.int64).tobytes())
            parts.append(array.tobytes())
        parts.append(np.int64(len(self.outputs)).tobytes())
        for type in self.outputs:
            parts.append(np.array([type.rank, type.dtype.itemsize], np.int64).tobytes())
        return b"".join(parts)

    def _decode(self, data: bytes) -> list[Array]:
        status = int(np.frombuffer(data, np.int64, 1)[0])
        if status != 0:
            raise AssertionError(f"the function failed with status {status}")
        position, results = 8, []
        for type in self.outputs:
            shape = tuple(np.frombuffer(data, np.int64, type.rank, position)) if type.rank else ()
            position += 8 * type.rank
            count = int(np.prod(shape, dtype=np.int64))
            results.append(np.frombuffer(data, type.dtype, count, position).reshape(shape))
            position += count * type.dtype.itemsize
        return results
