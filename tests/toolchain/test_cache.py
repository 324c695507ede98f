"""The on-disk cache."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from croton.toolchain import Cache, CacheError, CacheWarning, default_cache
from croton.toolchain import cache as cache_module

KEY = "0123456789abcdef0123"
OTHER = "f" * 20


def key_in_shard(shard: int, number: int) -> str:
    return f"{shard:x}{number:019x}"


def files_under(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


class TestStoringAndFinding:
    """Entries are found again, whole, under their key and suffix."""

    def test_an_entry_is_found_again(self, cache):
        assert cache.lookup(KEY) is None
        path = cache.store(KEY, b"machine code")
        assert cache.lookup(KEY) == path
        assert path.read_bytes().startswith(b"machine code")
        assert cache.read(KEY, ".so") == b"machine code"

    def test_it_is_found_by_another_process_with_the_same_directory(self, cache):
        path = cache.store(KEY, b"machine code")
        assert Cache(cache.root).lookup(KEY) == path

    def test_files_can_be_stored(self, cache, tmp_path):
        (tmp_path / "built").write_bytes(b"contents")
        cache.store(KEY, tmp_path / "built")
        assert cache.read(KEY, ".so") == b"contents"

    def test_suffixes_are_kept_apart(self, cache):
        cache.store(KEY, b"a", ".so")
        cache.store(KEY, b"b", ".o")
        assert (cache.read(KEY, ".so"), cache.read(KEY, ".o"), cache.read(KEY, ".c")) == (b"a", b"b", None)

    def test_storing_again_replaces(self, cache):
        cache.store(KEY, b"old")
        cache.store(KEY, b"new")
        assert cache.read(KEY, ".so") == b"new"
        assert len(cache.entries()) == 1

    def test_empty_contents_are_contents(self, cache):
        cache.store(KEY, b"")
        assert cache.read(KEY, ".so") == b""

    def test_objects_are_pickled(self, cache):
        value = {"steps": [1, 2, (3, "four")]}
        cache.store_object(KEY, value)
        assert cache.load_object(KEY) == value
        assert cache.load_object(OTHER) is None

    def test_executables_can_be_run_and_others_are_private(self, cache):
        assert stat.S_IMODE(cache.store(KEY, b"x", ".exe").stat().st_mode) == 0o700
        assert stat.S_IMODE(cache.store(KEY, b"x", ".so").stat().st_mode) == 0o600

    def test_listing_measuring_and_clearing(self, cache):
        for number in range(5):
            cache.store(key_in_shard(number, number), bytes(1000))
        entries = cache.entries()
        assert [entry.key for entry in entries] == [key_in_shard(number, number) for number in range(5)]
        assert (
            cache.size()
            == sum(entry.size for entry in entries)
            == sum(path.stat().st_size for path in files_under(cache.root))
        )
        cache.remove(key_in_shard(0, 0))
        assert cache.clear() == 4
        assert cache.size() == 0 and files_under(cache.root) == []

    @pytest.mark.parametrize(
        "key", ["", "short", "../../../../etc/passwd", "G" * 20, "A" * 20, "0" * 200, "0" * 20 + "\n"]
    )
    def test_keys_are_hexadecimal_digits(self, cache, key):
        for use in (lambda: cache.lookup(key), lambda: cache.store(key, b"")):
            with pytest.raises(ValueError, match="key of a cache entry"):
                use()

    def test_suffixes_are_letters(self, cache):
        for suffix in ("so", "", "./../x", ".so "):
            with pytest.raises(ValueError, match="suffix of a cache entry"):
                cache.lookup(KEY, suffix)


class TestDamage:
    """Damaged entries are found out, removed and made again."""

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: b"",
            lambda data: data[:-1],
            lambda data: data[: len(data) // 2],
            lambda data: b"X" + data[1:],
            lambda data: data[:-60] + b"X" + data[-59:],
            lambda data: data[:-20] + b"X" + data[-19:],
            lambda data: data + b"more",
            lambda data: data[100:],
            lambda data: bytes(len(data)),
        ],
        ids=[
            "emptied",
            "cut",
            "halved",
            "first byte",
            "last byte",
            "footer",
            "extended",
            "beheaded",
            "zeros",
        ],
    )
    def test_a_damaged_entry_is_removed(self, cache, damage):
        path = cache.store(KEY, bytes(range(256)) * 20)
        path.write_bytes(damage(path.read_bytes()))
        assert cache.lookup(KEY) is None
        assert not path.exists()
        assert cache.lookup(cache.store(KEY, b"again").stem) == path

    def test_an_object_that_cannot_be_unpickled_is_removed(self, cache):
        path = cache.store(KEY, b"cno_such_module\nname\n.", ".pickle")
        assert cache.load_object(KEY) is None
        assert not path.exists()

    def test_a_directory_in_the_place_of_an_entry_is_no_entry(self, cache):
        (cache.root / KEY[0] / (KEY + ".so")).mkdir(parents=True)
        assert cache.lookup(KEY) is None
        assert cache.entries() == []

    def test_files_of_others_are_left_alone(self, cache):
        cache.store(KEY, b"x")
        foreign = cache.root / "0" / "README"
        foreign.write_text("not an entry")
        cache.clear()
        assert foreign.exists()


class TestSize:
    """The cache is bounded: the least recently used entries go."""

    def fill(self, cache, count, age):
        for number in range(count):
            path = cache.store(key_in_shard(3, number), bytes(10_000))
            when = time.time() - age + number
            os.utime(path, (when, when))

    def test_the_least_recently_used_go_first(self, cache_root):
        cache = Cache(cache_root, limit=16 * 50_000)
        self.fill(cache, 4, age=5000)
        cache.lookup(key_in_shard(3, 0))
        self.fill_one_more(cache, 2)
        remaining = {int(entry.key[1:], 16) for entry in cache.entries()}
        assert remaining == {0, 3, 100, 101}

    def fill_one_more(self, cache, count):
        for number in range(count):
            cache.store(key_in_shard(3, 100 + number), bytes(10_000))

    def test_the_whole_stays_within_the_limit(self, cache_root):
        limit = 16 * 50_000
        cache = Cache(cache_root, limit=limit)
        for number in range(200):
            path = cache.store(key_in_shard(number % 16, number), bytes(10_000))
            os.utime(path, (1000 + number, 1000 + number))
        assert limit // 2 < cache.size() <= limit

    def test_what_was_just_used_is_never_evicted(self, cache_root):
        cache = Cache(cache_root, limit=0)
        for number in range(5):
            cache.store(key_in_shard(3, number), bytes(10_000))
        assert len(cache.entries()) == 5

    def test_what_was_just_stored_stays_even_if_it_is_larger_than_the_limit(self, cache_root):
        cache = Cache(cache_root, limit=1000)
        self.fill(cache, 3, age=5000)
        path = cache.store(KEY, bytes(100_000))
        assert cache.lookup(KEY) == path

    def test_leftovers_of_processes_that_died_are_removed(self, cache_root):
        cache = Cache(cache_root, limit=16 * 10_000)
        self.fill(cache, 1, age=5000)
        stale, fresh = cache.root / "3" / ".new-stale", cache.root / "3" / ".new-fresh"
        stale.touch()
        os.utime(stale, (1000, 1000))
        fresh.touch()
        self.fill_one_more(cache, 1)
        assert fresh.exists() and not stale.exists()

    def test_a_limit_is_not_negative(self, cache_root):
        with pytest.raises(ValueError, match="limit of the cache"):
            Cache(cache_root, limit=-1)


class TestPrivacy:
    """What is loaded as machine code has to be the user's own."""

    def test_the_directory_is_made_private(self, cache):
        assert stat.S_IMODE(cache.root.stat().st_mode) == 0o700
        assert cache.problem is None

    def test_missing_parents_are_made(self, tmp_path):
        cache = Cache(tmp_path / "a" / "b" / "croton")
        assert cache.problem is None and cache.lookup(cache.store(KEY, b"x").stem) is not None

    @pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
    def test_a_directory_that_others_may_write_into_is_refused(self, cache_root, mode):
        cache_root.mkdir()
        cache_root.chmod(mode)
        with pytest.warns(CacheWarning, match="can be written by other users.*chmod go-w"):
            cache = Cache(cache_root)
        self.check_it_works_elsewhere(cache, cache_root)

    def test_a_directory_of_somebody_else_is_refused(self, cache_root, monkeypatch):
        cache_root.mkdir(mode=0o700)
        monkeypatch.setattr(os, "geteuid", lambda: cache_root.stat().st_uid + 1)
        with pytest.warns(CacheWarning, match="belongs to another user"):
            cache = Cache(cache_root)
        assert cache.root != cache_root

    def test_a_file_in_the_place_of_the_directory_is_refused(self, cache_root):
        cache_root.write_text("")
        with pytest.warns(CacheWarning, match="is not a directory"):
            cache = Cache(cache_root)
        self.check_it_works_elsewhere(cache, cache_root)

    def test_a_place_where_no_directory_can_be_made(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.warns(CacheWarning, match="cannot be used"):
            cache = Cache(tmp_path / "file" / "croton")
        self.check_it_works_elsewhere(cache, tmp_path / "file")

    def check_it_works_elsewhere(self, cache, refused):
        assert refused not in cache.root.parents and cache.root != refused
        assert stat.S_IMODE(cache.root.stat().st_mode) == 0o700
        cache.store_object(KEY, [1])
        assert cache.load_object(KEY) == [1]

    def test_objects_are_not_unpickled_once_others_may_write(self, cache):
        cache.store_object(KEY, [1])
        cache.root.chmod(0o777)
        assert cache.load_object(KEY) is None
        cache.root.chmod(0o700)
        assert cache.load_object(KEY) == [1]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_read_only_directory_is_refused(self):
        """In a child process, without root's rights, which would ignore the mode."""
        folder = Path(tempfile.mkdtemp(prefix="croton-test-"))
        folder.chmod(0o755)
        root = folder / "croton"
        root.mkdir(mode=0o500)
        nobody = 65534
        if os.geteuid() == 0:
            os.chown(root, nobody, nobody)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if os.geteuid() == 0:
                    os.setgid(nobody)
                    os.setuid(nobody)
                with pytest.warns(CacheWarning, match="cannot be written"):
                    cache = Cache(root)
                cache.store_object(KEY, [1])
                status = 0 if cache.load_object(KEY) == [1] and cache.root != root else 2
                shutil.rmtree(cache.root)
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        root.chmod(0o700)
        shutil.rmtree(folder)
        assert status == 0


class TestFailingWrites:
    """A full disk is a warning, then an exception; never a half-written entry."""

    @pytest.fixture
    def full_disk(self, monkeypatch):
        """full_disk(root): writes below root fail as on a full disk, after some bytes were written."""

        def fill(root):
            real = os.fdopen

            def fdopen(descriptor, *args):
                file = real(descriptor, *args)
                if str(root) in os.readlink(f"/proc/self/fd/{descriptor}"):
                    file.write(b"half")
                    file.close()
                    raise OSError(28, "No space left on device")
                return file

            monkeypatch.setattr(cache_module.os, "fdopen", fdopen)

        return fill

    @pytest.mark.skipif(sys.platform != "linux", reason="the simulation reads /proc")
    def test_a_full_disk_leads_to_the_temporary_directory(self, cache, cache_root, full_disk):
        full_disk(cache_root)
        with pytest.warns(CacheWarning, match="No space left on device"):
            path = cache.store(KEY, b"x")
        assert cache_root not in path.parents
        assert cache.lookup(KEY) == path
        assert files_under(cache_root) == []

    @pytest.mark.skipif(sys.platform != "linux", reason="the simulation reads /proc")
    def test_when_that_is_full_too_an_exception_says_so(self, cache, full_disk):
        full_disk("/")
        with (
            pytest.warns(CacheWarning),
            pytest.raises(CacheError, match="compiled code cannot be stored: No space left"),
        ):
            cache.store(KEY, b"x")

    def test_a_directory_that_disappeared_is_no_reason_to_stop(self, cache, cache_root):
        shutil.rmtree(cache_root)
        with pytest.warns(CacheWarning, match="cannot be written"):
            path = cache.store(KEY, b"x")
        assert cache.lookup(KEY) == path


def test_many_threads_may_store_and_look_up_at_once(cache):
    wrong = []

    def work():
        for number in range(30):
            key = key_in_shard(number % 16, number)
            cache.store(key, key.encode() * 100)
            found = cache.read(key, ".so")
            if found is not None and found != key.encode() * 100:
                wrong.append(key)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == [] and len(cache.entries()) == 30


class TestDefaultCache:
    """Where the user's cache is, and how large."""

    def test_its_own_variable_comes_first(self, cache_root):
        assert default_cache().root == cache_root
        assert default_cache() is default_cache()
        assert default_cache().limit == 1 << 30

    def test_then_the_desktop_standard(self, monkeypatch, tmp_path):
        monkeypatch.delenv("CROTON_CACHE_DIR")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert default_cache().root == tmp_path / "xdg" / "croton"

    def test_then_the_home_directory(self, monkeypatch, tmp_path):
        monkeypatch.delenv("CROTON_CACHE_DIR")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CACHE_HOME", "relative paths do not count")
        assert default_cache().root == tmp_path / ".cache" / "croton"

    @pytest.mark.parametrize(
        ("text", "size"),
        [("1000", 1000), ("2K", 2048), ("1.5M", 1572864), ("2GiB", 2 << 30), (" 3 kb ", 3072)],
    )
    def test_its_size_can_be_set(self, monkeypatch, text, size):
        monkeypatch.setenv("CROTON_CACHE_SIZE", text)
        assert default_cache().limit == size

    @pytest.mark.parametrize("text", ["large", "-1", "1T", "1 000"])
    def test_a_size_that_makes_no_sense_is_an_error(self, monkeypatch, text):
        monkeypatch.setenv("CROTON_CACHE_SIZE", text)
        with pytest.raises(ValueError, match="CROTON_CACHE_SIZE"):
            default_cache()
