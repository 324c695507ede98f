"""Theano's names of softmaxes and cross-entropies, where Theano has them."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import scipy.special

import croton as ct
import croton.tensor as T

RANDOM = np.random.default_rng(3)
X, B = RANDOM.standard_normal((4, 5)) * 3, RANDOM.standard_normal(5)
LABELS = np.array([0, 4, 2, 2], "int32")
SOFTMAX = scipy.special.softmax(X, axis=1)
WITH_BIAS = scipy.special.softmax(X + B, axis=1)
LOSSES = -np.log(WITH_BIAS[np.arange(4), LABELS])


def test_every_public_name_is_there() -> None:
    for name in T.nnet.__all__:
        assert callable(getattr(T.nnet, name)), name
    with pytest.raises(AttributeError, match="no attribute 'conv9d'"):
        _ = T.nnet.conv9d


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("nnet", ["softmax", "categorical_crossentropy", "relu", "h_softmax"]),
        ("sigm", ["sigmoid", "hard_sigmoid", "ultra_fast_sigmoid", "softplus"]),
        ("bn", ["batch_normalization", "batch_normalization_train", "batch_normalization_test"]),
        ("neighbours", ["images2neibs", "neibs2images"]),
        ("ctc", ["ctc"]),
        ("blocksparse", ["sparse_block_dot"]),
    ],
)
def test_theanos_modules(module: str, names: list[str]) -> None:
    found = getattr(T.nnet, module)
    assert found is import_module(f"croton.tensor.nnet.{module}")
    assert all(callable(getattr(found, name)) for name in names)


def test_softmaxes() -> None:
    x, b = T.matrix("x"), T.vector("b")
    found = ct.function(
        [x, b],
        [T.nnet.softmax(x), T.nnet.softmax_graph(x), T.nnet.softmax_with_bias(x, b), T.nnet.logsoftmax(x)],
    )(X, B)
    for result, expected in zip(found, [SOFTMAX, SOFTMAX, WITH_BIAS, np.log(SOFTMAX)], strict=True):
        np.testing.assert_allclose(result, expected)


def test_a_vector_counts_as_a_row() -> None:
    """As in Theano, whose programs then take result[0]; the softmax of T keeps the shape."""
    expected = scipy.special.softmax(B)
    np.testing.assert_allclose(T.nnet.softmax(T.constant(B)).data, expected[np.newaxis])
    np.testing.assert_allclose(T.nnet.logsoftmax(T.constant(B)).data, np.log(expected)[np.newaxis])
    np.testing.assert_allclose(T.nnet.softmax(T.constant(B), axis=0).data, expected)
    np.testing.assert_allclose(T.softmax(T.constant(B)).data, expected)


def test_crossentropies_of_softmax() -> None:
    x, b, y = T.matrix("x"), T.vector("b"), T.ivector("y")
    outputs = [
        *T.nnet.crossentropy_softmax_1hot_with_bias(x, b, y),
        *T.nnet.crossentropy_softmax_argmax_1hot_with_bias(x, b, y),
        *T.nnet.crossentropy_softmax_max_and_argmax_1hot_with_bias(x, b, y),
        *T.nnet.crossentropy_softmax_1hot(x + b, y),
        *T.nnet.crossentropy_softmax_max_and_argmax_1hot(x + b, y),
    ]
    found = ct.function([x, b, y], outputs)(X, B, LABELS)
    best, most = WITH_BIAS.max(1), WITH_BIAS.argmax(1)
    both = [LOSSES, WITH_BIAS]
    expected = [*both, *both, most, *both, best, most, *both, *both, best, most]
    for result, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(result, wanted)


def test_crossentropies_of_probabilities() -> None:
    p, y = T.matrix("p"), T.ivector("y")
    by_label = T.nnet.categorical_crossentropy(p, y)
    found = ct.function([p, y], [by_label, T.nnet.crossentropy_categorical_1hot(p, y)])(WITH_BIAS, LABELS)
    np.testing.assert_allclose(found, [LOSSES, LOSSES])
    shares = T.nnet.categorical_crossentropy(WITH_BIAS, SOFTMAX).data
    np.testing.assert_allclose(shares, -(SOFTMAX * np.log(WITH_BIAS)).sum(1))
    binary = T.nnet.binary_crossentropy(WITH_BIAS, SOFTMAX).data
    np.testing.assert_allclose(binary, -(SOFTMAX * np.log(WITH_BIAS) + (1 - SOFTMAX) * np.log1p(-WITH_BIAS)))
    logits = np.array([-1e3, 0.0, 1e3])
    np.testing.assert_allclose(
        T.nnet.sigmoid_binary_crossentropy(logits, np.array([1.0, 0.5, 0.0])).data, [1e3, np.log(2), 1e3]
    )


def test_large_logits_neither_overflow_nor_lose_the_gradient() -> None:
    x, y = T.matrix("x"), T.ivector("y")
    nll = T.mean(T.nnet.categorical_crossentropy(T.nnet.softmax(x), y))
    f = ct.function([x, y], [nll, ct.grad(nll, x)])
    loss, gradient = f(X * 1e4, LABELS)
    assert np.isfinite(loss) and loss > 1e3
    one_hot = np.eye(5)[LABELS]
    np.testing.assert_allclose(gradient, (scipy.special.softmax(X * 1e4, 1) - one_hot) / 4, atol=1e-12)


def test_columns_in_front() -> None:
    x = T.matrix("x")
    outputs = [
        T.nnet.nnet.prepend_scalar_to_each_row(2.5, x),
        T.nnet.prepend_0_to_each_row(x),
        T.nnet.prepend_1_to_each_row(x),
    ]
    for result, number in zip(ct.function([x], outputs)(X), [2.5, 0, 1], strict=True):
        np.testing.assert_array_equal(result, np.c_[np.full(4, number), X])
    with pytest.raises(ValueError, match="expected a number and a matrix, got 1 and 2 axes"):
        T.nnet.prepend_scalar_to_each_row(T.vector(), x)


class TestHierarchicalSoftmax:
    batch, features, classes, per_class, outputs = 4, 3, 3, 4, 10
    x = RANDOM.standard_normal((batch, features))
    w1, b1 = RANDOM.standard_normal((features, classes)), RANDOM.standard_normal(classes)
    w2 = RANDOM.standard_normal((classes, features, per_class))
    b2 = RANDOM.standard_normal((classes, per_class))

    def expected(self) -> np.ndarray:
        first = scipy.special.softmax(self.x @ self.w1 + self.b1, 1)
        second = scipy.special.softmax(np.einsum("bf,cfo->bco", self.x, self.w2) + self.b2, 2)
        return (first[:, :, None] * second).reshape(self.batch, -1)[:, : self.outputs]

    def test_all_outputs_and_those_of_targets(self) -> None:
        sizes = (self.batch, self.outputs, self.classes, self.per_class)
        x, y = T.matrix("x"), T.lvector("y")
        parameters = (self.w1, self.b1, self.w2, self.b2)
        whole, chosen = T.nnet.h_softmax(x, *sizes, *parameters), T.nnet.h_softmax(x, *sizes, *parameters, y)
        targets = np.array([0, 5, 9, 3])
        found = ct.function([x, y], [whole, chosen])(self.x, targets)
        np.testing.assert_allclose(found[0], self.expected())
        np.testing.assert_allclose(found[1], self.expected()[np.arange(4), targets])
        with pytest.raises(IndexError):
            ct.function([x, y], chosen)(self.x, np.array([0, 12, 9, 3]))


def test_chosen_blocks() -> None:
    w, h, b = (
        RANDOM.standard_normal((5, 6, 3, 2)),
        RANDOM.standard_normal((4, 2, 3)),
        RANDOM.standard_normal((6, 2)),
    )
    sources, targets = RANDOM.integers(0, 5, (4, 2)), RANDOM.integers(0, 6, (4, 3))
    expected = np.array(
        [[b[o] + sum(h[n, i] @ w[sources[n, i], o] for i in range(2)) for o in targets[n]] for n in range(4)]
    )
    x = T.tensor3("x")
    f = ct.function([x], T.nnet.sparse_block_dot(w, x, sources, b, targets))
    np.testing.assert_allclose(f(h), expected)
    np.testing.assert_allclose(T.nnet.sparse_block_dot(w, h[0], sources[0], b, targets[0]).data, expected[0])
    with pytest.raises(IndexError, match="out of range for axis 0 of size 5"):
        T.nnet.sparse_block_dot(w, h, sources + 5, b, targets)
    with pytest.raises(ValueError, match="expected W, h, inputIdx and outputIdx"):
        T.nnet.sparse_block_dot(w[0], h, sources, b, targets)


def test_confusion_matrix() -> None:
    actual, guess = np.array([3, 1, 3, -2, 1, 3]), np.array([3, 7, 1, -2, 1, 3])
    expected = np.zeros((4, 4), int)
    order = [-2, 1, 3, 7]
    for row, column in zip(actual, guess, strict=True):
        expected[order.index(row), order.index(column)] += 1
    a, p = T.lvector("a"), T.ivector("p")
    counts, classes = ct.function([a, p], T.nnet.confusion_matrix(a, p))(actual, guess.astype("int32"))
    assert classes.tolist() == order and counts.tolist() == expected.tolist()
    counts, classes = T.nnet.confusion_matrix(actual, guess)
    assert classes.data.tolist() == order and counts.data.tolist() == expected.tolist()
    with pytest.raises(TypeError, match="confusion_matrix: expected integers, got float64"):
        T.nnet.confusion_matrix(a, T.vector())
    with pytest.raises(ValueError, match="confusion_matrix: expected vectors, got 2 axes"):
        T.nnet.confusion_matrix(a, T.imatrix())
