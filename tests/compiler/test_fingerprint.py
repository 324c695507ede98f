"""Fingerprints: equal for graphs built alike, in whatever process; different for whatever differs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.compiler.fingerprint import NoFingerprintError, fingerprint
from croton.graph.graph import Graph

BUILD = """
import numpy as np
import croton as ct, croton.tensor as T
from croton.compiler.fingerprint import fingerprint
from croton.graph.graph import Graph

def build(names=("x", "y"), dtype="float64", rows=None, axis=1, constant=3.0, table=0, guard=True, scale=2):
    x = T.tensor(dtype, shape=(rows, None), name=names[0])
    y = T.tensor(dtype, shape=(rows, None if guard else 1), name=names[1])
    numbers = T.constant(np.arange(5.0) + table)
    last, _ = ct.scan_loop(lambda s, e: (s * scale + e.sum(), None), T.constant(0.0), x)
    z = T.sum(T.tanh(x + y) * constant, axis=axis).sum() + numbers.sum() + last
    return Graph.of([x, y], [z, *ct.grad(z, [x])])
"""
scope: dict = {}
exec(BUILD, scope)
build = scope["build"]


def test_equal_graphs_built_twice():
    assert build() is not build()
    assert fingerprint(build()) == fingerprint(build())


def test_names_do_not_matter():
    assert fingerprint(build(names=("a", None))) == fingerprint(build())


def test_another_process_finds_the_same():
    program = BUILD + "T.dmatrix().sum(); print(fingerprint(build()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == fingerprint(build())


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "float32"},
        {"rows": 4},
        {"axis": 0},
        {"constant": 3.5},
        {"table": 1},
        {"guard": False},
        {"scale": 3},
    ],
)
def test_whatever_differs(change):
    """A dtype, a size, a parameter, a number, the content of an array, a guard, the body of a loop."""
    assert fingerprint(build(**change)) != fingerprint(build())


def test_minus_zero_and_zero_differ():
    x = T.dscalar()
    assert fingerprint(Graph.of([x], [x + 0.0])) != fingerprint(Graph.of([x], [x + T.constant(-0.0)]))


def test_which_sizes_are_equal_matters():
    x, y = T.dvector(), T.dvector()
    same, other = Graph.of([x, y], [T.outer(x, x)]), Graph.of([x, y], [T.outer(x, y)])
    assert fingerprint(same) != fingerprint(other)


def test_settings_and_order_of_outputs_matter():
    x = T.dscalar()
    y, z = x + 1, x * 2
    assert fingerprint(Graph.of([x], [y, z])) != fingerprint(Graph.of([x], [z, y]))
    assert fingerprint(Graph.of([x], [y]), ("fusion",)) != fingerprint(Graph.of([x], [y]))


class Mine(ct.Op):
    __props__ = ()

    def make_node(self, x):
        return ct.Apply(self, [x], [T.dvector()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] + 1


def test_operations_of_users_have_none():
    x = T.dvector()
    with pytest.raises(NoFingerprintError):
        fingerprint(Graph.of([x], [Mine()(x)]))
    np.testing.assert_array_equal(ct.function([x], Mine()(x))(np.zeros(2)), 1)
