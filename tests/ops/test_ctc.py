"""Connectionist temporal classification against the sum over all alignments, one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.special

import croton as ct
import croton.tensor as T
from croton.graph.errors import NotDifferentiableError

from .agreement import NDArray, check_gradients, computed, sample

SCORES = sample((6, 6, 4)) * 1.5
STEPS = np.array([6, 5, 4, 4, 3, 6])
LABELS = np.array([[1, 2, 3], [1, 1, 2], [2, 0, 0], [3, 3, 3], [0, 0, 0], [2, 2, 2]])
COUNTS = np.array([3, 3, 1, 3, 0, 3])  # the fourth needs 5 steps and has 4


def enumerated(scores: NDArray, labels: list[int], blank: int) -> float:
    """Minus the log of the sum of probabilities of all paths that write the labels."""
    logs = scipy.special.log_softmax(scores, -1)
    paths = []
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        written = [label for label, _ in itertools.groupby(path) if label != blank]
        if written == labels:
            paths.append(sum(logs[step, label] for step, label in enumerate(path)))
    return -float(scipy.special.logsumexp(paths)) if paths else np.inf


@pytest.mark.parametrize("blank", [0, 3])
def test_losses(blank: int) -> None:
    labels = LABELS if blank == 0 else np.where(LABELS == 3, 0, LABELS)
    counts = COUNTS if blank == 0 else np.minimum(COUNTS, 2)
    expected = [enumerated(SCORES[b, : STEPS[b]], labels[b, : counts[b]].tolist(), blank) for b in range(6)]
    result = computed(lambda t, o, n, m: T.nnet.ctc_loss(t, o, n, m, blank), labels, SCORES, counts, STEPS)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_theanos_order_and_padding() -> None:
    padded = np.where(np.arange(3) < COUNTS[:, None], LABELS, -1).astype("int32")
    result = computed(T.nnet.ctc.ctc, SCORES.transpose(1, 0, 2), padded, STEPS.astype("int32"))
    np.testing.assert_allclose(result, T.nnet.ctc_loss(LABELS, SCORES, COUNTS, STEPS).data, rtol=1e-14)


def test_gradients_to_second_order() -> None:
    possible = [0, 1, 2, 4, 5]
    check_gradients(
        lambda x: T.nnet.ctc_loss(LABELS[possible], x, COUNTS[possible], STEPS[possible]), SCORES[possible]
    )


def test_the_gradient_is_what_the_model_says_less_what_the_labels_say() -> None:
    x = T.tensor3("x")
    loss = T.nnet.ctc_loss(LABELS, x, COUNTS, STEPS)
    gradient = ct.function([x], ct.grad(T.sum(T.where(T.isinf(loss), 0.0, loss)), x))(SCORES)
    np.testing.assert_allclose(gradient.sum(-1), 0, atol=1e-14)
    assert (gradient[3] == 0).all()  # labels that do not fit
    assert (gradient[4, 3:] == 0).all()  # steps that do not count


def test_large_scores_neither_overflow_nor_lose_the_gradient() -> None:
    x = T.tensor3("x")
    loss = T.nnet.ctc_loss(LABELS[:1], x, COUNTS[:1], STEPS[:1])
    f = ct.function([x], [loss, ct.grad(T.sum(loss), x)])
    for scale in (1e3, 1e30):
        value, gradient = f(SCORES[:1] * scale)
        assert np.isfinite(value).all() and np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0.5


def test_single_and_half_precision() -> None:
    for dtype, tolerance in (("float32", 1e-5), ("float16", 1e-2)):
        scores = SCORES.astype(dtype)
        result = computed(lambda o: T.nnet.ctc_loss(LABELS, o, COUNTS, STEPS), scores)
        assert result.dtype == np.float32
        exact = T.nnet.ctc_loss(LABELS, scores.astype("float64"), COUNTS, STEPS).data
        np.testing.assert_allclose(result, exact, rtol=tolerance)


def test_nothing_to_do() -> None:
    empty = np.zeros((2, 0, 4))
    result = computed(
        lambda o: T.nnet.ctc_loss(np.array([[1], [1]]), o, np.array([0, 1]), np.array([0, 0])), empty
    )
    np.testing.assert_array_equal(result, [0, np.inf])
    none = np.zeros((0, 3), np.int64)
    length = np.zeros(0, np.int64)
    assert computed(lambda o: T.nnet.ctc_loss(none, o, length, length), np.zeros((0, 5, 4))).shape == (0,)


@pytest.mark.parametrize("mode", ["compile", "interpret"])
@pytest.mark.parametrize(
    ("labels", "counts", "steps", "error", "message"),
    [
        (LABELS + 3, COUNTS, STEPS, IndexError, "label 4 is out of range for 4 classes"),
        (LABELS, COUNTS, STEPS + 1, ValueError, "an input length of 7 is not from 0 to 6 steps"),
        (LABELS, COUNTS - 1, STEPS, ValueError, "a label length of -1 is not from 0 to 3"),
    ],
)
def test_bad_input_is_named(
    mode: str, labels: NDArray, counts: NDArray, steps: NDArray, error: type[Exception], message: str
) -> None:
    t, n, m = T.lmatrix("t"), T.lvector("n"), T.lvector("m")
    f = ct.function([t, n, m], T.nnet.ctc_loss(t, SCORES, n, m), mode=mode)
    with pytest.raises(error, match=message):
        f(labels, counts, steps)


def test_bad_shapes_and_third_derivatives() -> None:
    with pytest.raises(ValueError, match="expected labels with 2 axes, got 1"):
        T.nnet.ctc.ctc(T.tensor3(), T.lvector(), T.lvector())
    with pytest.raises(ValueError, match="the blank is class 4 of 4"):
        T.nnet.ctc_loss(LABELS, SCORES, COUNTS, STEPS, 4)
    with pytest.raises(ValueError, match="entries of the batch"):
        T.nnet.ctc_loss(LABELS[:2], SCORES, COUNTS, STEPS)
    x = T.tensor3("x")
    value = T.sum(T.nnet.ctc_loss(LABELS[:1], x, COUNTS[:1], STEPS[:1]))
    for _ in range(2):
        value = T.sum(ct.grad(value, x) ** 2)
    with pytest.raises(NotDifferentiableError, match="ctc_curvature has no gradient"):
        ct.grad(value, x)


@pytest.mark.parametrize("merge", [True, False])
def test_greedy_decoding(merge: bool) -> None:
    scores = sample((5, 9, 3)) * 2
    lengths = np.array([9, 4, 0, 7, 9])
    x, n = T.tensor3("x"), T.lvector("n")
    labels, cost = ct.function([x, n], list(T.nnet.ctc_decode(x, n, merge)))(scores, lengths)
    for entry, length in enumerate(lengths):
        best = scores[entry, :length].argmax(-1).tolist()
        path = [label for label, _ in itertools.groupby(best)] if merge else best
        written = [label for label in path if label != 0]
        assert labels[entry].tolist() == written + [-1] * (9 - len(written))
        np.testing.assert_allclose(cost[entry], -scores[entry, :length].max(-1).sum(), atol=1e-12)


def test_a_label_may_be_the_blank_class() -> None:
    scores = SCORES[:1, :3]
    labels = np.array([[1, 0, 2]])
    result = computed(lambda o: T.nnet.ctc_loss(labels, o, np.array([3]), np.array([3])), scores)
    logs = scipy.special.log_softmax(scores[0], -1)
    np.testing.assert_allclose(result, [-(logs[0, 1] + logs[1, 0] + logs[2, 2])], rtol=1e-12)


def labellings(scores: NDArray, blank: int) -> list[tuple[float, list[int]]]:
    """All labels and the logarithms of their probabilities, the best first."""
    logs = scipy.special.log_softmax(scores, -1)
    found: dict[tuple[int, ...], list[float]] = {}
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        written = tuple(label for label, _ in itertools.groupby(path) if label != blank)
        found.setdefault(written, []).append(sum(logs[step, label] for step, label in enumerate(path)))
    totals = [(float(scipy.special.logsumexp(paths)), list(written)) for written, paths in found.items()]
    return sorted(totals, reverse=True)


def beams(scores: NDArray, *arguments: object) -> tuple[NDArray, NDArray]:
    """Labels and log-probabilities, compiled and not."""
    labels, totals = (
        computed(lambda o, part=part: T.nnet.ctc.ctc_beam_search(o, *arguments)[part], scores)
        for part in range(2)
    )
    return labels, totals


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_wide_beam_finds_the_best_labels(blank: int, dtype: str) -> None:
    scores = (sample((4, 5, 3)) * 2).astype(dtype)
    lengths = np.array([5, 4, 1, 0])
    labels, totals = beams(scores, lengths, 400, 4, blank)
    assert totals.dtype == dtype
    for entry, length in enumerate(lengths):
        best = labellings(scores[entry, :length].astype("float64"), blank)[:4]
        for path, (total, written) in enumerate(best):
            assert labels[entry, path].tolist() == written + [-1] * (5 - len(written))
            np.testing.assert_allclose(totals[entry, path], total, rtol=1e-5, atol=1e-6)
        assert (totals[entry, len(best) :] == -np.inf).all() and (labels[entry, len(best) :] == -1).all()


@pytest.mark.parametrize("width", [1, 2, 7])
def test_a_narrow_beam_has_each_labelling_once_and_at_most_all_of_its_probability(width: int) -> None:
    scores, lengths = sample((20, 12, 5)) * 1.5, np.full(20, 12)
    labels, totals = beams(scores, lengths, width, width)
    for entry in range(20):
        assert len({tuple(path) for path in labels[entry]}) == width
        repeated = np.repeat(scores[entry : entry + 1], width, 0)
        counts = (labels[entry] >= 0).sum(1)
        exact = -T.nnet.ctc_loss(np.maximum(labels[entry], 1), repeated, counts, lengths[:width]).data
        assert (totals[entry] <= exact + 1e-9).all()


def test_beams_of_scores_that_are_no_numbers() -> None:
    labels, totals = beams(np.full((1, 3, 4), np.nan), np.array([3]), 4, 2)
    assert (labels == -1).all() and (totals == -np.inf).all()


def test_bad_arguments_of_a_beam_search() -> None:
    with pytest.raises(ValueError, match="beam_width and top_paths must be 1 or more, got 0 and 1"):
        T.nnet.ctc.ctc_beam_search(SCORES, STEPS, 0)
    with pytest.raises(ValueError, match="the blank is class 4 of 4"):
        T.nnet.ctc.ctc_beam_search(SCORES, STEPS, mask_index=4)
    with pytest.raises(ValueError, match="log-probabilities of 3 axes and lengths of 1, got 3 and 2"):
        T.nnet.ctc.ctc_beam_search(SCORES, STEPS[:, None])
