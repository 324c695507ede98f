"""Which equations move into a branch, and which stay outside."""

from __future__ import annotations

import numpy as np

import croton as ct
import croton.tensor as T
from croton.ops.control import Cond

V = np.array([0.5, -1.0, 2.0])
C, X = T.iscalar("c"), T.dvector("x")


def outside(function):
    """Names of the operations outside of any branch, and of those in the two branches of the first Cond."""
    graph = function.graph()
    names = {equation.op.name for equation in graph.equations}
    cond = next(equation.op for equation in graph.equations if isinstance(equation.op, Cond))
    inside = [{equation.op.name for equation in branch.equations} for branch in cond.graphs()]
    return names - {"cond"}, inside


def test_what_one_branch_alone_needs_moves():
    f = ct.function([C, X], ct.ifelse(C, T.cumsum(T.exp(X)), T.cumprod(X)))
    names, (first, second) = outside(f)
    assert names == {"not_equal"}
    assert first == {"exp", "cumulative_sum"}
    assert second == {"cumulative_prod"}
    np.testing.assert_allclose(f(1, V), np.cumsum(np.exp(V)))
    np.testing.assert_allclose(f(0, V), np.cumprod(V))


def test_what_both_or_others_need_stays():
    both = T.cumsum(X)
    f = ct.function([C, X], ct.ifelse(C, T.exp(both), T.sin(both)))
    assert "cumulative_sum" in outside(f)[0]
    returned = T.cumprod(X)
    g = ct.function([C, X], [ct.ifelse(C, returned + 1, X), returned])
    assert "cumulative_prod" in outside(g)[0]
    np.testing.assert_allclose(f(0, V), np.sin(np.cumsum(V)))
    np.testing.assert_allclose(g(1, V), [np.cumprod(V) + 1, np.cumprod(V)])


def test_what_the_condition_needs_stays():
    total = T.cumsum(X)
    f = ct.function([X], ct.ifelse(total[-1] > 0, total * 2, X))
    assert "cumulative_sum" in outside(f)[0]
    np.testing.assert_allclose(f(V), np.cumsum(V) * 2)
    np.testing.assert_allclose(f(-V), -V)


def test_a_branch_moves_into_a_branch():
    inner = ct.ifelse(T.gt(X[0], 0), T.cumsum(X), T.cumprod(X))
    f = ct.function([C, X], ct.ifelse(C, inner * 2, X))
    names, (first, _) = outside(f)
    assert names == {"not_equal"}
    assert "cond" in first
    for c, sign in ((1, 1), (1, -1), (0, 1)):
        x = V * sign
        expected = (np.cumsum(x) if x[0] > 0 else np.cumprod(x)) * 2 if c else x
        np.testing.assert_allclose(f(c, x), expected)


def test_the_pass_can_be_left_out():
    disabled = ct.config.disabled_passes
    try:
        ct.config.disabled_passes = ("branch-sinking",)
        f = ct.function([C, X], ct.ifelse(C, T.cumsum(X), X))
    finally:
        ct.config.disabled_passes = disabled
    assert "cumulative_sum" in outside(f)[0]
    np.testing.assert_allclose(f(1, V), np.cumsum(V))
