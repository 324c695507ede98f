"""Derivatives that vanish become zero instead of crawling among subnormal numbers; values keep them."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.ops.control import Scan
from croton.rewrite.pipeline import optimize

TINY = float(np.finfo(np.float64).tiny)


def test_only_loops_that_carry_derivatives_flush() -> None:
    x = T.dvector("x")
    last, _ = ct.scan_loop(lambda s, e: (T.sin(s) * e, None), T.constant(1.0), x)
    graph = optimize(Graph.of([x], [last, ct.grad(last, x)]))
    scans = [equation.op for equation in graph.equations if isinstance(equation.op, Scan)]
    assert [scan.flushes for scan in scans] == [False, True]


@pytest.mark.parametrize("disabled", [(), ("subnormals",)])
def test_values_keep_what_derivatives_drop(
    monkeypatch: pytest.MonkeyPatch, disabled: tuple[str, ...]
) -> None:
    """Halving 1,060 times: the value is subnormal in the end, and so is the derivative unless flushed."""
    monkeypatch.setattr(ct.config, "disabled_passes", disabled)
    x = T.dvector("x")
    halves = T.constant(np.full(1060, 0.5))
    last, _ = ct.scan_loop(lambda s, e: (s * e + T.sin(s) * 0.0, None), x, halves)
    value, slope = ct.function([x], [last, ct.grad(last.sum(), x)])(np.ones(20))
    np.testing.assert_array_equal(value, np.full(20, 0.5**1060))
    np.testing.assert_array_equal(slope, np.full(20, 0.5**1060 if disabled else 0.0))


def test_handling_is_as_before_after_the_call() -> None:
    x = T.dvector("x")
    last, _ = ct.scan_loop(lambda s, e: (T.sin(s) * e, None), T.constant(1.0), x)
    ct.function([x], ct.grad(last, x))(np.ones(5))
    y = T.dvector("y")
    array = np.full(200_000, TINY)  # enough for the pool's threads
    assert (ct.function([y], y * 0.25)(array) == TINY / 4).all()
    assert (array * 0.25 == TINY / 4).all()


def test_threads_agree_on_it() -> None:
    """A state large enough to be shared by threads."""
    x = T.dvector("x")
    halves = T.constant(np.full(1060, 0.5))
    last, _ = ct.scan_loop(lambda s, e: (s * e + T.sin(s) * 0.0, None), x, halves[:3] * TINY**0.4)
    slope = ct.function([x], ct.grad(last.sum(), x))(np.ones(300_000))
    assert (slope == 0).all()
