"""Which C compiler to use, which version it is, and which flags it accepts.

The answers are remembered on disk, keyed by the compiler's file (path, size, time of change), so that a later
process starts no compiler only to ask it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from croton.toolchain.cache import Cache, default_cache
from croton.toolchain.cpu import processor

_PROBE_SCHEMA = "probe 3"

# Each line is one flag, or the first of several spellings that the compiler accepts.
# Exact IEEE semantics: contraction to fused multiply-add is only explicit, and there is no -ffast-math.
# Loops of arithmetic gain from the widest vectors there are; compilers hold back for code that mixes.
# Processors order instructions themselves; doing it beforehand takes a fifth of the compiler's time.
# errno and floating-point traps, which NumPy does not offer either, would prevent vectorising.
_WANTED: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("-O3",),),
    (("-march=native",), ("-mcpu=native",)),
    (("-mprefer-vector-width=512",),),
    (("-ffp-contract=off",),),
    (("-fno-math-errno",),),
    (("-fno-trapping-math",),),
    (("-fopenmp-simd",),),
    (("-fno-schedule-insns2",),),
    (("--param", "vect-max-peeling-for-alignment=0"),),
    (("-fno-sanitize=undefined",),),
    (("-fPIC",),),
    (("-std=gnu11",),),
    (("-Wall",),),
    (("-Wextra",),),
)

_PROBE_SOURCE = """
typedef double vector __attribute__((vector_size(32)));
int croton_probe(double *x, long n);
int croton_probe(double *x, long n) {
#pragma omp simd
    for (long i = 0; i < n; i++) x[i] += 1.0;
    return 42;
}
"""


class CompilerWarning(UserWarning):
    """A compiler that was asked for cannot be used."""


@dataclass(frozen=True)
class Compiler:
    """A C compiler that works.

    Attributes:
        command: the words that start it.
        kind: "gcc", "clang" or "zig".
        version: the first line of what ``--version`` prints.
        flags: for compiling; accepted by this compiler.
        link_flags: for a shared library without the C library.
        identity: digest of all of the above and of the compiler's file.
    """

    command: tuple[str, ...]
    kind: str
    version: str
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    identity: str


_found: dict[tuple[str | None, ...], Compiler | None] = {}


def find_compiler(cache: Cache | None = None) -> Compiler | None:
    """The first compiler that works, or None.

    Looks at $CROTON_CC, $CC, then gcc, clang, cc on the path, then the ``ziglang`` wheel.
    CROTON_CC=none says that there is none.
    """
    environment = tuple(os.environ.get(name) for name in ("CROTON_CC", "CC", "PATH", "CROTON_CACHE_DIR"))
    if environment not in _found:
        _found[environment] = _first_working(cache or default_cache())
    return _found[environment]


def forget_compilers() -> None:
    """Look anew at the next `find_compiler`."""
    _found.clear()


def _first_working(cache: Cache) -> Compiler | None:
    if os.environ.get("CROTON_CC", "").strip().lower() == "none":
        return None
    for command, asked_by in _candidates():
        compiler = _examine(command, cache)
        if compiler is not None:
            return compiler
        if asked_by is not None:
            import shlex

            warnings.warn(
                f"croton: ${asked_by} names the C compiler {shlex.join(command)!r}, which does not work; "
                "trying others",
                CompilerWarning,
                stacklevel=4,
            )
    return None


def _candidates() -> Iterator[tuple[list[str], str | None]]:
    """Commands to try, each with the environment variable that asked for it."""
    for variable in ("CROTON_CC", "CC"):
        words = _split(os.environ.get(variable, ""))
        if words:
            yield words, variable
    for name in ("gcc", "clang", "cc"):
        yield [name], None
    zig = _zig_executable()
    if zig is not None:
        yield [str(zig), "cc"], None


def _split(text: str) -> list[str]:
    if not text.strip():
        return []
    import shlex  # late, like the other imports here: `import croton` stays quick

    try:
        return shlex.split(text)
    except ValueError:
        return [text]


def _zig_executable() -> Path | None:
    """The compiler inside the ``ziglang`` wheel."""
    import importlib.util

    try:
        spec = importlib.util.find_spec("ziglang")
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        executable = Path(folder) / ("zig.exe" if os.name == "nt" else "zig")
        if executable.is_file():
            return executable
    return None


# ---- examining one compiler ----


def _examine(command: list[str], cache: Cache) -> Compiler | None:
    """What is known of the compiler, asking it only when its file is new to us."""
    import json
    import shutil

    executable = shutil.which(command[0])
    if executable is None:
        return None
    try:
        real = os.path.realpath(executable)
        facts = os.stat(real)
    except OSError:
        return None
    identity = (
        _PROBE_SCHEMA,
        real,
        str(facts.st_size),
        str(facts.st_mtime_ns),
        processor().identity,
        *command,
    )
    key = hashlib.blake2b("\0".join(identity).encode(), digest_size=20).hexdigest()
    compiler = _remembered(cache, key)
    if compiler is None:
        compiler = _probe((executable, *command[1:]), key)
        if compiler is not None:
            cache.store(key, json.dumps(asdict(compiler)).encode(), ".json")
    return compiler


def _remembered(cache: Cache, key: str) -> Compiler | None:
    import json

    contents = cache.read(key, ".json")
    if contents is None:
        return None
    try:
        fields = json.loads(contents)
        return Compiler(
            command=tuple(fields["command"]),
            kind=str(fields["kind"]),
            version=str(fields["version"]),
            flags=tuple(fields["flags"]),
            link_flags=tuple(fields["link_flags"]),
            identity=str(fields["identity"]),
        )
    except (ValueError, TypeError, KeyError):
        return None


def _probe(command: tuple[str, ...], key: str) -> Compiler | None:
    """Run the compiler: its version, and which of the wanted flags it accepts."""
    import tempfile

    status, text = _run([*command, "--version"])
    if status != 0:
        return None
    version = text.strip().splitlines()[0] if text.strip() else "unknown"
    kind = "zig" if os.path.basename(command[0]).startswith("zig") else "clang" if "clang" in text else "gcc"
    with tempfile.TemporaryDirectory(prefix="croton-probe-") as folder:
        source = Path(folder) / "probe.c"
        source.write_text(_PROBE_SOURCE)
        link_flags = _accepted_link_flags(command, kind, source)
        if link_flags is None:
            return None
        flags = _accepted_flags(command, source)
    return Compiler(command, kind, version, flags, link_flags, _identity(key, version, flags, link_flags))


def _identity(key: str, version: str, flags: tuple[str, ...], link_flags: tuple[str, ...]) -> str:
    text = "\0".join((key, version, *flags, "\0", *link_flags))
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


def _accepted_link_flags(command: tuple[str, ...], kind: str, source: Path) -> tuple[str, ...] | None:
    """Flags that make a shared library; None when the compiler cannot make one at all."""
    choices: tuple[tuple[str, ...], ...] = (("-shared", "-nostdlib"), ("-shared",))
    if sys.platform == "darwin":
        choices = (("-shared", "-undefined", "dynamic_lookup"),)
    elif kind == "gcc":  # libgcc has the arithmetic that the processor lacks, such as 128-bit division
        choices = (("-shared", "-nostdlib", "-lgcc"), *choices)
    output = source.with_suffix(".so")
    for choice in choices:
        status, _ = _run([*command, "-O1", "-fPIC", "-o", str(output), str(source), *choice])
        if status == 0 and output.exists():
            return choice
    return None


def _accepted_flags(command: tuple[str, ...], source: Path) -> tuple[str, ...]:
    def accepts(flags: list[str]) -> bool:
        # -Werror: clang only warns of flags that it ignores
        return _run([*command, *flags, "-Werror", "-c", "-o", os.devnull, str(source)])[0] == 0

    first_choices = [word for spellings in _WANTED for word in spellings[0]]
    if accepts(first_choices):
        return tuple(first_choices)
    accepted: list[str] = []
    for spellings in _WANTED:
        for spelling in spellings:
            if accepts([*accepted, *spelling]):
                accepted.extend(spelling)
                break
    return tuple(accepted)


def _run(command: list[str]) -> tuple[int, str]:
    """Exit status and output of a command; status 127 when it cannot be started or hangs."""
    import subprocess  # late: most processes start no compiler

    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C"},
            timeout=120,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 127, ""
    return done.returncode, done.stdout.decode(errors="replace")
