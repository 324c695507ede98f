"""Sizes that are only known when a compiled function runs."""

from __future__ import annotations

from croton.graph.dims import Expression


def is_symbolic_dim(size: object) -> bool:
    """Whether a size is symbolic: in shapes of Keras it is None."""
    return isinstance(size, Expression)
