"""What the doctor reports."""

from __future__ import annotations

import json
import platform

import pytest

from croton.toolchain import compilations, default_cache, doctor


def test_a_healthy_machine_has_no_problems():
    facts = doctor.report()
    assert facts["problems"] == []
    assert facts["works"]["compiles"] and 0 < facts["works"]["seconds"] < 60
    assert facts["compiler"]["kind"] in ("gcc", "clang", "zig")
    assert facts["processor"]["architecture"] == platform.machine()
    assert facts["processor"]["vector_bits"] in (64, 128, 256, 512)
    assert facts["threads"]["used"] >= 1
    assert facts["blas"]["available"] and facts["blas"]["routines"] > 1000
    assert all(library["internal_api"] for library in facts["blas"]["libraries"])


def test_it_is_made_of_plain_values():
    assert json.loads(json.dumps(doctor.report()))["problems"] == []


def test_it_really_compiles_each_time_and_leaves_nothing_behind(cache):
    doctor.report()
    before = compilations().compiled
    doctor.report()
    assert compilations().compiled == before + 1
    assert [entry.suffix for entry in cache.entries()] == [".json"]


def test_a_missing_compiler_is_a_problem_and_no_crash(monkeypatch):
    monkeypatch.setenv("CROTON_CC", "none")
    facts = doctor.report()
    assert facts["compiler"] is None and not facts["works"]["compiles"]
    assert "no C compiler was found" in facts["problems"][0]


def test_a_compiler_that_fails_is_a_problem(monkeypatch):
    monkeypatch.setenv("CROTON_CFLAGS", "-fno-such-flag")
    facts = doctor.report()
    assert not facts["works"]["compiles"]
    assert "no-such-flag" in facts["problems"][0]


def test_a_compiler_that_lies_is_a_problem(monkeypatch):
    monkeypatch.setenv("CROTON_CFLAGS", "-Ddouble=float")
    facts = doctor.report()
    assert not facts["works"]["compiles"]
    assert "where [2.0, 4.0, 6.0]" in facts["problems"][0]


def test_a_refused_cache_directory_is_a_problem(cache_root):
    cache_root.mkdir()
    cache_root.chmod(0o777)
    with pytest.warns(UserWarning, match="can be written by other users"):
        facts = doctor.report()
    assert facts["works"]["compiles"]
    assert any("can be written by other users" in problem for problem in facts["problems"])
    assert default_cache().root != cache_root
