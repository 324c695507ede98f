"""C text -> shared library.

Every translation unit is compiled to an object remembered by its content, the compiler, the flags and the
processor; so is the library that they are linked into. Units are compiled in parallel. A single unit is
compiled and linked in one step. No shell is involved, and the same input always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from croton.runtime import Library, usable_cores
from croton.toolchain.cache import Cache, default_cache
from croton.toolchain.compilers import Compiler, find_compiler
from croton.toolchain.cpu import processor

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUILD_SCHEMA = "build 1"
SANITIZERS = (
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
    "-g",
    "-O1",
)


class NoCompilerError(RuntimeError):
    """There is no C compiler on this machine."""


class CompileError(RuntimeError):
    """The compiler refused a generated source, or could not run.

    Attributes:
        command: what was run.
        output: what the compiler said.
        source: where the refused source was left, or None when linking failed.
    """

    def __init__(self, command: Sequence[str], status: int, output: str, source: Path | None) -> None:
        self.command = tuple(command)
        self.output = output
        self.source = source
        shown = output if len(output) <= 4000 else output[:4000] + "\n..."
        place = f"\nsource: {source}" if source is not None else ""
        super().__init__(
            f"C compiler failed (exit status {status})\ncommand: {' '.join(command)}{place}\n{shown}"
        )


@dataclass(frozen=True)
class Counters:
    """What this process has built so far.

    Attributes:
        compiled: translation units compiled.
        linked: libraries and executables linked from more than one unit.
        hits: results found in the cache.
    """

    compiled: int = 0
    linked: int = 0
    hits: int = 0


_counters = Counters()
_counters_lock = threading.Lock()


def compilations() -> Counters:
    """What this process has built so far; a test compares two answers."""
    return _counters


def build(
    sources: Sequence[str],
    *,
    libm: bool = False,
    include: Sequence[str | os.PathLike[str]] = (),
    flags: Sequence[str] = (),
    compiler: Compiler | None = None,
    cache: Cache | None = None,
) -> Path:
    """Compile C texts into one shared library and return its path, from the cache where possible.

    Args:
        sources: one text for each translation unit. Equal texts are compiled once per machine.
        libm: link the C and the maths library; without it nothing outside the texts is linked, and
            `memcpy` and its like are found in the process.
        include: folders whose headers the texts include; their contents become part of the key.
        flags: more flags, after the usual ones.

    Raises:
        NoCompilerError: no compiler was found.
        CompileError: the compiler refused a text.
    """
    _check_sources(sources)
    work = _Work(
        compiler or _need_compiler(cache), cache or default_cache(), tuple(flags), tuple(map(Path, include))
    )
    link_flags = _link_flags(work.compiler, libm)
    return work.make(list(sources), link_flags, ".so")


def build_executable(
    sources: Sequence[str],
    *,
    flags: Sequence[str] = SANITIZERS,
    include: Sequence[str | os.PathLike[str]] = (),
    compiler: Compiler | None = None,
    cache: Cache | None = None,
) -> Path:
    """Compile C texts, one of which has `main`, into a program; by default under the sanitizers.

    Raises as `build`.
    """
    _check_sources(sources)
    work = _Work(
        compiler or _need_compiler(cache), cache or default_cache(), tuple(flags), tuple(map(Path, include))
    )
    return work.make(list(sources), (*flags, "-lm", "-lpthread"), ".exe")


def load(path: str | os.PathLike[str]) -> Library:
    """Open a built library: its symbols are resolved at once and stay local. OSError when that fails."""
    return Library(os.fspath(path))


def digest(parts: Iterable[str]) -> str:
    """Hexadecimal digest of a list of texts, good as a key of the cache."""
    state = hashlib.blake2b(digest_size=20)
    for part in parts:
        encoded = part.encode()
        state.update(len(encoded).to_bytes(8, "little"))
        state.update(encoded)
    return state.hexdigest()


# ---- keys and flags ----


def _check_sources(sources: Sequence[str]) -> None:
    if isinstance(sources, str):
        raise TypeError("sources: expected a sequence of texts, got one str")
    if not sources:
        raise ValueError("sources: expected at least one text")
    for index, source in enumerate(sources):
        if not isinstance(source, str):
            raise TypeError(f"sources[{index}]: expected a str, got {type(source).__name__}")


def _need_compiler(cache: Cache | None) -> Compiler:
    compiler = find_compiler(cache)
    if compiler is None:
        raise NoCompilerError(
            "no C compiler was found: install gcc or clang, or `pip install croton[cc]`, or set CROTON_CC"
        )
    return compiler


def _link_flags(compiler: Compiler, libm: bool) -> tuple[str, ...]:
    if not libm:
        return compiler.link_flags
    return (*(flag for flag in compiler.link_flags if flag not in ("-nostdlib", "-lgcc")), "-lm")


@lru_cache(maxsize=64)
def _digest_of_headers(folder: Path) -> str:
    headers = sorted(folder.rglob("*.h"))
    return digest(
        text for header in headers for text in (str(header.relative_to(folder)), header.read_text())
    )


# ---- building ----


class _Work:
    """What the steps of one build share."""

    def __init__(
        self, compiler: Compiler, cache: Cache, flags: tuple[str, ...], include: tuple[Path, ...]
    ) -> None:
        self.compiler = compiler
        self.cache = cache
        environment = tuple(os.environ.get("CROTON_CFLAGS", "").split())
        self.flags = (*compiler.flags, *flags, *environment)
        self.include = include
        self.base = digest(
            (
                _BUILD_SCHEMA,
                compiler.identity,
                processor().identity,
                *self.flags,
                "",
                *map(_digest_of_headers, include),
            )
        )

    def make(self, sources: list[str], link_flags: tuple[str, ...], suffix: str) -> Path:
        key = digest((self.base, suffix, *link_flags, "", *sources))
        if (found := self._lookup(key, suffix)) is not None:
            return found
        with _only_one(key + suffix):
            if (found := self._lookup(key, suffix)) is not None:
                return found
            if len(sources) == 1:
                return self._compile(sources[0], link_flags, key, suffix)
            return self._link(self._objects(sources), link_flags, key, suffix)

    def _objects(self, sources: list[str]) -> list[Path]:
        distinct = list(dict.fromkeys(sources))
        workers = min(len(distinct), usable_cores())
        if workers <= 1:
            return [self._object(source) for source in distinct]
        from concurrent.futures import ThreadPoolExecutor  # late: most processes compile nothing

        with ThreadPoolExecutor(workers, thread_name_prefix="croton-compile") as executor:
            return list(executor.map(self._object, distinct))

    def _object(self, source: str) -> Path:
        key = digest((self.base, ".o", source))
        with _only_one(key + ".o"):
            return self._lookup(key, ".o") or self._compile(source, ("-c",), key, ".o")

    def _compile(self, source: str, mode: tuple[str, ...], key: str, suffix: str) -> Path:
        """One run of the compiler on one unit: to an object, or right through to a library."""
        folders = [word for folder in self.include for word in ("-I", str(folder.absolute()))]

        def command(folder: Path) -> list[str]:
            (folder / "unit.c").write_text(source)  # the same name always: it may end up in the output
            return [*self.compiler.command, *self.flags, *folders, "unit.c", "-o", "output", *mode]

        return self._run(command, key, suffix, source)

    def _link(self, objects: list[Path], link_flags: tuple[str, ...], key: str, suffix: str) -> Path:
        def command(folder: Path) -> list[str]:
            return [*self.compiler.command, *map(str, objects), "-o", "output", *link_flags]

        return self._run(command, key, suffix, None)

    def _run(self, command: Callable[[Path], list[str]], key: str, suffix: str, source: str | None) -> Path:
        import tempfile  # late: most processes compile nothing

        with tempfile.TemporaryDirectory(prefix="croton-build-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            words = command(folder)
            status, output = _run_compiler(words, folder)
            if status != 0:
                raise CompileError(words, status, output, self._keep_source(key, source))
            _count(compiled=int(source is not None), linked=int(source is None))
            return self.cache.store(key, folder / "output", suffix)

    def _keep_source(self, key: str, source: str | None) -> Path | None:
        """Leave a refused source where it can be looked at."""
        return None if source is None else self.cache.store(key, source.encode() + b"\n// ", ".c")

    def _lookup(self, key: str, suffix: str) -> Path | None:
        found = self.cache.lookup(key, suffix)
        if found is not None:
            _count(hits=1)
        return found


def _run_compiler(command: list[str], folder: Path) -> tuple[int, str]:
    import subprocess  # late: most processes start no compiler

    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout.decode(errors="replace")


def _count(compiled: int = 0, linked: int = 0, hits: int = 0) -> None:
    global _counters
    with _counters_lock:
        _counters = Counters(_counters.compiled + compiled, _counters.linked + linked, _counters.hits + hits)


_in_progress: dict[str, tuple[threading.Lock, int]] = {}
_in_progress_lock = threading.Lock()


@contextmanager
def _only_one(key: str) -> Iterator[None]:
    """Let one thread of this process at a time build this key; others then find it in the cache."""
    with _in_progress_lock:
        lock, users = _in_progress.get(key, (threading.Lock(), 0))
        _in_progress[key] = (lock, users + 1)
    try:
        with lock:
            yield
    finally:
        with _in_progress_lock:
            lock, users = _in_progress[key]
            if users == 1:
                del _in_progress[key]
            else:
                _in_progress[key] = (lock, users - 1)


def _forget_builds_in_progress() -> None:
    """After a fork: the threads that held the locks are not here."""
    global _in_progress_lock, _counters_lock
    _in_progress.clear()
    _in_progress_lock = threading.Lock()
    _counters_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_builds_in_progress)
