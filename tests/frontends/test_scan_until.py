"""Loops that end early: how many outputs there are is known only while running."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.scan_module import until

from .loop_results import results, slope

V = np.array([2.0, 3.0, 4.0, 5.0, 6.0, 7.0])


def products(array, limit=100.0):
    """Running products up to the first above the limit."""
    found, product = [], 1.0
    for e in array:
        product *= e
        found.append(product)
        if product > limit:
            break
    return np.array(found)


def running_products(x, **options):
    return ct.scan(lambda e, p: (p * e, until(p * e > 100)), x, T.constant(1.0), **options)[0]


def test_the_step_in_which_the_condition_holds_is_the_last():
    x = T.dvector("x")
    out = running_products(x)
    f = ct.function([x], [out, out.shape[0], out[-1], out.sum()])
    for n in (0, 2, 6):
        if n:
            found = f(V[:n])
            expected = products(V[:n])
            np.testing.assert_allclose(found[0], expected)
            assert found[1] == len(expected)
            np.testing.assert_allclose(found[2:], [expected[-1], expected.sum()])
    np.testing.assert_array_equal(ct.function([x], out)(V[:0]), [])


def test_powers_of_two():
    limit = T.dscalar("limit")
    powers, _ = ct.scan(
        lambda p, limit: (p * 2, ct.until(p * 2 > limit)), None, T.constant(1.0), limit, n_steps=1024
    )
    assert list(results([limit], [powers], 45.0)[0]) == [2, 4, 8, 16, 32, 64]
    assert list(results([limit], [powers], 0.0)[0]) == [2]


def test_backwards_outputs_are_in_the_order_of_the_steps():
    x = T.dvector("x")
    np.testing.assert_allclose(
        results([x], [running_products(x, go_backwards=True)], V)[0], products(V[::-1])
    )


def test_conditions_that_are_not_bools():
    n = T.lscalar("n")
    out, _ = ct.scan(lambda k: (k - 1, until(T.eq(k, 2))), None, n, n_steps=20)
    number, _ = ct.scan(lambda k: (k - 1, until((k < 3).astype("int8"))), None, n, n_steps=20)
    found = results([n], [out, number], 5)
    assert [list(each) for each in found] == [[4, 3, 2, 1], [4, 3, 2, 1]]


def test_with_updates_and_several_outputs():
    count = ct.shared(np.int64(0))
    x = T.dvector("x")
    (a, b), updates = ct.scan(
        lambda e, s: ([s + e, e * 2], {count: count + 1}, until(s + e > 8)), x, [T.constant(0.0), None]
    )
    f = ct.function([x], [a, b], updates=updates)
    for calls in (1, 2):
        sums, doubled = f(V)
        np.testing.assert_allclose(sums, [2, 5, 9])
        np.testing.assert_allclose(doubled, [4, 6, 8])
        assert count.get_value() == 3 * calls


def test_only_updates_and_a_condition():
    state = ct.shared(1.0)
    nothing, updates = ct.scan(lambda: ({state: state * 3}, until(state > 20)), n_steps=50)
    assert nothing is None
    ct.function([], [], updates=updates)()
    assert state.get_value() == 81


@pytest.mark.parametrize("backwards", [False, True])
def test_derivatives_go_back_through_the_steps_taken(backwards):
    x, w = T.dvector("x"), T.dscalar("w")
    out, _ = ct.scan(
        lambda e, s, w: (T.tanh(s * w) + e, until(s + e > 7)),
        x,
        T.constant(0.5),
        w,
        go_backwards=backwards,
    )
    cost = T.sum(out**2) + out[-1]
    first = ct.grad(cost, [x, w])
    second = ct.grad(T.sum(first[0] * V[::-1]) + first[1], [x, w])

    def run(array, weight):
        total, s = 0.0, 0.5
        for e in array[::-1] if backwards else array:
            stop = s + e > 7
            s = np.tanh(s * weight) + e
            total += s**2
            if stop:
                break
        return total + s

    found = results([x, w], [cost, *first, *second], V, 0.4)
    np.testing.assert_allclose(found[0], run(V, 0.4))
    np.testing.assert_allclose(found[1], slope(lambda a: run(a, 0.4), V), atol=1e-7)
    np.testing.assert_allclose(found[2], slope(lambda a: run(V, a), np.array(0.4)), atol=1e-7)
    gradient = ct.function([x, w], T.sum(first[0] * V[::-1]) + first[1])
    np.testing.assert_allclose(found[3], slope(lambda a: gradient(a, 0.4), V), atol=1e-6)
    np.testing.assert_allclose(found[4], slope(lambda a: gradient(V, a), np.array(0.4)), atol=1e-6)


def test_values_and_derivatives_in_one_function():
    x = T.dmatrix("x")

    def step(v, matrix):
        product = T.dot(matrix, v)
        product = product / T.sqrt((product**2).sum())
        return product, until(abs(product - v).max() < 1e-12)

    vectors, _ = ct.scan(step, outputs_info=T.ones_like(x[0]), non_sequences=x, n_steps=500)
    largest = T.dot(vectors[-1], T.dot(x, vectors[-1]))
    f = ct.function([x], [largest, vectors, T.grad(largest, x)])
    matrix = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
    values, eigenvectors = np.linalg.eigh(matrix)
    value, steps, slope = f(matrix)
    np.testing.assert_allclose(value, values[-1])
    np.testing.assert_allclose(abs(steps[-1]), abs(eigenvectors[:, -1]), atol=1e-9)
    np.testing.assert_allclose(slope, np.outer(eigenvectors[:, -1], eigenvectors[:, -1]), atol=1e-9)


def test_tapes_go_back_through_the_steps_taken():
    x, w = ct.Tensor(V), ct.Variable(0.4)
    with ct.GradientTape() as tape:
        tape.watch(x)
        out, _ = ct.scan(lambda e, s: (T.tanh(s * w) + e, until(s + e > 7)), x, T.constant(0.5))
        cost = T.sum(out**2)
    assert isinstance(out, ct.Tensor)
    found = tape.gradient(cost, [x, w])
    sx, sw = T.dvector("x"), T.dscalar("w")
    symbolic, _ = ct.scan(lambda e, s: (T.tanh(s * sw) + e, until(s + e > 7)), sx, T.constant(0.5))
    expected = ct.function([sx, sw], ct.grad(T.sum(symbolic**2), [sx, sw]))(V, 0.4)
    np.testing.assert_allclose(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1])


def test_inside_another_loop():
    x = T.dmatrix("x")

    def rows(row):
        out, _ = ct.scan(lambda e, s: (s + e, until(s + e > 3)), row, T.constant(0.0))
        return out[-1], T.cast(out.shape[0], "int64"), out.sum()

    outs, _ = ct.map(rows, x)
    gradient = ct.grad(outs[2].sum(), x)
    array = np.array([[1.0, 1.5, 2.0, 1.0], [4.0, 1.0, 1.0, 1.0], [0.1, 0.1, 0.1, 0.1]])
    last, counts, sums, slopes = results([x], [*outs, gradient], array)
    np.testing.assert_allclose(last, [4.5, 4, 0.4])
    np.testing.assert_array_equal(counts, [3, 1, 4])
    np.testing.assert_allclose(sums, [1 + 2.5 + 4.5, 4, 0.1 + 0.2 + 0.3 + 0.4])
    np.testing.assert_allclose(slopes, [[3, 2, 1, 0], [1, 0, 0, 0], [4, 3, 2, 1]])


def test_only_what_is_read_is_kept():
    x = T.dvector("x")
    n = 10**9  # rows of a vector that nobody could keep
    out, _ = ct.scan(lambda s: ([s * 0.5, s + 1], until(T.sum(s) < 1e-3)), None, [x, None], n_steps=n)
    last, beside = ct.function([x], [out[0][-1], out[1][-1]])(V)
    steps = int(np.ceil(np.log2(V.sum() / 1e-3))) + 1
    np.testing.assert_allclose(last, V * 0.5**steps)
    np.testing.assert_allclose(beside, V * 0.5 ** (steps - 1) + 1)
