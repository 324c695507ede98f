"""Cross-entropies: from logits, from probabilities, and from probabilities that a softmax or sigmoid made."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import croton as ct
import croton.tensor as T
from keras_croton import nn

from ..ops.agreement import check_gradients, computed, sample

LOGITS = sample((6, 4)) * 3
LABELS = np.array([0, 3, 1, 1, 2, 0])
ONE_HOT = np.eye(4)[LABELS]
EXPECTED = -(ONE_HOT * scipy.special.log_softmax(LOGITS, -1)).sum(-1)


FORMULAS = {
    "logits": lambda x: nn.categorical_crossentropy(ONE_HOT, x, from_logits=True),
    "sparse logits": lambda x: nn.sparse_categorical_crossentropy(LABELS, x, from_logits=True),
    "softmax": lambda x: nn.categorical_crossentropy(ONE_HOT, nn.softmax(x)),
    "sparse softmax": lambda x: nn.sparse_categorical_crossentropy(LABELS, nn.softmax(x)),
    "probabilities": lambda x: nn.categorical_crossentropy(ONE_HOT, T.exp(x)),
    "sparse probabilities": lambda x: nn.sparse_categorical_crossentropy(LABELS, T.exp(x)),
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_one_loss_in_several_forms(formula: Callable[..., Any]) -> None:
    np.testing.assert_allclose(computed(formula, LOGITS), EXPECTED, rtol=1e-9)
    check_gradients(formula, LOGITS, rtol=1e-5)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("cast", [False, True])
def test_a_compiled_softmax_is_seen_through(sparse: bool, cast: bool) -> None:
    """Where probabilities underflow, the loss is what the logits say: so it is in a training step."""
    x = T.fmatrix("x")
    probabilities = nn.softmax(x)
    if cast:  # as in mixed precision
        probabilities = T.cast(nn.softmax(T.cast(x, "float16")), "float32")
    loss = nn.sparse_categorical_crossentropy if sparse else nn.categorical_crossentropy
    output = loss(LABELS[:1] if sparse else ONE_HOT[:1].astype("float32"), probabilities)
    compiled = ct.function([x], [output, ct.grad(T.sum(output), x)])
    value, slope = compiled(np.array([[-200, 0, 0, 0]], "float32"))
    np.testing.assert_allclose(value, [200 + np.log(3)], rtol=1e-3)
    np.testing.assert_allclose(slope, [[-1, 1 / 3, 1 / 3, 1 / 3]], rtol=1e-3)


def test_a_compiled_sigmoid_is_seen_through() -> None:
    x = T.fvector("x")
    value = ct.function([x], nn.binary_crossentropy(np.ones(2, "float32"), nn.sigmoid(x)))
    np.testing.assert_allclose(value(np.array([-200, 200], "float32")), [200, 0], atol=1e-6)


def test_probabilities_keep_a_distance_from_0_and_1() -> None:
    certain = np.array([[1, 0, 0, 0]], "float32")
    for loss in (
        nn.categorical_crossentropy(certain[:, ::-1].copy(), certain),
        nn.sparse_categorical_crossentropy([3], certain),
        nn.binary_crossentropy(np.ones(1, "float32"), np.zeros(1, "float32")),
    ):
        np.testing.assert_allclose(loss, [-np.log(1e-7)], rtol=1e-6)


@pytest.mark.parametrize("from_logits", [False, True])
def test_other_axes(from_logits: bool) -> None:
    x = np.moveaxis(LOGITS.reshape(2, 3, 4), -1, 1).copy()
    given = x if from_logits else scipy.special.softmax(x, 1)
    labels, hot = LABELS.reshape(2, 3), np.moveaxis(ONE_HOT.reshape(2, 3, 4), -1, 1).copy()
    for result in (
        computed(lambda v: nn.sparse_categorical_crossentropy(labels, v, from_logits, axis=1), given),
        computed(lambda v: nn.categorical_crossentropy(hot, v, from_logits, axis=1), given),
    ):
        np.testing.assert_allclose(result.ravel(), EXPECTED, rtol=1e-5)


@pytest.mark.parametrize("from_logits", [False, True])
def test_binary(from_logits: bool) -> None:
    target, x = scipy.special.expit(sample((3, 4), seed=1)), sample((3, 4))
    p = scipy.special.expit(x)
    given = x if from_logits else p
    formula = lambda v: nn.binary_crossentropy(target, v, from_logits)  # noqa: E731
    expected = -(target * np.log(p) + (1 - target) * np.log(1 - p))
    np.testing.assert_allclose(computed(formula, given), expected, rtol=1e-9)
    check_gradients(formula, given, rtol=1e-5)


@pytest.mark.parametrize("label", [-1, 4])
def test_labels_that_are_no_class_are_refused(label: int) -> None:
    labels = T.lvector("labels")
    for from_logits in (False, True):
        loss = nn.sparse_categorical_crossentropy(labels, LOGITS, from_logits)
        with pytest.raises(IndexError, match=f"label {label} is out of range for 4 classes"):
            ct.function([labels], loss)(np.where(LABELS == 3, label, LABELS))


def test_labels_may_be_floats_and_have_an_axis_of_their_own() -> None:
    column = LABELS[:, None].astype("float32")
    np.testing.assert_allclose(nn.sparse_categorical_crossentropy(column, LOGITS, True), EXPECTED)


def test_shapes_that_differ() -> None:
    with pytest.raises(ValueError, match="`target` and `output` must have the same shape"):
        nn.categorical_crossentropy(ONE_HOT[:, :2], LOGITS)
    with pytest.raises(ValueError, match="must be at least rank 1"):
        nn.categorical_crossentropy(1.0, 1.0)
    with pytest.raises(ValueError, match="`target` and `output` must have the same shape"):
        nn.binary_crossentropy(ONE_HOT[:2], LOGITS)
    with pytest.raises(ValueError, match="same shape up until the last dimension"):
        nn.sparse_categorical_crossentropy(LABELS[:2], LOGITS)
    with pytest.raises(ValueError, match="`output` must be at least rank 1"):
        nn.sparse_categorical_crossentropy(1, 1.0)
    with pytest.raises(ValueError, match="must match for PSNR calculation"):
        nn.psnr(np.zeros(2), np.zeros(3), 1.0)


def test_psnr() -> None:
    first, second = sample((4, 5)), sample((4, 5), seed=1)
    expected = 10 * np.log10(4 / np.mean((first - second) ** 2))
    np.testing.assert_allclose(computed(lambda a, b: nn.psnr(a, b, 2.0), first, second), expected)
