"""Graphs: order, copies, transformations."""

from __future__ import annotations

import numpy as np

import croton.tensor as T
from croton.graph.graph import Graph, copy_graph, transform
from croton.graph.interpreter import interpret


def check_order(graph):
    """Every equation comes after those that make what it reads."""
    known = set(graph.inputs)
    for equation in graph.equations:
        for operand in equation.inputs:
            assert operand.owner is None or operand in known
        known.update(equation.outputs)


def test_equations_come_after_what_they_read():
    x, y = T.dvector("x"), T.dvector("y")
    z = T.exp(x) * y
    graph = Graph.of([x, y], [z + T.sin(z).sum(), z * T.exp(x)])
    check_order(graph)
    assert len(set(graph.equations)) == len(graph.equations)


def test_what_nothing_asks_for_is_not_in_it():
    x = T.dvector("x")
    wanted, _ = T.sin(x), T.cos(x)
    assert [equation.op.name for equation in Graph.of([x], [wanted]).equations] == ["sin"]


def test_deep_graphs_need_no_deep_stack():
    x = T.dscalar("x")
    y = x
    for _ in range(20_000):
        y = y + 1.0
    assert len(Graph.of([x], [y]).equations) == 20_000


def test_what_lies_behind_an_input_stays_out():
    x = T.dvector("x")
    y = T.exp(x)
    graph = Graph.of([y], [y * 2])
    assert graph.free_values() == []
    assert Graph.of([], [y * 2]).free_values() == [x]


def test_sizes_found_while_running_come_before_who_names_them():
    x = T.dvector("x")
    (places,) = T.nonzero(x > 0)
    graph = Graph.of([x], [T.zeros((places.shape[0], 2))])
    check_order(graph)
    assert any(equation.bound_symbols() for equation in graph.equations)
    np.testing.assert_array_equal(interpret(graph, [np.array([1.0, -1, 2])])[0], np.zeros((2, 2)))


def test_a_copy_with_values_replaced():
    x, y = T.dvector("x"), T.dvector("y")
    graph = Graph.of([x], [T.exp(x) * 2])
    copied = copy_graph(graph, {x: y})
    assert copied.inputs == ()
    assert copied.free_values() == [y]
    check_order(Graph.of([y], copied.outputs))


def test_a_copy_with_sizes_replaced():
    x = T.dmatrix("x")
    graph = Graph.of([x], [x.sum(axis=0) * x.shape[0]])
    rows = next(iter(x.type.shape[0].terms))[0][0]
    fixed = copy_graph(graph, dim_mapping={rows: 3})
    assert fixed.inputs[0].type.shape[0] == 3
    np.testing.assert_array_equal(interpret(fixed, [np.ones((3, 2))])[0], [9, 9])
    assert graph.inputs[0] is x  # the graph itself never changes


def test_what_a_transformation_does_not_touch_is_shared():
    x = T.dvector("x")
    first = T.exp(x)
    graph = Graph.of([x], [T.sin(first), first + 1])
    assert transform(graph, lambda equation: None) is graph
    swapped = transform(graph, lambda e: [T.cos(e.inputs[0])] if e.op.name == "sin" else None)
    assert [e.op.name for e in swapped.equations].count("cos") == 1
    assert swapped.outputs[1] is graph.outputs[1]
    assert [e.op.name for e in graph.equations].count("sin") == 1
