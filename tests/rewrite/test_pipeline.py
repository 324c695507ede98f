"""The passes in order: each can be watched and left out; values and domains survive all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.graph import Graph
from croton.graph.interpreter import interpret
from croton.rewrite.engine import Rewriter
from croton.rewrite.pipeline import PASSES, optimize, rule_names, stabilize, trace
from croton.rewrite.stabilization import rule_set

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-300, -1e-300, np.inf, -np.inf, np.nan])


def graph_of(build: Callable[..., Any], *names: str) -> Graph:
    inputs = [T.dvector(name) for name in names]
    return Graph.of(inputs, [build(*inputs)])


class TestPasses:
    def test_names_are_unique(self) -> None:
        names = [name for name, _ in PASSES]
        assert len(set(names)) == len(names)
        assert not set(names) & rule_names()

    def test_trace_yields_the_graph_after_each_pass(self) -> None:
        graph = graph_of(lambda x: T.log(1 + T.exp(x)), "x")
        steps = list(trace(graph))
        assert [name for name, _ in steps] == [name for name, _ in PASSES]
        assert [e.op.name for e in dict(steps)["stabilization"].equations] == ["softplus"]

    def test_a_pass_can_be_left_out(self) -> None:
        graph = graph_of(lambda x: T.log(1 + T.exp(x)), "x")
        kept = optimize(graph, ["stabilization"])
        assert [e.op.name for e in kept.equations] == ["exp", "add", "log"]

    def test_a_rule_can_be_left_out(self) -> None:
        graph = graph_of(lambda x: T.log(T.exp(x)), "x")
        assert optimize(graph).equations == ()
        assert [e.op.name for e in optimize(graph, ["log-of-exp"]).equations] == ["exp", "log"]

    def test_equal_equations_are_merged(self) -> None:
        graph = graph_of(lambda x: T.sin(x) * T.sin(x), "x")
        assert [e.op.name for e in optimize(graph).equations] == ["sin", "square"]


class TestTheWalk:
    def test_nothing_is_seen_behind_an_input(self) -> None:
        x = T.dvector("x")
        y = T.exp(x)
        graph = Graph.of([y], [T.log(y)])
        assert [e.op.name for e in stabilize(graph).equations] == ["log"]

    def test_a_derivative_in_an_intermediate_variable_goes_through_it(self) -> None:
        x = T.dscalar("x")
        y = T.exp(x)
        slope = ct.grad(T.log(y), y)
        assert interpret(Graph.of([x], [slope]), [np.array(2.0)])[0] == pytest.approx(np.exp(-2.0))

    def test_a_second_walk_changes_nothing(self) -> None:
        x = T.dvector("x")
        p = 1 / (1 + T.exp(-x))
        graph = Graph.of([x], [T.log(p / (1 - p)) + T.log(T.sum(T.exp(x))) + T.sqrt(T.sum(x**2))])
        once = stabilize(graph)
        assert stabilize(once) is once

    def test_one_walk_is_enough_for_a_training_step(self) -> None:
        """Work grows with the size of the graph: a rule that undoes another would use up its allowance."""
        x, w = T.dmatrix("x"), T.dmatrix("w")
        cost = T.mean(T.square(T.tanh(T.dot(x, w))))
        graph = Graph.of([x, w], [w - 0.1 * ct.grad(cost, w)])
        rewriter = Rewriter(graph, rule_set())
        rewriter.run()
        assert len(rewriter.fired) <= len(graph.equations)

    def test_users_lines_are_kept(self) -> None:
        x = T.dvector("x")
        y = T.log(1 + T.exp(x))
        (equation,) = stabilize(Graph.of([x], [y])).equations
        assert equation.location is not None
        assert equation.location.filename == __file__


# Formulas whose rewriting could let numbers through where the formula itself gives NaN.
DOMAINS: dict[str, Callable[..., Any]] = {
    "exp_log": lambda x: T.exp(T.log(x)),
    "exp_two_log": lambda x: T.exp(2 * T.log(x)),
    "sqrt_squared": lambda x: T.square(T.sqrt(x)),
    "sqrt_times_sqrt": lambda x: T.sqrt(x) * T.sqrt(x),
    "x_sqrt": lambda x: x * T.sqrt(x),
    "sqrt_square": lambda x: T.sqrt(T.square(x)),
    "log_square": lambda x: T.log(T.square(x)),
    "log_cube": lambda x: T.log(x**3),
    "sigmoid_log": lambda x: T.sigmoid(T.log(x)),
    "log_step": lambda x: T.log(x + 1) - T.log(x),
    "log_softplus": lambda x: T.log(T.softplus(x)),
    "log_minus": lambda x: T.log(-x),
    "log_one_minus_exp": lambda x: T.log(1 - T.exp(x)),
    "log_exp_minus_one": lambda x: T.log(T.exp(x) - 1),
    "softplus": lambda x: T.log(1 + T.exp(x)),
    "log1p": lambda x: T.log(1 + x),
    "compound": lambda x: (1 + x) ** 5 - 1,
    "one_minus_square": lambda x: T.sqrt(1 - x**2),
    "root_of_fourth": lambda x: T.sqrt(x**4),
    "negated_product": lambda x: T.log(-2 * x * (x + 3)),
}


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.filterwarnings("ignore")
def test_nothing_new_comes_out_outside_the_domain(name: str) -> None:
    """NaN stays NaN; a finite value stays what it was."""
    graph = graph_of(DOMAINS[name], "x")
    (expected,) = interpret(graph, [SPECIAL])
    (computed,) = interpret(stabilize(graph), [SPECIAL])
    undefined = np.isnan(expected) & ~np.isinf(SPECIAL)
    assert np.isnan(computed[undefined]).all()
    finite = np.isfinite(expected)
    np.testing.assert_allclose(computed[finite], expected[finite], rtol=1e-13, atol=1e-290)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "build", [lambda x, y: T.log(x * y), lambda x, y: T.log(x / y), lambda x, y: T.sqrt(x * y)]
)
def test_signs_of_two_factors_decide_together(build: Callable[..., Any]) -> None:
    graph = graph_of(build, "x", "y")
    x, y = (part.ravel() for part in np.meshgrid([-2.0, -1e-3, 3.0, 0.0], [-4.0, 5.0]))
    np.testing.assert_allclose(
        interpret(stabilize(graph), [x, y])[0], interpret(graph, [x, y])[0], rtol=1e-13
    )
