"""Cross-entropies, from probabilities and from logits."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import croton as ct
import croton.tensor as T
from croton.graph.values import EagerValue
from croton.ops import losses

from .agreement import check_gradients, computed, sample

LOGITS = sample((4, 5)) * 3
TARGETS = scipy.special.softmax(sample((4, 5), seed=1), axis=1)
GENTLE = scipy.special.softmax(LOGITS / 9, axis=1)  # no probability so small that differences are inaccurate
LABELS = np.array([0, 4, 2, 2])


@pytest.mark.parametrize("from_logits", [False, True])
def test_categorical(from_logits: bool) -> None:
    output = LOGITS if from_logits else scipy.special.softmax(LOGITS, axis=1)
    expected = -np.sum(TARGETS * scipy.special.log_softmax(LOGITS, axis=1), 1)
    result = computed(lambda t, o: losses.categorical_crossentropy(t, o, from_logits), TARGETS, output)
    np.testing.assert_allclose(result, expected)
    at = LOGITS if from_logits else GENTLE
    check_gradients(lambda o: losses.categorical_crossentropy(TARGETS, o, from_logits), at)


@pytest.mark.parametrize("from_logits", [False, True])
def test_sparse_categorical(from_logits: bool) -> None:
    output = LOGITS if from_logits else scipy.special.softmax(LOGITS, axis=1)
    expected = -scipy.special.log_softmax(LOGITS, axis=1)[np.arange(4), LABELS]
    result = computed(lambda t, o: losses.sparse_categorical_crossentropy(t, o, from_logits), LABELS, output)
    np.testing.assert_allclose(result, expected)
    at = LOGITS if from_logits else GENTLE
    check_gradients(lambda o: losses.sparse_categorical_crossentropy(LABELS, o, from_logits), at)


def test_the_gradient_from_labels_is_softmax_less_one_hot() -> None:
    x = T.matrix("x")
    f = ct.function([x], ct.grad(T.sum(losses.sparse_categorical_crossentropy(LABELS, x, True)), x))
    np.testing.assert_allclose(
        f(LOGITS), scipy.special.softmax(LOGITS, axis=1) - np.eye(5)[LABELS], atol=1e-15
    )


@pytest.mark.parametrize("mode", ["compile", "interpret"])
@pytest.mark.parametrize("label", [5, -1])
def test_a_label_out_of_range_is_an_error_that_names_it(mode: str, label: int) -> None:
    labels, x = T.ivector("labels"), T.matrix("x")
    loss = losses.sparse_categorical_crossentropy(labels, x, True)
    f = ct.function([labels, x], ct.grad(T.sum(loss), x), mode=mode)
    given = np.array([0, label, 1, 2], "int32")
    message = f"sparse_categorical_crossentropy: label {label} is out of range for 5 classes"
    with pytest.raises(IndexError, match=message) as caught:
        f(given, LOGITS)
    if mode == "compile":
        assert __file__ in str(caught.value)  # the line that made the loss
    with pytest.raises(IndexError, match=message):
        losses.sparse_categorical_crossentropy(given, EagerValue.factory(LOGITS), True)
    np.testing.assert_allclose(f(np.array([0, 1, 1, 2], "int32"), LOGITS).sum(), 0, atol=1e-12)


def test_labels_must_be_integers_of_one_axis_less() -> None:
    with pytest.raises(TypeError, match="integers"):
        losses.sparse_categorical_crossentropy(T.vector(), T.matrix())
    with pytest.raises(ValueError, match="1 axes"):
        losses.sparse_categorical_crossentropy(T.imatrix(), T.matrix())


def test_distributions_must_have_as_many_axes() -> None:
    with pytest.raises(
        ValueError, match="expected a target with 2 axes, or integer labels with one less, got 1"
    ):
        T.nnet.categorical_crossentropy(T.matrix(), T.vector())


def test_impossible_things_that_do_not_happen_cost_nothing() -> None:
    one_hot, certain = np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])
    np.testing.assert_array_equal(computed(losses.categorical_crossentropy, one_hot, certain), [0.0])
    np.testing.assert_array_equal(computed(losses.binary_crossentropy, one_hot, certain), [[0.0, 0.0]])
    far = np.array([[-np.inf, 3.0]])
    result = computed(lambda t, o: losses.categorical_crossentropy(t, o, True), one_hot, far)
    np.testing.assert_array_equal(result, [0.0])


@pytest.mark.parametrize("from_logits", [False, True])
def test_binary(from_logits: bool) -> None:
    target = np.array([0.0, 1.0, 0.3, 0.9])
    logits = np.array([-3.0, 2.0, 0.5, 4.0])
    output = logits if from_logits else scipy.special.expit(logits)
    p = scipy.special.expit(logits)
    expected = -(target * np.log(p) + (1 - target) * np.log(1 - p))
    result = computed(lambda t, o: losses.binary_crossentropy(t, o, from_logits), target, output)
    np.testing.assert_allclose(result, expected)
    check_gradients(lambda o: losses.binary_crossentropy(target, o, from_logits), output)


def test_binary_from_large_logits_keeps_its_digits() -> None:
    result = computed(
        lambda t, o: losses.binary_crossentropy(t, o, True), np.array([1.0, 0.0]), np.array([50.0, 800.0])
    )
    np.testing.assert_allclose(result, [np.exp(-50.0), 800.0])


def test_theanos_order_of_arguments() -> None:
    p = scipy.special.softmax(LOGITS, axis=1)
    expected = -np.log(p[np.arange(4), LABELS])
    np.testing.assert_allclose(computed(T.nnet.categorical_crossentropy, p, LABELS), expected)
    np.testing.assert_allclose(computed(T.nnet.categorical_crossentropy, p, np.eye(5)[LABELS]), expected)


def test_after_sigmoid_or_softmax_losses_are_those_of_logits() -> None:
    x, t = T.vector("x"), np.array([1, 1, 0.5, 0, 0])
    binary = losses.binary_crossentropy(t, T.nnet.sigmoid(x))
    value, slope = ct.function([x], [binary, ct.grad(T.sum(binary), x)])(np.array([-1e3, -40, 0, 40, 1e3]))
    np.testing.assert_allclose(value, [1e3, 40, np.log(2), 40, 1e3])
    np.testing.assert_allclose(slope, [-1, -1, 0, 1, 1], atol=1e-15)
    m, far = T.matrix("m"), np.array([[1e4, 0.0], [-1e4, 1e4]])
    shares, labels = np.array([[0, 1.0], [0.5, 0.5]]), np.array([1, 0])
    found = [
        losses.categorical_crossentropy(shares, T.nnet.softmax(m)),
        losses.sparse_categorical_crossentropy(labels, T.nnet.softmax(m)),
    ]
    f = ct.function([m], [*found, *(ct.grad(T.sum(loss), m) for loss in found)])
    for result, expected in zip(
        f(far), [[1e4, 1e4], [1e4, 2e4], [[1, -1], [-0.5, 0.5]], [[1, -1], [-1, 1]]], strict=True
    ):
        np.testing.assert_allclose(result, expected, atol=1e-12)


def test_the_gradient_by_the_probabilities_themselves() -> None:
    x = T.matrix("x")
    p = T.nnet.softmax(x)
    loss = T.sum(losses.sparse_categorical_crossentropy(LABELS, p))
    slope = ct.function([x], ct.grad(loss, p))(LOGITS)
    expected = -np.eye(5)[LABELS] / scipy.special.softmax(LOGITS, axis=1)
    np.testing.assert_allclose(slope, expected)


def test_signal_to_noise_ratio() -> None:
    first, second = sample((3, 4)), sample((3, 4), seed=1)
    expected = 10 * np.log10(9.0 / np.mean((first - second) ** 2))
    np.testing.assert_allclose(computed(lambda a, b: losses.psnr(a, b, 3.0), first, second), expected)
    with pytest.raises(ValueError, match="psnr: axis 1: 4 and 3 differ"):
        losses.psnr(first, second[:, :3], 1.0)
