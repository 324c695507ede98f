"""The LSTM learns to read digits, and what comes after the end of a sequence does not count."""

from __future__ import annotations

import numpy as np
import recurrent_network

import croton as ct
import croton.tensor as T


def test_it_learns() -> None:
    report = recurrent_network.train(epochs=15)
    assert report.losses[-1] < report.losses[0] / 3
    assert report.accuracies[8] > 0.85
    assert list(report.accuracies) == [4, 5, 6, 7, 8]


def test_rows_behind_the_mask_change_nothing() -> None:
    classifier = recurrent_network.Classifier(units=6)
    x, mask = T.ftensor3("x"), T.fmatrix("mask")
    probability = ct.function([x, mask], classifier.probability(x, mask))
    images = np.random.default_rng(0).random((3, 8, 8)).astype("float32")
    lengths = np.array([5, 3, 8])
    sequences, masks = recurrent_network.shown(images, lengths)
    together = probability(sequences, masks)
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-6)
    for n, length in enumerate(lengths):
        alone = probability(sequences[:length, n : n + 1], masks[:length, n : n + 1])
        np.testing.assert_allclose(alone[0], together[n], rtol=1e-5)
