"""Derivatives at points where naive differentiation gives NaN, infinity, 0 or rounding noise.

The cases, their truths (by mpmath) and the tolerance of 1e-10 are those of benchmarks.hard_derivatives.
"""

from __future__ import annotations

import json

import mpmath
import numpy as np
import pytest
from benchmarks.hard_derivatives.adapters import Runner, croton_runner
from benchmarks.hard_derivatives.case import Case
from benchmarks.hard_derivatives.cases import CASES, by_name
from benchmarks.hard_derivatives.judge import judge
from benchmarks.hard_derivatives.truth import STORED, computed_truth, fingerprint, truth_in_float64


@pytest.fixture(scope="module")
def croton() -> Runner:
    return croton_runner()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_croton_is_right(case: Case, croton: Runner) -> None:
    computed = croton(case)
    verdict = judge(case, computed)
    assert verdict.right, (
        f"worst relative error {verdict.error:.1e} {verdict.remark}\n"
        f"computed {computed}\nexpected {truth_in_float64(case.name)}\nstable form: {case.stable}"
    )


class TestTheCases:
    def test_names_are_unique(self) -> None:
        assert len({case.name for case in CASES}) == len(CASES)

    def test_there_are_at_least_75(self) -> None:
        assert len(CASES) >= 75

    def test_each_says_which_form_is_stable(self) -> None:
        assert all(case.stable for case in CASES)

    def test_an_unknown_name_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no_such_case"):
            by_name("no_such_case")


def test_truth_agrees_with_closed_forms() -> None:
    """Numerical differentiation at high precision against derivatives written down by hand."""
    with mpmath.workdps(60):
        expected = {
            "tanh_tail": [1 / mpmath.cosh(x) ** 2 for x in (20, -20, 300)],
            "x_minus_sin": [2 * mpmath.sin(mpmath.mpf(x) / 2) ** 2 for x in (1e-6, 1e-9)],
            "sqrt_exp": [mpmath.exp(700) / 2, mpmath.exp(-700) / 2],
            "arcsinh_plain": [1 / mpmath.sqrt(1 + mpmath.mpf(x) ** 2) for x in (-1e8, -1e200, 1e200)],
            "tanh_second": [
                -2 * mpmath.tanh(x) / mpmath.cosh(x) ** 2 for x in map(mpmath.mpf, (20, -20, 300))
            ],
        }
        for name, values in expected.items():
            np.testing.assert_array_equal(truth_in_float64(name)[0], [float(value) for value in values])


class TestStoredTruths:
    """Truths take a minute to compute, so they are stored; these tests notice when they are out of date."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_belong_to_the_case_as_it_is_now(self, case: Case) -> None:
        stored = json.loads(STORED.read_text(encoding="utf-8"))
        out_of_date = "run python -m benchmarks.hard_derivatives --store"
        assert stored[case.name]["fingerprint"] == fingerprint(case), out_of_date

    @pytest.mark.parametrize("case", CASES[::24], ids=lambda case: case.name)
    def test_are_what_mpmath_computes(self, case: Case) -> None:
        for stored, computed in zip(truth_in_float64(case.name), computed_truth(case), strict=True):
            np.testing.assert_array_equal(stored, computed)


class TestTheJudge:
    case = by_name("log_exp_minus_one")

    def test_accepts_the_truth_and_its_rounding(self) -> None:
        (true,) = truth_in_float64(self.case.name)
        assert judge(self.case, [true]).right
        assert judge(self.case, [true * (1 + 1e-12)]).right

    @pytest.mark.parametrize("factor", [1 + 1e-9, -1.0, 0.0, np.inf, np.nan])
    def test_refuses_anything_else(self, factor: float) -> None:
        (true,) = truth_in_float64(self.case.name)
        changed = true.copy()
        changed[1] *= factor
        verdict = judge(self.case, [changed])
        assert not verdict.right
        assert verdict.entries_right == true.size - 1

    def test_refuses_a_wrong_shape(self) -> None:
        assert not judge(self.case, [np.zeros(1)]).right

    def test_asks_for_relative_accuracy_of_tiny_derivatives(self) -> None:
        (true,) = truth_in_float64("tanh_tail")
        assert not judge(by_name("tanh_tail"), [np.zeros_like(true)]).right

    def test_takes_0_for_what_underflows(self) -> None:
        case = by_name("log_constant_plus_exp")
        assert judge(case, [np.array([1.0, 0.0])]).right
        assert not judge(case, [np.array([1.0, 1e-300])]).right
