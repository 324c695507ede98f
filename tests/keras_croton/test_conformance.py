"""The runner of Keras's own tests survives what tests can do to a process, and says what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.keras_croton.conformance import report, suite
from tests.keras_croton.conformance.running import Results, Runner, read

MISBEHAVING = """
import os, time, unittest
import pytest
from conftest import skip_if_backend

class Tests(unittest.TestCase):
    def test_1_passes(self): pass
    def test_2_fails(self): assert False
    def test_3_is_killed(self): os.kill(os.getpid(), 11)
    def test_4_is_still_run(self): pass
    def test_5_hangs_in_c(self):
        import signal
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        time.sleep(60)
    @skip_if_backend("croton", "skipped")
    def test_6_is_skipped(self): pass
    def test_7_takes_too_long(self): time.sleep(60)
    def test_8_has_parts(self):
        for part in range(3):
            with self.subTest(part=part):
                assert part != 1
"""


def entry(pattern: str, reason: str = "a reason") -> suite.Listed:
    return suite.Listed(pattern, reason)


def test_crashes_and_hangs_are_recorded_and_the_rest_is_run(tmp_path: Path) -> None:
    keras = tmp_path / "keras" / "src"
    (keras / "ops").mkdir(parents=True)
    (keras / "ops" / "all_test.py").write_text(MISBEHAVING)
    (keras / "ops" / "broken_test.py").write_text("import no_such_module")
    unit = suite.Unit("ops-1", ("ops/all_test.py", "ops/broken_test.py"), 9)
    runner = Runner(sys.executable, keras, tmp_path / "results", seconds_for_a_test=2)
    reported = []
    runner.run([unit], 1, lambda unit, seconds: reported.append(unit))
    results = read(tmp_path / "results")
    assert reported == [unit]
    outcomes = {test.split("::test_")[-1]: outcome for test, outcome in results.outcomes.items()}
    assert outcomes == {
        "1_passes": "passed",
        "2_fails": "failed",
        "3_is_killed": "crashed",
        "4_is_still_run": "passed",
        "5_hangs_in_c": "hung",
        "6_is_skipped": "skipped",
        "7_takes_too_long": "failed",
        "8_has_parts": "failed",
        "ops/broken_test.py": "broken",
    }
    assert results.crashed == ["ops/all_test.py::Tests::test_3_is_killed"]
    assert results.hung == ["ops/all_test.py::Tests::test_5_hangs_in_c"]


def test_the_parts_of_a_file_are_all_of_it_once(tmp_path: Path) -> None:
    keras = tmp_path / "keras" / "src"
    keras.mkdir(parents=True)
    tests = [f"test_{number}" for number in range(7)]
    (keras / "many_test.py").write_text("\n".join(f"def {test}(): pass" for test in tests))
    runner = Runner(sys.executable, keras, tmp_path / "results")
    units = [suite.Unit(f"many-{part}", ("many_test.py",), 4, part, 2) for part in (1, 2)]
    runner.run(units, 2, lambda unit, seconds: None)
    parts = [read_events(tmp_path / "results" / f"{unit.name}.txt") for unit in units]
    assert sorted(test for part in parts for test in part) == [f"many_test.py::{test}" for test in tests]
    assert all(parts)


def read_events(path: Path) -> list[str]:
    return [line.split(" ", 2)[2] for line in path.read_text().splitlines() if line.startswith("passed")]


def test_units_hold_all_tests_in_files_of_one_folder_the_largest_first() -> None:
    tests = [f"ops/large_test.py::{number}" for number in range(3 * suite.UNIT)]
    tests += [f"ops/{letter}_test.py::{number}" for letter in "abc" for number in range(suite.UNIT // 2)]
    tests += ["tree/tree_test.py::only"]
    units = suite.units_of(tests)
    assert [(unit.name, unit.tests) for unit in units] == [
        ("ops-1", suite.UNIT),
        ("ops-large_test-1", suite.UNIT),
        ("ops-large_test-2", suite.UNIT),
        ("ops-large_test-3", suite.UNIT),
        ("ops-2", suite.UNIT // 2),
        ("tree-1", 1),
    ]
    assert units[0].files == ("ops/a_test.py", "ops/b_test.py")
    assert (units[2].part, units[2].parts) == (2, 3)


def test_all_tests_that_pass_on_jax_are_known() -> None:
    tests = suite.jax_passes()
    assert len(tests) == len(set(tests)) == 13532
    assert sum(unit.tests for unit in suite.units_of(tests)) >= 13500
    assert suite.short_part() <= {suite.file_of(test) for test in tests}


def test_a_missing_test_must_be_explained() -> None:
    tests = [
        "ops/a_test.py::T::one",
        "ops/a_test.py::T::two[x]",
        "ops/b_test.py::T::three",
        "ops/b_test.py::T::four",
    ]
    results = Results({tests[0]: "passed", tests[1]: "skipped", tests[2]: "failed"})
    entries = [
        entry("ops/a_test.py::T::two[*]"),
        entry("ops/b_test.py::T::f*"),
        entry("ops/a_test.py::T::one"),
    ]
    comparison = report.Comparison(tests, results, entries)
    assert comparison.missing == tests[1:]
    assert comparison.unlisted == [tests[2]]
    assert comparison.outdated == [entries[2]]
    assert list(comparison.complaints(whole=False)) == [
        "1 missing tests are not explained in docs/keras-conformance.md"
    ]


@pytest.mark.parametrize(("passing", "complaints"), [(99, []), (98, ["98.00% of the tests"])])
def test_of_all_tests_99_percent_must_pass(passing: int, complaints: list[str]) -> None:
    tests = [f"ops/a_test.py::{number}" for number in range(100)]
    results = Results({test: "passed" for test in tests[:passing]})
    comparison = report.Comparison(tests, results, [entry("*")])
    assert [text[: len("98.00% of the tests")] for text in comparison.complaints(whole=True)] == complaints
    assert list(comparison.complaints(whole=False)) == []


def test_a_crash_is_a_complaint_even_if_explained() -> None:
    tests = ["ops/a_test.py::one"]
    results = Results({tests[0]: "crashed"}, crashed=tests)
    comparison = report.Comparison(tests, results, [entry("*")])
    assert list(comparison.complaints(whole=False)) == ["crashed: ops/a_test.py::one"]


def test_the_page_on_missing_tests_is_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n- `ops/a_test.py::T::one`: not in C\n- `code` that is no test\n- `b_test.py*`: b\n"
    )
    assert suite.listed(page) == [entry("ops/a_test.py::T::one", "not in C"), entry("b_test.py*", "b")]
    page.write_text("- `ops/a_test.py::T::one`\n")
    with pytest.raises(ValueError, match=r"page.md: no reason is given for `ops/a_test.py::T::one`"):
        suite.listed(page)


def test_the_page_of_this_project_names_tests_that_exist() -> None:
    tests = suite.jax_passes()
    for listed in suite.listed():
        assert any(listed.covers(test) for test in tests), listed.pattern


def test_results_can_be_compared_without_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.keras_croton.conformance", "--no-run", "--only", "tree"]
    result = subprocess.run(
        [*command, "--results", tmp_path], cwd=suite.ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1
    assert "missing: not run tree/tree_test.py::TreeTest::test_flatten_optree" in result.stdout
