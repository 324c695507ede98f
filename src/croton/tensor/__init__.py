"""Every operation, for symbolic and for eager values alike; use as `import croton.tensor as T`."""

from croton.frontends.constructors import CONSTRUCTORS, PLURALS, tensor
from croton.ops.activations import *  # noqa: F403
from croton.ops.aliases import *  # noqa: F403
from croton.ops.arithmetic import *  # noqa: F403
from croton.ops.base import as_array as as_tensor_variable, cast
from croton.ops.bits import *  # noqa: F403
from croton.ops.comparison import *  # noqa: F403
from croton.ops.complex_numbers import *  # noqa: F403
from croton.ops.argmax import argmax, argmin, max_and_argmax
from croton.ops.contraction import batched_dot, dot, inner, kron, matmul, outer, tensordot, vdot
from croton.ops.cumulative import cummax, cummin, cumprod, cumsum, linear_recurrence
from croton.ops.determinant import det
from croton.ops.einsum import einsum
from croton.ops.exponential import *  # noqa: F403
from croton.ops.relative import *  # noqa: F403
from croton.ops.rounding import *  # noqa: F403
from croton.ops.special import *  # noqa: F403
from croton.ops.trigonometric import *  # noqa: F403
from croton.ops.norms import norm
from croton.ops.reduction import all, amax, amin, any, count_nonzero, max, mean, min, prod, ptp, sum
from croton.ops.softmax import log_softmax, logsumexp, softmax
from croton.ops.statistics import average, nanmax, nanmean, nanmin, nanprod, nansum, std, var
from croton.ops.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    full,
    full_like,
    ones_like,
    reshape,
    squeeze,
    stack,
    transpose,
    zeros_like,
)
from croton.ops.stop_gradient import stop_gradient
from croton.tensor import linalg, nnet, random

globals().update(CONSTRUCTORS)
globals().update(PLURALS)
