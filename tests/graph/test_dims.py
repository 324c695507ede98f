"""Sizes: arithmetic on them agrees with arithmetic on the numbers they turn out to be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from croton.graph import dims
from croton.graph.errors import ShapeError

NAMES = [dims.Symbol(name) for name in "abc"]
SIZES = st.fixed_dictionaries({name: st.integers(0, 9) for name in NAMES})
ATOMS = st.one_of(st.integers(-4, 4), st.sampled_from([dims.of_atom(name) for name in NAMES]))


def _grow(inner):
    pair = st.tuples(inner, inner)
    positive = st.tuples(inner, st.integers(1, 5))
    return st.one_of(
        pair.map(lambda p: dims.add(*p)),
        pair.map(lambda p: dims.subtract(*p)),
        pair.map(lambda p: dims.multiply(*p)),
        pair.map(lambda p: dims.maximum(*p)),
        pair.map(lambda p: dims.minimum(*p)),
        positive.map(lambda p: dims.floordiv(*p)),
        positive.map(lambda p: dims.modulo(*p)),
    )


DIMS = st.recursive(ATOMS, _grow, max_leaves=5)


@settings(max_examples=150, deadline=None)
@given(DIMS, DIMS, SIZES)
def test_arithmetic_commutes_with_evaluation(left, right, sizes):
    a, b = dims.evaluate(left, sizes), dims.evaluate(right, sizes)
    assert dims.evaluate(dims.add(left, right), sizes) == a + b
    assert dims.evaluate(dims.subtract(left, right), sizes) == a - b
    assert dims.evaluate(dims.multiply(left, right), sizes) == a * b
    assert dims.evaluate(dims.maximum(left, right), sizes) == max(a, b)
    assert dims.evaluate(dims.minimum(left, right), sizes) == min(a, b)
    if b != 0:
        assert dims.evaluate(dims.floordiv(left, right), sizes) == a // b
        assert dims.evaluate(dims.modulo(left, right), sizes) == a % b


@settings(max_examples=150, deadline=None)
@given(DIMS, DIMS, DIMS)
def test_equal_sizes_look_equal(x, y, z):
    assert dims.add(x, y) == dims.add(y, x)
    assert dims.multiply(x, y) == dims.multiply(y, x)
    assert dims.add(dims.add(x, y), z) == dims.add(x, dims.add(y, z))
    assert dims.multiply(x, dims.add(y, z)) == dims.add(dims.multiply(x, y), dims.multiply(x, z))
    assert dims.subtract(x, x) == 0
    assert hash(dims.add(x, y)) == hash(dims.add(y, x))


@settings(max_examples=100, deadline=None)
@given(DIMS, DIMS, SIZES)
def test_substitution_in_two_steps(whole, by, sizes):
    name = NAMES[0]
    inner = dims.evaluate(by, sizes)
    replaced = dims.substitute(whole, {name: by})
    assert dims.evaluate(replaced, sizes) == dims.evaluate(whole, {**sizes, name: inner})


@settings(max_examples=100, deadline=None)
@given(DIMS, st.sampled_from([dims.of_atom(name) for name in NAMES]))
def test_exact_quotients(x, y):
    assert dims.exact_quotient(dims.multiply(x, y), y) == x


def test_an_unknown_size_is_an_error_not_a_guess():
    with pytest.raises(KeyError, match="a"):
        dims.evaluate(dims.of_atom(NAMES[0]), {})


class TestRequirements:
    def test_known_sizes_are_judged_at_once(self):
        assert dims.require_equal(3, 3, "why") == 3
        with pytest.raises(ShapeError, match="why: 3 and 4 differ"):
            dims.require_equal(3, 4, "why")
        with pytest.raises(ShapeError, match="why: expected at least 2, got 1"):
            dims.require_at_least(1, 2, "why")
        with pytest.raises(IndexError, match="why: index 3 is out of range for size 3"):
            dims.require_in_range(3, 3, "why")

    def test_others_become_guards_of_who_asks(self):
        n = dims.symbol("n")
        with dims.recorded_guards() as guards:
            assert dims.require_equal(n, 3, "why") == 3
            assert dims.require_equal(n, n, "why") == n
        assert [(guard.left, guard.right) for guard in guards] == [(n, 3)]
        assert guards[0].substitute({dims.single_symbol(n): 3}).is_trivial()
        assert not guards[0].holds(4, 3)

    def test_only_sizes_known_to_be_one_stretch(self):
        n, m = dims.symbol("n"), dims.symbol("m")
        assert dims.broadcast([(1, n), (m, 1)], "add") == (m, n)
        with dims.recorded_guards() as guards:
            assert dims.broadcast([(n,), (m,)], "add") in ((n,), (m,))
        assert len(guards) == 1
