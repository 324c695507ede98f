"""The memory plan: what lives at the same time lies in different places."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from croton.graph import dims
from croton.loops.memory import MemoryPlan, at_least

N, M = dims.symbol("n"), dims.symbol("m")
SIZES = st.sampled_from([8, 64, 100, 800, N, dims.multiply(N, 8), dims.multiply(N, M), dims.add(N, 8), M])
LIVES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6), SIZES), max_size=25)


@settings(max_examples=200, deadline=None)
@given(LIVES)
def test_lives_that_overlap_share_no_slot(lives):
    plan = MemoryPlan()
    lives = sorted(((first, first + length, size) for first, length, size in lives), key=lambda life: life[0])
    for number, (first, last, size) in enumerate(lives):
        plan.place(number, size, first, last)
    for number, (first, last, size) in enumerate(lives):
        assert at_least(plan.slots[plan.placed[number]].size, size)
        for other, (start, stop, _) in enumerate(lives[:number]):
            if first <= stop and start <= last:
                assert plan.placed[number] != plan.placed[other]


def test_memory_is_used_again():
    plan = MemoryPlan()
    for step in range(10):
        plan.place(step, dims.multiply(N, 8), step, step + 1)
    assert len(plan.slots) == 2
