"""Every operation, for symbolic and for eager values alike; use as `import croton.tensor as T`."""

from croton.frontends.constructors import CONSTRUCTORS, PLURALS, tensor
from croton.ops.activations import *  # noqa: F403
from croton.ops.aliases import *  # noqa: F403
from croton.ops.arithmetic import *  # noqa: F403
from croton.ops.base import as_array as as_tensor_variable, cast
from croton.ops.bits import *  # noqa: F403
from croton.ops.comparison import *  # noqa: F403
from croton.ops.complex_numbers import *  # noqa: F403
from croton.ops.contraction import dot, matmul, outer, tensordot
from croton.ops.exponential import *  # noqa: F403
from croton.ops.relative import *  # noqa: F403
from croton.ops.rounding import *  # noqa: F403
from croton.ops.special import *  # noqa: F403
from croton.ops.trigonometric import *  # noqa: F403
from croton.ops.reduction import all, any, max, mean, min, prod, sum
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

globals().update(CONSTRUCTORS)
globals().update(PLURALS)
