"""What Theano keeps in `theano.tensor.extra_ops`."""

from croton.ops.counting import bincount
from croton.ops.creation import linspace, logspace, to_one_hot
from croton.ops.cumulative import cumprod, cumsum
from croton.ops.gathering import compress
from croton.ops.index_arithmetic import (
    bartlett,
    fill_diagonal,
    fill_diagonal_offset,
    ravel_multi_index,
    unravel_index,
)
from croton.ops.padding import diff
from croton.ops.rearranging import broadcast_arrays, repeat
from croton.ops.searching import searchsorted, unique
from croton.ops.shape import broadcast_to, squeeze

__all__ = [
    "bartlett",
    "bincount",
    "broadcast_arrays",
    "broadcast_to",
    "compress",
    "cumprod",
    "cumsum",
    "diff",
    "fill_diagonal",
    "fill_diagonal_offset",
    "linspace",
    "logspace",
    "ravel_multi_index",
    "repeat",
    "searchsorted",
    "squeeze",
    "to_one_hot",
    "unique",
    "unravel_index",
]
