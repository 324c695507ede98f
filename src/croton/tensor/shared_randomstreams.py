"""Theano's place of random streams whose states are shared variables."""

from croton.frontends.random_stream import RandomStream, RandomStreams

__all__ = ["RandomStream", "RandomStreams"]
