"""Scans over the same operands through the same states run once."""

from __future__ import annotations

import numpy as np
import pytest
from tests.rewrite.loops_of import agrees_without, loops

import croton as ct
import croton.tensor as T

X = np.linspace(-1, 1, 5)


def test_values_and_gradients_share_the_forward_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = T.dvector("x"), T.dscalar("w")
    last, every = ct.scan_loop(lambda s, e: (T.sin(s * w) + e,) * 2, T.constant(0.3), x)
    outputs = [last, every, *ct.grad(last + (every**2).sum(), [x, w])]
    assert len(loops([x, w], outputs, ["scan-merging"])) == 3
    assert len(loops([x, w], outputs)) == 2
    agrees_without(monkeypatch, "scan-merging", [x, w], outputs, X, 0.8)


def test_results_of_each_are_kept() -> None:
    x = T.dvector("x")
    first, sines = ct.scan_loop(lambda s, e: (s + e, T.sin(s)), T.constant(0.0), x)
    second, both = ct.scan_loop(lambda s, e: (s + e, [s * 2, T.sin(s)]), T.constant(0.0), x)
    (loop,) = loops([x], [first, sines, second, *both])
    assert len(loop.op.graphs()[0].outputs) == 3
    before = np.concatenate([[0], np.cumsum(X)[:-1]])
    found = ct.function([x], [first, sines, second, *both])(X)
    expected = [X.sum(), np.sin(before), X.sum(), before * 2, np.sin(before)]
    for value, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, wanted, atol=1e-15)


@pytest.mark.parametrize("reverse", [False, True])
def test_scans_that_differ_stay_apart(reverse: bool) -> None:
    x = T.dvector("x")
    _, first = ct.scan_loop(lambda s, e: (s + e,) * 2, T.constant(0.0), x)
    _, second = ct.scan_loop(
        lambda s, e: (s * (1 if reverse else 2) + e,) * 2, T.constant(0.0), x, reverse=reverse
    )
    assert len(loops([x], [first, second])) == 2
