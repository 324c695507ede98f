"""Graphs and expressions as text."""

from __future__ import annotations

import pytest

import croton.tensor as T
from croton.graph.graph import Graph
from croton.graph.printing import debugprint, format_graph, pp


def test_a_graph_is_listed_equation_by_equation() -> None:
    x, y = T.tensor("float64", shape=(3,), name="x"), T.tensor("float64", shape=(3,), name="y")
    graph = Graph.of([x, y], [T.exp(x) + y * 2])
    assert format_graph(graph).splitlines() == [
        "x: float64[3]",
        "y: float64[3]",
        "v2: float64[3] = exp(x)",
        "v3: float64[3] = multiply(y, 2.0)",
        "v4: float64[3] = add(v2, v3)",
        "return v4",
    ]


def test_names_that_two_values_share_are_told_apart() -> None:
    first, second = (T.dscalar("x") for _ in range(2))
    text = format_graph(Graph.of([first, second], [first - second]))
    assert text.splitlines() == [
        "x: float64[]",
        "v1: float64[]",
        "v2: float64[] = subtract(x, v1)",
        "return v2",
    ]


def test_debugprint_draws_a_tree_and_marks_what_is_shared() -> None:
    x = T.dscalar("x")
    y = T.exp(x)
    assert debugprint(y * (y + 1), file="str").splitlines() == [
        "multiply [id A]",
        " ├─ exp [id B]",
        " │   └─ x [id C]",
        " └─ add [id D]",
        "     ├─ exp [id B]",
        "     │   └─ ···",
        "     └─ 1.0 [id E]",
    ]


def test_debugprint_stops_at_a_depth_and_adds_types() -> None:
    x = T.dscalar("x")
    assert debugprint(T.exp(T.exp(x)), depth=1, print_type=True, file="str") == "exp [id A] <float64[]>"


def test_debugprint_prints(capsys: pytest.CaptureFixture[str]) -> None:
    debugprint(T.dscalar("x"))
    assert capsys.readouterr().out == "x [id A]\n"


def test_debugprint_refuses_what_it_cannot_show() -> None:
    with pytest.raises(TypeError, match="debugprint: expected a variable"):
        debugprint(3)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x, y: x + y * 2, "x + y * 2.0"),
        (lambda x, y: (x + y) * 2, "(x + y) * 2.0"),
        (lambda x, y: x - (y - x), "x - (y - x)"),
        (lambda x, y: -(x + y), "-(x + y)"),
        (lambda x, y: T.exp(-x) ** y, "exp(-x) ** y"),
        (lambda x, y: (x**y) ** y, "(x ** y) ** y"),
    ],
)
def test_pp_writes_formulas(build: object, expected: str) -> None:
    x, y = T.dscalar("x"), T.dscalar("y")
    assert pp(build(x, y)) == expected  # type: ignore[operator]


def test_pp_refuses_what_is_no_variable() -> None:
    with pytest.raises(TypeError, match="pp: expected a variable"):
        pp(3)  # type: ignore[arg-type]
