"""The command line: every command in both of its forms, on a cache of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from croton.cli.commands import app
from croton.toolchain import default_cache
from croton.toolchain.compilers import forget_compilers

KEY = "0123456789abcdef0123"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROTON_CACHE_DIR", str(tmp_path / "croton"))
    monkeypatch.setenv("COLUMNS", "200")


def run(*words: str, status: int = 0) -> Result:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == status, result.output
    return result


def test_without_a_command_it_shows_help() -> None:
    output = CliRunner().invoke(app, []).output
    assert all(command in output for command in ("doctor", "cache", "bench"))


def test_an_unknown_command_is_refused() -> None:
    assert "No such command" in run("diagnose", status=2).output


class TestDoctor:
    def test_says_what_is_there_and_that_it_works(self) -> None:
        output = run("doctor").output
        for text in ("compiler", "-O3", "vectors", "threads", "BLAS", "cache", "compiled in", "All is well."):
            assert text in output

    def test_json_has_the_same_facts(self) -> None:
        facts = json.loads(run("doctor", "--json").stdout)
        assert facts["works"]["compiles"] is True
        assert facts["problems"] == []
        assert facts["compiler"]["flags"]

    def test_without_a_compiler_the_status_is_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CROTON_CC", "none")
        forget_compilers()
        try:
            output = run("doctor", status=1).output
        finally:
            forget_compilers()
        assert "problem: no C compiler was found" in output
        assert "All is well." not in output


class TestCache:
    def test_an_empty_one_says_so(self) -> None:
        assert "is empty" in run("cache").output

    def test_lists_by_default(self) -> None:
        default_cache().store(KEY, b"x" * 3000, ".c")
        output = run("cache").output
        assert output == run("cache", "list").output
        assert KEY[:16] in output
        assert "3.0 KiB" in output
        assert "1 of 1 entries" in output

    def test_lists_those_used_last_first_and_only_so_many(self) -> None:
        for digit in "abc":
            default_cache().store(digit * 20, b"x", ".c")
        shown = json.loads(run("cache", "list", "--limit", "2", "--json").stdout)
        assert len(shown["entries"]) == 2
        assert Path(shown["entries"][0]["path"]).stem == "c" * 20

    def test_limit_must_be_positive(self) -> None:
        run("cache", "list", "--limit", "0", status=2)

    def test_size(self) -> None:
        path = default_cache().store(KEY, b"x" * 100, ".c")
        facts = json.loads(run("cache", "size", "--json").stdout)
        assert facts["bytes"] == path.stat().st_size
        assert facts["entries"] == 1
        assert "1 entries" in run("cache", "size").output

    def test_clear(self) -> None:
        path = default_cache().store(KEY, b"x", ".c")
        assert "removed 1 entries" in run("cache", "clear").output
        assert not path.exists()
        assert "is empty" in run("cache").output


@pytest.mark.slow
def test_bench_measures_every_program_in_both() -> None:
    rows = json.loads(run("bench", "--rounds", "1", "--json").stdout)
    assert len(rows) == 6
    assert all(row["croton"] > 0 and row["numpy"] > 0 and row["first_result"] > 0 for row in rows)


def test_importing_croton_imports_no_command_line() -> None:
    code = (
        "import sys, croton, croton.cli; print({'typer', 'rich', 'croton.cli.commands'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "set()"
