"""The on-disk cache: content-addressed, private to the user, bounded, and safe with many processes at once.

An entry is a file named by its key. It is written to a temporary file and renamed, so nobody ever sees half
of one; its last bytes are a digest of the rest, so one that was damaged later is found out, removed and made
again. (Shared libraries, object files and executables may carry trailing bytes.) There is no lock: two
processes that make the same entry write the same contents.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import pickle
import re
import stat
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The last line of an entry: digest and size of what comes before. Text, so that sources stay readable.
_DIGEST_BYTES = 32
_FOOTER = re.compile(rb"croton [0-9a-f]{64} [0-9a-f]{16}\n\Z")
_FOOTER_BYTES = len("croton ") + 2 * _DIGEST_BYTES + 1 + 16 + 1
_KEY = re.compile(r"[0-9a-f]{16,128}\Z")
_SUFFIX = re.compile(r"\.[a-z]{1,12}\Z")
_SHARDS = "0123456789abcdef"
_DEFAULT_LIMIT = 1 << 30
# An entry used within this time is never evicted: another process may be about to open it.
_KEEP_SECONDS = 120.0
_STALE_TEMPORARY_SECONDS = 3600.0


class CacheError(OSError):
    """Nothing could be stored anywhere: neither in the cache nor in a temporary directory."""


class CacheWarning(UserWarning):
    """The cache directory cannot be used; compiled code is not remembered after this process."""


@dataclass(frozen=True)
class Entry:
    """One file of the cache."""

    key: str
    suffix: str
    path: Path
    size: int
    last_used: float


class Cache:
    """A directory of entries named by key and suffix.

    Args:
        root: the directory. Created with mode 0700. One that belongs to somebody else, that others may write
            into, or that cannot be written is not used: a `CacheWarning` says so and entries go to a private
            temporary directory, removed when the process ends.
        limit: bytes above which the least recently used entries are removed.
    """

    def __init__(self, root: str | os.PathLike[str], limit: int = _DEFAULT_LIMIT) -> None:
        if limit < 0:
            raise ValueError(f"limit of the cache: expected a number of bytes >= 0, got {limit}")
        self.limit = limit
        self.wanted_root = Path(root)
        self.problem: str | None = _prepare(self.wanted_root)
        self.root = self.wanted_root
        if self.problem is not None:
            self._use_temporary_directory(self.problem)

    def lookup(self, key: str, suffix: str = ".so") -> Path | None:
        """The intact entry, now the most recently used, or None. A damaged entry is removed."""
        return None if self.read(key, suffix) is None else self._path(key, suffix)

    def read(self, key: str, suffix: str) -> bytes | None:
        """The contents of an intact entry, now the most recently used, or None. A damaged one is removed."""
        path = self._path(key, suffix)
        contents = _read(path)
        if contents is None:
            return None
        if not _is_intact(contents):
            _remove(path)
            return None
        _touch(path)
        return contents[:-_FOOTER_BYTES]

    def store(self, key: str, contents: bytes | os.PathLike[str], suffix: str = ".so") -> Path:
        """Write an entry, from bytes or from a file, and return its path.

        Where the directory has become unusable (full, read-only, removed), warns and goes on in a temporary
        directory. Raises `CacheError` when that fails too.
        """
        data = contents if isinstance(contents, bytes) else Path(contents).read_bytes()
        data += _footer(data)
        path = self._path(key, suffix)
        try:
            _write(path, data)
        except OSError as error:
            self._use_temporary_directory(f"cannot be written ({error.strerror or error})")
            path = self._path(key, suffix)
            try:
                _write(path, data)
            except OSError as second:
                raise CacheError(
                    second.errno, f"compiled code cannot be stored: {second.strerror}", str(path)
                ) from second
        self._evict(path.parent, keep=path)
        return path

    def load_object(self, key: str) -> Any:
        """The object stored under the key, or None. Unreadable ones are removed."""
        if _why_not_private(self.root) is not None:  # a pickle can run anything: never from elsewhere
            return None
        contents = self.read(key, ".pickle")
        if contents is None:
            return None
        try:
            return pickle.loads(contents)
        except Exception:  # written by another version: whatever it raises, it is as good as absent
            _remove(self._path(key, ".pickle"))
            return None

    def store_object(self, key: str, value: object) -> Path:
        """Store a small object by pickling it. The key has to name all that the object depends on."""
        return self.store(key, pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL), ".pickle")

    def entries(self) -> list[Entry]:
        """All entries, least recently used first."""
        found = [entry for shard in _SHARDS for entry in _entries_of(self.root / shard)]
        return sorted(found, key=lambda entry: entry.last_used)

    def size(self) -> int:
        """Bytes in all entries."""
        return sum(entry.size for entry in self.entries())

    def remove(self, key: str, suffix: str = ".so") -> None:
        """Forget one entry, if it is there."""
        _remove(self._path(key, suffix))

    def clear(self) -> int:
        """Remove every entry; how many there were. Libraries in use stay loaded."""
        count = 0
        for entry in self.entries():
            _remove(entry.path)
            count += 1
        for shard in _SHARDS:
            _remove_stale_temporaries(self.root / shard, older_than=0.0)
        return count

    def _path(self, key: str, suffix: str) -> Path:
        if not _KEY.match(key):
            raise ValueError(f"key of a cache entry: expected 16 to 128 hexadecimal digits, got {key!r}")
        if not _SUFFIX.match(suffix):
            raise ValueError(f"suffix of a cache entry: expected a dot and letters, got {suffix!r}")
        return self.root / key[0] / (key + suffix)

    def _use_temporary_directory(self, problem: str) -> None:
        self.problem = problem
        warnings.warn(
            f"croton: cache directory {str(self.root)!r} {problem}; compiled code goes to a "
            "temporary directory and is not remembered. Set CROTON_CACHE_DIR to a directory that only you "
            "can write to.",
            CacheWarning,
            stacklevel=4,
        )
        self.root = _temporary_directory()

    def _evict(self, shard: Path, keep: Path) -> None:
        """Keep one shard within its share of the limit.

        Keys are digests, so shards fill evenly, and looking at one of them after each store bounds the whole
        without a common count that processes would have to agree on.
        """
        entries = _entries_of(shard)
        excess = sum(entry.size for entry in entries) - self.limit // len(_SHARDS)
        if excess <= 0:
            return
        _remove_stale_temporaries(shard, _STALE_TEMPORARY_SECONDS)
        now = time.time()
        for entry in sorted(entries, key=lambda entry: entry.last_used):
            if excess <= 0:
                return
            if entry.path != keep and now - entry.last_used > _KEEP_SECONDS:
                _remove(entry.path)
                excess -= entry.size


# ---- the directory ----


def _prepare(root: Path) -> str | None:
    """Make the directory; why it cannot be used, or None."""
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            root.mkdir(mode=0o700)
        problem = _why_not_private(root)
        if problem is None and not os.access(root, os.W_OK | os.X_OK):
            problem = "cannot be written"
        return problem
    except OSError as error:
        return f"cannot be used ({error.strerror or error})"


def _why_not_private(root: Path) -> str | None:
    try:
        facts = os.stat(root)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if not stat.S_ISDIR(facts.st_mode):
        return "is not a directory"
    if hasattr(os, "geteuid") and facts.st_uid != os.geteuid():
        return "belongs to another user"
    if facts.st_mode & 0o022:
        return "can be written by other users (chmod go-w would make it safe)"
    return None


_temporary: dict[int, Path] = {}


def _temporary_directory() -> Path:
    """This process's own directory, made at first need and removed at exit."""
    import tempfile  # late: imports stay quick

    process = os.getpid()
    if process not in _temporary:
        try:
            _temporary[process] = Path(tempfile.mkdtemp(prefix="croton-"))
        except OSError as error:
            raise CacheError(error.errno, f"no temporary directory can be made: {error.strerror}") from error
        atexit.register(_remove_temporary_directory, process)
    return _temporary[process]


def _remove_temporary_directory(process: int) -> None:
    if process == os.getpid():  # not in a child that inherited this at-exit call
        import shutil

        shutil.rmtree(_temporary[process], ignore_errors=True)


# ---- files ----


def _read(path: Path) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _footer(body: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(body, digest_size=_DIGEST_BYTES).hexdigest()
    return f"croton {digest} {len(body):016x}\n".encode()


def _is_intact(contents: bytes) -> bool:
    body, footer = memoryview(contents)[:-_FOOTER_BYTES], contents[-_FOOTER_BYTES:]
    # the pattern first: it is quick to see that a file was cut off
    return _FOOTER.match(footer) is not None and _footer(body) == footer


def _write(path: Path, data: bytes) -> None:
    import tempfile  # late: most processes write nothing

    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        if path.suffix == ".exe":
            os.chmod(temporary, 0o700)
        os.replace(temporary, path)
    except BaseException:
        _remove(Path(temporary))
        raise


def _touch(path: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(path)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def _scan(shard: Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    try:
        listing = os.scandir(shard)
    except OSError:
        return
    with listing:
        for item in listing:
            with contextlib.suppress(OSError):  # removed meanwhile
                yield item, item.stat(follow_symlinks=False)


def _entries_of(shard: Path) -> list[Entry]:
    found = []
    for item, facts in _scan(shard):
        key, suffix = os.path.splitext(item.name)
        if _KEY.match(key) and stat.S_ISREG(facts.st_mode):
            found.append(Entry(key, suffix, Path(item.path), facts.st_size, facts.st_mtime))
    return found


def _remove_stale_temporaries(shard: Path, older_than: float) -> None:
    """Remove what processes that died while writing left behind."""
    now = time.time()
    for item, facts in _scan(shard):
        if item.name.startswith(".new-") and now - facts.st_mtime >= older_than:
            _remove(Path(item.path))


# ---- the user's cache ----

_default: dict[tuple[str, int, int], Cache] = {}


def default_cache() -> Cache:
    """The user's cache: $CROTON_CACHE_DIR, else $XDG_CACHE_HOME/croton, else ~/.cache/croton.

    $CROTON_CACHE_SIZE bounds it, in bytes or with a unit K, M or G; 1 GiB unless set.
    """
    identity = (str(_default_root()), _default_limit(), os.getpid())
    if identity not in _default:
        _default[identity] = Cache(identity[0], identity[1])
    return _default[identity]


def _default_root() -> Path:
    if chosen := os.environ.get("CROTON_CACHE_DIR"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    if base and os.path.isabs(base):
        return Path(base) / "croton"
    try:
        return Path.home() / ".cache" / "croton"
    except RuntimeError:  # no home: refused by the checks, which leads to a temporary directory
        return Path("/nonexistent/croton")


def _default_limit() -> int:
    text = os.environ.get("CROTON_CACHE_SIZE", "").strip()
    if not text:
        return _DEFAULT_LIMIT
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMG]?)i?B?", text, re.IGNORECASE)
    if match is None:
        raise ValueError(f"CROTON_CACHE_SIZE: expected a number of bytes such as 500M or 2G, got {text!r}")
    return int(float(match[1]) * 1024 ** " KMG".index(match[2].upper() or " "))
