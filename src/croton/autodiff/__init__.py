"""Graph -> Graph with derivatives."""

from collections.abc import Sequence

from croton.autodiff.reverse import cotangents_of
from croton.graph.values import Value
from croton.ops import control
from croton.rewrite.pipeline import stabilize

__all__ = ["cotangents_of"]


def _differentiate(
    outputs: Sequence[Value], seeds: Sequence[Value], wrt: Sequence[Value]
) -> list[Value | None]:
    return cotangents_of(outputs, seeds, wrt, stabilize=stabilize)


control.derivative_of[:] = [_differentiate]
