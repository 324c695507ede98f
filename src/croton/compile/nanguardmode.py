"""The mode that finds NaN, under the name of Theano's `compile.nanguardmode`."""

from croton.graph.faults import NanGuardMode

__all__ = ["NanGuardMode"]
