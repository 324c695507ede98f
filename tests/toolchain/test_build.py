"""C text -> shared library."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading

import pytest

from croton.toolchain import (
    CompileError,
    NoCompilerError,
    build,
    build_executable,
    compilations,
    load,
)

ANSWER = "int answer(void);\nint answer(void) { return 42; }\n"
TWICE = "int answer(void); int twice(void);\nint twice(void) { return 2 * answer(); }\n"


def call(path, name, restype=ctypes.c_int, *args):
    library = load(path)
    return ctypes.CFUNCTYPE(restype, *(type(arg) for arg in args))(library.address(name))(*args)


@pytest.fixture
def built():
    """built(): (compiled, linked, hits) since the last call."""
    last = [compilations()]

    def difference():
        before, now = last[0], compilations()
        last[0] = now
        return now.compiled - before.compiled, now.linked - before.linked, now.hits - before.hits

    return difference


def test_one_unit_is_compiled_and_linked_in_one_step(built):
    assert call(build([ANSWER]), "answer") == 42
    assert built() == (1, 0, 0)


def test_a_second_build_compiles_nothing(built):
    first = build([ANSWER])
    built()
    assert build([ANSWER]) == first
    assert built() == (0, 0, 1)


def test_several_units_are_linked_together(built):
    assert call(build([ANSWER, TWICE]), "twice") == 84
    assert built() == (2, 1, 0)


def test_units_are_shared_between_libraries(built):
    build([ANSWER, TWICE])
    built()
    assert call(build([ANSWER, TWICE.replace("2 *", "3 *")]), "twice") == 126
    assert built() == (1, 1, 1)


def test_equal_units_are_compiled_once(built):
    shared = "__attribute__((weak)) int shared(void);\n__attribute__((weak)) int shared(void) { return 1; }\n"
    build([ANSWER, shared, shared])
    assert built() == (2, 1, 0)


def test_flags_and_libm_are_part_of_the_key(built):
    paths = {build([ANSWER]), build([ANSWER], flags=["-DX=1"]), build([ANSWER], libm=True)}
    assert len(paths) == 3 and built() == (3, 0, 0)


def test_more_flags_from_the_environment_are_part_of_the_key(built, monkeypatch):
    build([ANSWER])
    monkeypatch.setenv("CROTON_CFLAGS", "-O0 -g")
    build([ANSWER])
    assert built() == (2, 0, 0)


def test_the_same_text_gives_the_same_bytes(tmp_path, cache):
    first = build([ANSWER, TWICE]).read_bytes()
    cache.clear()
    assert build([ANSWER, TWICE]).read_bytes() == first


def test_libm_is_linked_when_asked_for():
    text = "double hypot(double, double); double f(double x);\ndouble f(double x) { return hypot(x, 4); }\n"
    assert call(build([text], libm=True), "f", ctypes.c_double, ctypes.c_double(3.0)) == 5.0


def test_what_the_compiler_needs_of_itself_is_there():
    """Without the C library: 128-bit division comes with the compiler, memory copies from the process."""
    text = """
    typedef unsigned __int128 wide;
    struct block { char bytes[4096]; };
    long f(long x);
    static struct block copy(struct block *from) { return *from; }
    long f(long x)
    {
        struct block a = {{(char)x}}, b = copy(&a);
        wide n = (wide)x << 70;
        return (long)((n / ((wide)x + (wide)b.bytes[0])) >> 60);
    }
    """
    assert call(build([text]), "f", ctypes.c_long, ctypes.c_long(3)) == 2**9


def test_headers_are_found_and_their_contents_are_part_of_the_key(tmp_path, built):
    for name, value in (("a", 1), ("b", 2)):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "value.h").write_text(f"#define VALUE {value}\n")
    text = '#include "sub/value.h"\nint answer(void); int answer(void) { return VALUE; }\n'
    assert call(build([text], include=[tmp_path / "a"]), "answer") == 1
    assert call(build([text], include=[str(tmp_path / "b")]), "answer") == 2
    assert built() == (2, 0, 0)


class TestRefusedText:
    """What a CompileError says."""

    BROKEN = "int answer(void) { return missing; }\n"

    @pytest.mark.parametrize("units", [[BROKEN], [ANSWER, BROKEN]], ids=["one unit", "two units"])
    def test_it_has_the_message_the_command_and_the_source(self, units):
        with pytest.raises(CompileError, match="missing") as caught:
            build(units)
        error = caught.value
        assert "unit.c" in error.command and "-O3" in str(error)
        assert "missing" in error.output
        assert error.source.read_text().startswith(self.BROKEN)
        assert str(error.source) in str(error)

    def test_nothing_is_remembered_of_it(self, cache):
        for _ in range(2):
            with pytest.raises(CompileError):
                build([self.BROKEN])
        assert {entry.suffix for entry in cache.entries()} == {".json", ".c"}

    def test_units_that_do_not_link(self):
        with pytest.raises(CompileError) as caught:
            build([ANSWER, ANSWER.replace("42", "43")])
        assert caught.value.source is None and "answer" in caught.value.output

    def test_a_compiler_that_disappeared(self, monkeypatch, tmp_path):
        from croton.toolchain import find_compiler

        script = tmp_path / "cc"
        script.write_text(f'#!/bin/sh\nexec {find_compiler().command[0]} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("CROTON_CC", str(script))
        compiler = find_compiler()
        script.unlink()
        with pytest.raises(CompileError, match="exit status 127"):
            build([ANSWER], compiler=compiler)


def test_an_unresolved_symbol_is_an_error_when_loading():
    path = build(["int nowhere(void); int answer(void);\nint answer(void) { return nowhere(); }\n"])
    with pytest.raises(OSError, match="nowhere"):
        load(path)


def test_without_a_compiler(monkeypatch):
    monkeypatch.setenv("CROTON_CC", "none")
    with pytest.raises(NoCompilerError, match=r"no C compiler was found.*croton\[cc\]"):
        build([ANSWER])


@pytest.mark.parametrize(
    ("sources", "error"),
    [([], ValueError), ("int x;", TypeError), ([b"int x;"], TypeError), ([None], TypeError)],
)
def test_sources_are_texts(sources, error):
    with pytest.raises(error, match="sources"):
        build(sources)


def test_a_damaged_library_is_built_again(built):
    path = build([ANSWER])
    path.write_bytes(path.read_bytes()[:5000])
    assert call(build([ANSWER]), "answer") == 42
    assert built()[0] == 2


def test_a_loaded_library_survives_its_removal_from_the_cache(cache):
    library = load(build([ANSWER]))
    cache.clear()
    assert ctypes.CFUNCTYPE(ctypes.c_int)(library.address("answer"))() == 42


def test_a_broken_cache_directory_is_no_reason_to_fail(monkeypatch, cache_root):
    cache_root.mkdir()
    cache_root.chmod(0o777)
    with pytest.warns(UserWarning, match="can be written by other users"):
        path = build([ANSWER])
    assert call(path, "answer") == 42 and cache_root not in path.parents


def test_no_shell_looks_at_the_text_or_the_flags(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build([ANSWER + "// $(touch evil) `touch evil`\n"], flags=["-DX=$(touch evil);touch evil"])
    assert list(tmp_path.glob("**/evil")) == []


def test_threads_that_want_the_same_library_compile_it_once(built):
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(build([ANSWER, TWICE]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(paths)) == 1 and len(paths) == 8
    assert built()[:2] == (2, 1)


def test_processes_that_start_at_once_with_an_empty_cache_all_succeed(cache_root):
    code = f"""
import ctypes
from croton.toolchain import build, load
library = load(build([{ANSWER!r}, {TWICE!r}]))
print(ctypes.CFUNCTYPE(ctypes.c_int)(library.address("twice"))())
"""
    environment = {**os.environ, "CROTON_CACHE_DIR": str(cache_root)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    assert [process.communicate(timeout=120)[0].strip() for process in processes] == ["84"] * 8
    assert [path for path in cache_root.rglob(".new-*")] == []


class TestExecutables:
    """Stand-alone programs, by default under the sanitizers."""

    def test_a_program_runs(self, built):
        text = 'int puts(const char *); int main(void) { return puts("hello") < 0; }\n'
        path = build_executable([text])
        assert subprocess.run([path], capture_output=True, text=True, timeout=60).stdout == "hello\n"
        assert build_executable([text]) == path
        assert built() == (1, 0, 1)

    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            ("char *p = malloc(argc + 3); p[argc + 3] = 1; return p[0];", "heap-buffer-overflow"),
            ("int x = 2147483647; return x + argc > 0;", "signed integer overflow"),
        ],
    )
    def test_the_sanitizers_find_faults(self, fault, message):
        helper = "int helper(void);\nint helper(void) { return 0; }\n"
        text = f"void *malloc(unsigned long); int main(int argc, char **argv) {{ (void)argv; {fault} }}\n"
        done = subprocess.run([build_executable([text, helper])], capture_output=True, text=True, timeout=60)
        assert done.returncode != 0 and message in done.stderr

    def test_other_flags_replace_the_sanitizers(self):
        path = build_executable(["int main(void) { return 7; }\n"], flags=["-O1"])
        assert subprocess.run([path], timeout=60, check=False).returncode == 7
