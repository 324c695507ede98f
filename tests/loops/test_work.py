"""Floating-point operations and bytes of steps, counted from expressions and sizes."""

from __future__ import annotations

import croton.tensor as T
from croton.graph import dims
from croton.graph.graph import Graph
from croton.loops.fusion import lower
from croton.loops.work import StepWork, step_work
from croton.ops import base


def works(inputs, outputs, sizes=()):
    program = lower(Graph.of(inputs, [base.symbolic(output) for output in outputs]))
    known = {dims.single_symbol(value.type.shape[axis]): size for (value, axis), size in dict(sizes).items()}
    return [step_work(step, program, known) for step in program.steps]


def test_an_elementwise_loop_counts_its_functions_and_each_array_once():
    x, y = T.dvector("x"), T.dvector("y")
    total = T.exp(x) * x + y
    x_type = T.tensor("float64", shape=(10,))
    fixed = T.exp(x_type) * x_type + x_type
    assert works([x_type], [fixed]) == [StepWork(3 * 10, 2 * 10 * 8)]
    sizes = {(x, 0): 5, (y, 0): 5}
    assert works([x, y], [total], sizes) == [StepWork(3 * 5, 3 * 5 * 8)]


def test_what_an_outer_loop_computes_counts_once_for_each_of_its_iterations():
    x, scale = T.tensor("float32", shape=(4, 100)), T.tensor("float32", shape=(4, 1))
    (work,) = works([x, scale], [x * T.exp(scale)])
    assert work == StepWork(400 + 4, (400 + 4 + 400) * 4)


def test_a_reduction_adds_every_element():
    x = T.tensor("float64", shape=(7, 3))
    assert works([x], [T.sum(x * x)]) == [StepWork(2 * 21, 21 * 8 + 8)]


def test_values_that_never_leave_the_registers_move_no_bytes():
    x = T.tensor("float64", shape=(8, 50))
    (softmax,) = works([x], [x / T.sum(x, axis=1, keepdims=True)])
    assert softmax.bytes == 2 * 8 * 50 * 8


def test_a_product_counts_two_operations_for_each_pair():
    a, b = T.tensor("float32", shape=(3, 4)), T.tensor("float32", shape=(4, 5))
    assert works([a, b], [T.dot(a, b)]) == [StepWork(2 * 60, (12 + 20 + 15) * 4)]


def test_complex_numbers_count_as_their_parts():
    z = T.tensor("complex128", shape=(10,))
    assert works([z], [z * z + z])[0].flops == 80


def test_integers_are_no_floating_point_operations():
    n = T.tensor("int64", shape=(10,))
    assert works([n], [n + n * n]) == [StepWork(0, 160)]


def test_kernels_count_bytes_only():
    x = T.tensor("float64", shape=(10,))
    assert works([x], [T.cumsum(x)]) == [StepWork(None, 160)]


def test_sizes_that_are_not_known_give_no_count():
    x = T.dvector("x")
    assert works([x], [x + 1]) == [None]
