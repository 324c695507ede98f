"""What this machine offers to compiled code, and whether compiling works here."""

from __future__ import annotations

import os
import platform
import time
from typing import Any

from croton.runtime import Function, threads, usable_cores
from croton.toolchain.build import CompileError, NoCompilerError, build, load
from croton.toolchain.cache import Cache, default_cache
from croton.toolchain.compilers import find_compiler
from croton.toolchain.cpu import processor

# The contract of codegen/include/croton_abi.h, as far as this function needs it.
_PROBE = """
typedef __INT64_TYPE__ ct_int;
int croton_prepare(void *, const ct_int *const *, ct_int *, ct_int *const *, ct_int *);
int croton_run(void *, void *const *, void *const *, const ct_int *, char *);
int croton_prepare(void *context, const ct_int *const *in, ct_int *dims, ct_int *const *out, ct_int *summary)
{
    (void)context; (void)dims;
    out[0][0] = in[0][0];
    out[1][0] = %d;
    summary[0] = summary[1] = 0;
    return 0;
}
int croton_run(void *context, void *const *in, void *const *out, const ct_int *dims, char *arena)
{
    (void)context; (void)dims; (void)arena;
    for (int i = 0; i < 3; i++) ((double *)out[0])[i] = 2.0 * ((double *)in[0])[i];
    ((ct_int *)out[1])[0] = %d;
    return 0;
}
"""


def report() -> dict[str, Any]:
    """Everything worth knowing about this machine, as plain values.

    Keys: "python", "platform", "processor", "compiler" (None without one), "threads", "cache", "blas",
    "works" (whether a function could be compiled and run) and "problems" (texts to show; empty when all is
    well).
    """
    problems: list[str] = []
    cache = default_cache()
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor_facts(),
        "compiler": _compiler_facts(cache),
        "threads": {
            "used": threads(),
            "usable_cores": usable_cores(),
            "CROTON_NUM_THREADS": os.environ.get("CROTON_NUM_THREADS"),
        },
        "cache": _cache_facts(cache),
        "blas": _blas_facts(),
        "works": _try_to_compile(problems),
        "problems": problems,
    }
    if cache.problem is not None:
        problems.append(f"cache directory {cache.wanted_root} {cache.problem}")
    if not facts["blas"]["available"]:
        problems.append("BLAS and LAPACK are not available through SciPy")
    return facts


def _processor_facts() -> dict[str, Any]:
    found = processor()
    interesting = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")
    return {
        "name": found.name,
        "architecture": found.architecture,
        "vector_bits": found.vector_bits,
        "features": [name for name in interesting if name in found.features],
        "identity": found.identity,
    }


def _compiler_facts(cache: Cache) -> dict[str, Any] | None:
    compiler = find_compiler(cache)
    if compiler is None:
        return None
    return {
        "command": list(compiler.command),
        "kind": compiler.kind,
        "version": compiler.version,
        "flags": list(compiler.flags),
        "link_flags": list(compiler.link_flags),
    }


def _cache_facts(cache: Cache) -> dict[str, Any]:
    entries = cache.entries()
    return {
        "directory": str(cache.root),
        "entries": len(entries),
        "bytes": sum(entry.size for entry in entries),
        "limit": cache.limit,
        "problem": cache.problem,
    }


def _blas_facts() -> dict[str, Any]:
    """Which BLAS stands behind SciPy's capsules."""
    try:
        import scipy.linalg.cython_blas as blas
        import scipy.linalg.cython_lapack as lapack
    except ImportError:
        return {"available": False, "routines": 0, "libraries": []}
    routines = len(getattr(blas, "__pyx_capi__", {})) + len(getattr(lapack, "__pyx_capi__", {}))
    return {"available": routines > 0, "routines": routines, "libraries": _blas_libraries()}


def _blas_libraries() -> list[dict[str, Any]]:
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    wanted = ("internal_api", "version", "threading_layer", "architecture", "num_threads", "filepath")
    return [
        {name: library.get(name) for name in wanted}
        for library in threadpool_info()
        if library.get("user_api") == "blas"
    ]


def _try_to_compile(problems: list[str]) -> dict[str, Any]:
    """Compile a small function that no cache has seen, load it and call it."""
    fresh = time.time_ns() % 1_000_000_007
    try:
        started = time.perf_counter()
        path = build([_PROBE % (1, fresh)])
        seconds = time.perf_counter() - started
        doubled, number = _call_probe(os.fspath(path))
        default_cache().remove(path.stem)
    except NoCompilerError as error:
        problems.append(f"{error}; functions are interpreted")
        return {"compiles": False, "seconds": None}
    except (CompileError, OSError) as error:
        problems.append(f"compiling failed: {error}")
        return {"compiles": False, "seconds": None}
    if doubled != [2.0, 4.0, 6.0] or number != [fresh]:
        problems.append(
            f"a compiled function gave {doubled} and {number} where [2.0, 4.0, 6.0] and [{fresh}] are right"
        )
        return {"compiles": False, "seconds": seconds}
    return {"compiles": True, "seconds": seconds}


def _call_probe(path: str) -> tuple[list[float], list[int]]:
    import numpy as np

    library = load(path)
    function = Function(
        name="probe",
        inputs=[("argument", "x", "float64", 1)],
        outputs=[("fresh", "float64", 1), ("fresh", "int64", 1)],
        prepare=library.address("croton_prepare"),
        run=library.address("croton_run"),
        owner=library,
    )
    doubled, number = function(np.array([1.0, 2.0, 3.0]))
    return doubled.tolist(), number.tolist()
