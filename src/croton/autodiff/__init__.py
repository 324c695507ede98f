"""Graph -> Graph with derivatives."""

from croton.autodiff.forward import tangents_of
from croton.autodiff.reverse import cotangents_of
from croton.ops import control, control_forward

__all__ = ["cotangents_of", "tangents_of"]

control.derivative_of[:] = [cotangents_of]
control_forward.tangents_in[:] = [tangents_of]
