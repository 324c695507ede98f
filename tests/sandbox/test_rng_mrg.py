"""The streams under the name of Theano's sandbox."""

from __future__ import annotations

import numpy as np

import croton as ct
from croton.sandbox.rng_mrg import MRG_RandomStreams


def test_they_are_seeded_by_default_and_take_theanos_options() -> None:
    def drawn(stream: MRG_RandomStreams) -> np.ndarray:
        return np.asarray(ct.function([], stream.uniform((4,), nstreams=8))())

    np.testing.assert_array_equal(drawn(MRG_RandomStreams()), drawn(MRG_RandomStreams(12345, use_cuda=False)))
    assert (drawn(MRG_RandomStreams(1)) != drawn(MRG_RandomStreams())).all()
