"""Random programs: compiled and interpreted agree, values and gradients, for several sizes of a function."""

from __future__ import annotations

import pytest
from tests.fuzz.compare import check_programs, disagreement, inputs_for, needs_width
from tests.fuzz.generator import Generator
from tests.fuzz.sanitized import SanitizedFunction

import croton as ct

PROGRAMS = 2000
TOGETHER = 20  # programs in one compiled function: compiling is what takes the time
SANITIZED = 200


@pytest.mark.parametrize("first", range(0, PROGRAMS, 2 * TOGETHER))
def test_compiled_agrees_with_interpreted(first: int) -> None:
    failures = []
    for start in range(first, first + 2 * TOGETHER, TOGETHER):
        failures += check_programs(range(start, start + TOGETHER))
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("first", range(0, SANITIZED, TOGETHER))
def test_generated_code_is_clean_under_the_sanitizers(first: int) -> None:
    programs = [Generator(10_000 + seed).draw() for seed in range(first, first + TOGETHER)]
    variables = [variable for program in programs for variable in program.variables()]
    outputs = [output for program in programs for output in program.outputs]
    interpreted = ct.function(variables, outputs, on_unused_input="ignore", mode="interpret")
    sanitized = SanitizedFunction(ct.function(variables, outputs, on_unused_input="ignore", mode="compile"))
    for call in range(2):
        arrays = [array for program in programs for array in inputs_for(program, call)]
        got, expected = sanitized(*arrays), interpreted(*arrays)
        start = 0
        for program in programs:
            stop = start + len(program.outputs)
            problem = disagreement(got[start:stop], expected[start:stop], needs_width(program))
            assert problem is None, f"seed {program.seed}, call {call}, {program.history}: {problem}"
            start = stop
