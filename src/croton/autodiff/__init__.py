"""Graph -> Graph with derivatives."""

from croton.autodiff.reverse import cotangents_of

__all__ = ["cotangents_of"]
