"""Sequences without alignment: what Keras's functions add to Croton's."""

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from keras_croton import nn

from ..ops.agreement import computed, sample

SCORES = sample((3, 5, 4), "float32")
LENGTHS = np.array([5, 3, 0], "int32")


def test_losses_are_float32_at_least() -> None:
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        loss = nn.ctc_loss([[1, 2]] * 3, SCORES.astype("float32"), [2, 2, 0], LENGTHS)
        assert loss.dtype == "float32"
        assert nn.ctc_loss([[1, 2]] * 3, sample((3, 5, 4), dtype), [2, 2, 0], LENGTHS).dtype == (
            "float64" if dtype == "float64" else "float32"
        )


@pytest.mark.parametrize("strategy", ["greedy", "beam_search"])
def test_decoding_compiled_as_eager(strategy: str) -> None:
    batch = T.tensor("float32", shape=(None, 5, 4))
    compiled = ct.function([batch], nn.ctc_decode(batch, LENGTHS, strategy, top_paths=2))(SCORES)
    eager = nn.ctc_decode(SCORES, LENGTHS, strategy, top_paths=2)
    paths = 1 if strategy == "greedy" else 2
    assert [part.shape for part in compiled] == [(paths, 3, 5), (3, paths)]
    assert [part.dtype.name for part in compiled] == ["int32", "float32"]
    np.testing.assert_array_equal(compiled[0], eager[0])
    np.testing.assert_allclose(compiled[1], eager[1], rtol=1e-6)


def test_the_blank_may_be_the_last_class() -> None:
    scores = np.log(np.eye(4, dtype="float32")[[[3, 1, 1, 3, 1]]] + 1e-6)
    for strategy in ("greedy", "beam_search"):
        labels, _ = nn.ctc_decode(scores, [5], strategy, mask_index=None)
        np.testing.assert_array_equal(labels, [[[1, 1, -1, -1, -1]]])


def test_repetitions_may_stay() -> None:
    scores = np.eye(4, dtype="float32")[[[3, 1, 1, 0, 1]]]
    labels = computed(lambda x: nn.ctc_decode(x, [5], merge_repeated=False)[0], scores)
    np.testing.assert_array_equal(labels, [[[3, 1, 1, 1, -1]]])


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match=r"Invalid strategy best. Supported values are 'greedy'"):
        nn.ctc_decode(SCORES, LENGTHS, "best")
    with pytest.raises(ValueError, match="expected \\(batch, steps, classes\\), received: shape"):
        nn.ctc_loss([[1]], SCORES[0], [1], [5])
