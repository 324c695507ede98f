"""Errors: what they name, and that nothing changed."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError

MODES = pytest.mark.parametrize("mode", ["compile", "interpret"])


@pytest.fixture
def training():
    """A function with state, and its state."""
    w = ct.shared(np.ones(3), "w")

    def make(mode):
        x, i = T.dmatrix("x"), T.lvector("i")
        product = x @ w  # the line that errors name
        return ct.function(
            [x, i], product.sum(), updates=[(w, w + x[i].sum(axis=0))], name="train", mode=mode
        )

    return make, w


@MODES
@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (
            (np.ones(3), [0]),
            ShapeError,
            r"train: argument 'x': expected 2 axes \(float64.*\), got shape \(3,\)",
        ),
        (
            (np.ones((2, 3), complex), [0]),
            DTypeError,
            "train: argument 'x': expected float64, got complex128",
        ),
        ((np.ones((2, 3)), [0.5]), DTypeError, "train: argument 'i': expected int64, got float64"),
        (("text", [0]), TypeError, "train: argument 'x': expected an array, got str"),
        ((None, [0]), TypeError, "train: argument 'x': expected an array, got NoneType"),
        (([[1.0, 2], [3]], [0]), TypeError, "train: argument 'x': expected an array, got list"),
        ((T.dmatrix("y"), [0]), TypeError, "train: argument 'x': expected an array, got the symbolic y"),
        ((np.ones((2, 4)), [0]), ShapeError, r"\b[34]\b.*\b[34]\b"),
        ((np.ones((2, 3)), [0, 2]), IndexError, "2 is out of (range|bounds).*size 2"),
        ((np.ones((2, 3)), [-3]), IndexError, "-3 is out of (range|bounds).*size 2"),
        ((np.ones((0, 3)), [0]), IndexError, "0 is out of (range|bounds).*size 0"),
    ],
)
def test_messages_name_argument_expectation_and_what_came(training, mode, arguments, error, said):
    make, w = training
    train = make(mode)
    with pytest.raises(error, match=said):
        train(*arguments)
    np.testing.assert_array_equal(w.get_value(), np.ones(3))
    assert train(np.ones((2, 3)), [0]) == 6  # and it still works
    np.testing.assert_array_equal(w.get_value(), np.full(3, 2.0))


def test_sizes_that_do_not_fit_name_the_line_of_the_user(training):
    make, _ = training
    with pytest.raises(ShapeError, match=r"(?s)train: .*test_bad_input\.py\", line \d+, in make"):
        make("compile")(np.ones((2, 4)), [0])


def test_shapes_known_to_differ_are_errors_at_once():
    with pytest.raises(ShapeError, match=r"add: shapes \(2,\) and \(3,\)"):
        T.tensor("float64", shape=(2,)) + T.tensor("float64", shape=(3,))


@pytest.mark.parametrize("use", [bool, int, float, len, list, np.asarray])
def test_a_symbolic_variable_is_no_number(use):
    x = T.dscalar("x")
    with pytest.raises(TypeError):
        use(x)


def test_an_array_is_true_where_an_argument_may_be_none():
    x, w = T.dmatrix("x"), ct.shared(np.zeros((2, 3)))
    assert x and w and T.dot(w, x)


@pytest.mark.parametrize("truth", [lambda x: x > 0, lambda x: T.eq(x, 1).any(), lambda x: x.sum()])
def test_python_cannot_branch_on_numbers_that_are_not_known(truth):
    with pytest.raises(TypeError, match="only known when the function is called"):
        bool(truth(T.dmatrix("x")))
    with pytest.raises(TypeError, match="only known when the function is called"):
        ct.jit(lambda x: 1 if x else 2)(np.ones(3))


def test_sizes_that_are_not_known_cannot_be_branched_on():
    x = T.dvector("x")
    with pytest.raises(TypeError, match="only known when the function is called"):
        bool(x.shape[0] > 3) if not hasattr(x.shape[0], "terms") else bool(x.shape[0])


class Raises(ct.Op):
    """Copies its input unless that holds a negative number."""

    __props__ = ()

    def make_node(self, x):
        return ct.Apply(self, [x], [T.dvector()])

    def perform(self, node, inputs, output_storage):
        if (inputs[0] < 0).any():
            raise RuntimeError("negative")
        output_storage[0][0] = inputs[0].copy()

    def infer_shape(self, fgraph, node, shapes):
        return shapes


@MODES
def test_an_exception_in_an_op_comes_through_and_changes_nothing(mode):
    w = ct.shared(np.zeros(3), "w")
    u = ct.shared(np.zeros(3), "u")
    x = T.dvector("x")
    f = ct.function([x], None, updates=[(u, u + 1), (w, w + Raises()(x))], mode=mode)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="negative"):
            f(np.array([1.0, -1, 2]))
    np.testing.assert_array_equal(w.get_value(), 0)
    np.testing.assert_array_equal(u.get_value(), 0)
    f(np.ones(3))
    np.testing.assert_array_equal(w.get_value(), 1)


@MODES
def test_not_a_number_and_infinity_are_numbers(mode):
    x = T.dvector("x")
    given = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0])
    outputs = [
        x * 0,
        x - x,
        T.maximum(x, 0.0),
        T.minimum(x, 1.0),
        T.sum(x),
        T.max(x),
        T.exp(x),
        T.sqrt(x),
        1 / x,
    ]
    with np.errstate(all="ignore"):
        expected = [
            given * 0, given - given, np.maximum(given, 0), np.minimum(given, 1), given.sum(), given.max(),
            np.exp(given), np.sqrt(given), 1 / given,
        ]  # fmt: skip
        found = ct.function([x], outputs, mode=mode)(given)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(left, right)
