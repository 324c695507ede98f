"""Loops whose rows threads share, under ThreadSanitizer: no two threads touch the same memory."""

from __future__ import annotations

import pytest
from tests.fuzz.compare import disagreement
from tests.fuzz.loops import Loops
from tests.fuzz.sanitized import THREADS, SanitizedFunction

import croton as ct
from croton.codegen import shared_rows

ROWS = 20


@pytest.fixture(autouse=True)
def _eager_sharing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads take 8 rows at a time, and loops that can run side by side do, however little work there is."""
    helper = "static inline ct_int ct_rows_together(ct_int rows, ct_int picoseconds, ct_int matrix_bytes)\n"
    helper += "{ (void)rows, (void)picoseconds, (void)matrix_bytes; return 8; }\n"
    beside = shared_rows._RUN_BESIDE.replace("picoseconds >= 40000000", "picoseconds >= 0")
    monkeypatch.setattr(shared_rows, "_ROWS_TOGETHER", helper)
    monkeypatch.setattr(shared_rows, "_RUN_BESIDE", beside)


@pytest.mark.parametrize("rows", [None, ROWS])
@pytest.mark.parametrize("seed", [0, 4])
def test_random_loops(seed: int, rows: int | None) -> None:
    loops = Loops(seed, rows)
    compiled = ct.function(loops.inputs, loops.outputs, on_unused_input="ignore")
    interpreted = ct.function(loops.inputs, loops.outputs, on_unused_input="ignore", mode="interpret")
    assert "_status(" in compiled.c_source()
    given = loops.arguments(ROWS)
    problem = disagreement(SanitizedFunction(compiled, THREADS)(*given), interpreted(*given), 2e-3)
    assert problem is None
