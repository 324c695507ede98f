"""Finding a C compiler and learning what it accepts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from croton.toolchain import CompilerWarning, find_compiler
from croton.toolchain import compilers as compilers_module
from croton.toolchain.compilers import forget_compilers


@pytest.fixture
def started(monkeypatch):
    """Every command that is started from here on."""
    commands = []
    real = subprocess.run

    def run(command, **options):
        commands.append(command)
        return real(command, **options)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def make_script(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_a_compiler_is_found_with_the_flags_that_results_depend_on():
    compiler = find_compiler()
    assert compiler is not None
    assert compiler.kind in ("gcc", "clang", "zig")
    assert os.path.isabs(compiler.command[0]) and compiler.version
    assert {"-O3", "-ffp-contract=off", "-fopenmp-simd", "-fPIC"} <= set(compiler.flags)
    assert "-ffast-math" not in compiler.flags
    assert "-shared" in compiler.link_flags


def test_the_same_process_looks_once(started):
    first = find_compiler()
    asked = len(started)
    assert find_compiler() is first and len(started) == asked


def test_a_later_process_starts_no_compiler_to_ask(started):
    first = find_compiler()
    assert started
    started.clear()
    forget_compilers()  # as a new process would, with the same cache
    assert find_compiler() == first
    assert started == []


def test_a_changed_compiler_is_asked_again(monkeypatch, tmp_path, started):
    real = find_compiler().command[0]
    script = make_script(tmp_path / "mycc", f'exec {real} "$@"\n')
    monkeypatch.setenv("CROTON_CC", str(script))
    forget_compilers()
    before = find_compiler()
    assert before.command == (str(script),)
    started.clear()
    make_script(script, f'# another version\nexec {real} "$@"\n')
    forget_compilers()
    after = find_compiler()
    assert started and after.identity != before.identity


def test_a_damaged_memory_of_the_answers_is_asked_again(cache, started):
    first = find_compiler(cache)
    for entry in cache.entries():
        cache.store(entry.key, b"{not json", entry.suffix)
    started.clear()
    forget_compilers()
    assert find_compiler(cache) == first
    assert started


def test_arguments_may_be_part_of_the_setting(monkeypatch):
    plain = find_compiler()
    monkeypatch.setenv("CROTON_CC", f"{plain.command[0]} -fno-strict-aliasing")
    compiler = find_compiler()
    assert compiler.command == (plain.command[0], "-fno-strict-aliasing")
    assert compiler.identity != plain.identity


def test_its_own_variable_comes_before_the_common_one(monkeypatch, tmp_path):
    real = find_compiler().command[0]
    for name in ("first", "second"):
        make_script(tmp_path / name, f'exec {real} "$@"\n')
    monkeypatch.setenv("CC", str(tmp_path / "second"))
    assert find_compiler().command == (str(tmp_path / "second"),)
    monkeypatch.setenv("CROTON_CC", str(tmp_path / "first"))
    assert find_compiler().command == (str(tmp_path / "first"),)


@pytest.mark.parametrize("broken", ["missing", "fails", "lies", "quotes"])
def test_a_compiler_that_was_asked_for_but_does_not_work_is_warned_of(monkeypatch, tmp_path, broken):
    expected = find_compiler()
    forget_compilers()
    command = {
        "missing": str(tmp_path / "nothing"),
        "fails": str(make_script(tmp_path / "fails", "exit 3\n")),
        "lies": str(make_script(tmp_path / "lies", "echo gcc 99; exit 0\n")),
        "quotes": "gcc 'unclosed",
    }[broken]
    monkeypatch.setenv("CROTON_CC", command)
    with pytest.warns(CompilerWarning, match=r"\$CROTON_CC names the C compiler .* does not work"):
        assert find_compiler() == expected


def test_none_says_that_there_is_no_compiler(monkeypatch):
    monkeypatch.setenv("CROTON_CC", "none")
    assert find_compiler() is None


def test_without_any_compiler_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(compilers_module, "_zig_executable", lambda: None)
    assert find_compiler() is None


def test_the_compiler_of_the_ziglang_wheel_is_the_last_resort(monkeypatch, tmp_path):
    """Played by the system's compiler under the name that the wheel gives its own."""
    real = find_compiler().command[0]
    wheel = tmp_path / "site" / "ziglang"
    wheel.mkdir(parents=True)
    (wheel / "__init__.py").write_text("")
    make_script(wheel / "zig", f'[ "$1" = cc ] || exit 9\nshift\nexec {real} "$@"\n')
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    forget_compilers()
    (tmp_path / "bin").mkdir()
    for tool in ("as", "ld"):
        located = subprocess.run(
            ["sh", "-c", f"command -v {tool}"], capture_output=True, text=True
        ).stdout.strip()
        (tmp_path / "bin" / tool).symlink_to(located)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    compiler = find_compiler()
    assert compiler.kind == "zig"
    assert compiler.command == (str(wheel / "zig"), "cc")


def test_flags_that_a_compiler_refuses_are_left_out(monkeypatch, tmp_path):
    real = find_compiler().command[0]
    script = make_script(
        tmp_path / "oldcc",
        f'for a in "$@"; do case "$a" in -march=native|vect-max*) exit 1;; esac; done\nexec {real} "$@"\n',
    )
    monkeypatch.setenv("CROTON_CC", str(script))
    flags = find_compiler().flags
    assert "-march=native" not in flags and "--param" not in flags
    assert {"-O3", "-ffp-contract=off", "-fopenmp-simd"} <= set(flags)
