"""`MRG_RandomStreams`, as Theano names it: the same streams as everywhere, seeded by default."""

from __future__ import annotations

from croton.frontends.random_stream import RandomStream

__all__ = ["MRG_RandomStream", "MRG_RandomStreams"]


class MRG_RandomStreams(RandomStream):
    """A `RandomStream` of seed 12345 unless another is given."""

    def __init__(self, seed: int | None = 12345, use_cuda: object = None) -> None:
        """`use_cuda` is accepted for Theano's sake."""
        super().__init__(seed)


MRG_RandomStream = MRG_RandomStreams
