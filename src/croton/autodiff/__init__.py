"""Graph -> Graph with derivatives."""

from croton.autodiff.reverse import cotangents_of
from croton.ops import control

__all__ = ["cotangents_of"]

control.derivative_of[:] = [cotangents_of]
