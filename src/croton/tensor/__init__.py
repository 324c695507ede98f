"""Every operation, for symbolic and for eager values alike; use as `import croton.tensor as T`."""

import typing
from importlib import import_module

from croton.frontends.constructors import CONSTRUCTORS, PLURALS, as_tensor_variable, constant, tensor
from croton.frontends.filled import empty, eye, identity, ones, tri, zeros
from croton.frontends.variables import SharedVariable as TensorSharedVariable
from croton.ops.activations import *
from croton.ops.aliases import *
from croton.ops.argmax import argmax, argmin, max_and_argmax
from croton.ops.arithmetic import *
from croton.ops.base import cast
from croton.ops.bits import *
from croton.ops.checks import *
from croton.ops.comparison import *
from croton.ops.complex_numbers import *
from croton.ops.contraction import (
    batched_dot,
    batched_tensordot,
    dot,
    inner,
    kron,
    matmul,
    outer,
    tensordot,
    vdot,
)
from croton.ops.creation import (
    alloc,
    arange,
    diag,
    diagflat,
    diagonal,
    empty_like,
    identity_like,
    indices,
    linspace,
    logspace,
    meshgrid,
    one_hot,
    to_one_hot,
    trace,
    tril,
    triu,
)
from croton.ops.cumulative import cummax, cummin, cumprod, cumsum, linear_recurrence
from croton.ops.einsum import einsum
from croton.ops.exponential import *
from croton.ops.gathering import (
    argwhere,
    choose,
    compress,
    extract,
    flatnonzero,
    nonzero,
    select,
    take,
    take_along_axis,
)
from croton.ops.gradient_control import stop_gradient
from croton.ops.indexing import inc_subtensor, index_update, set_subtensor
from croton.ops.joining import *
from croton.ops.norms import norm
from croton.ops.padding import cross, diff, ediff1d, pad
from croton.ops.rearranging import (
    addbroadcast,
    array_split,
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    column_stack,
    dimshuffle,
    dsplit,
    dstack,
    flatten,
    flip,
    fliplr,
    flipud,
    hsplit,
    hstack,
    moveaxis,
    patternbroadcast,
    ravel,
    repeat,
    roll,
    rollaxis,
    rot90,
    shape,
    shape_padaxis,
    shape_padleft,
    shape_padright,
    split,
    swapaxes,
    tile,
    unbroadcast,
    vsplit,
    vstack,
)
from croton.ops.reduction import all, amax, amin, any, count_nonzero, max, mean, min, prod, ptp, sum
from croton.ops.relative import *
from croton.ops.rounding import *
from croton.ops.scattering import segment_max, segment_min, segment_prod, segment_sum
from croton.ops.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    full,
    full_like,
    ones_like,
    reshape,
    specify_shape,
    squeeze,
    stack,
    transpose,
    zeros_like,
)
from croton.ops.slicing import dynamic_slice, dynamic_update_slice
from croton.ops.softmax import log_softmax, logsumexp, softmax
from croton.ops.special import *
from croton.ops.statistics import average, nanmax, nanmean, nanmin, nanprod, nansum, std, var
from croton.ops.trigonometric import *
from croton.tensor import nnet, random, signal
from croton.tensor.sort import *
from croton.tensor.var import *

as_tensor = as_tensor_variable
dot22 = dot
globals().update(CONSTRUCTORS)
globals().update(PLURALS)

# What few programs need is imported when it is first asked for: names by the module they are in, and modules.
_LATE = {
    "croton.frontends.constant_values": "NotScalarConstantError get_scalar_constant_value",
    "croton.gradient": "DisconnectedType Lop Rop consider_constant disconnected_grad grad "
    "grad_not_implemented grad_undefined hessian jacobian numeric_grad verify_grad zero_grad",
    "croton.ops.counting": "bincount histogram histogram_bin_edges",
    "croton.ops.grids": "mgrid ogrid",
    "croton.ops.index_arithmetic": "bartlett fill_diagonal fill_diagonal_offset ravel_multi_index "
    "unravel_index",
    "croton.ops.linear_algebra.determinant": "det",
    "croton.ops.permutations": "inverse_permutation permute_row_elements",
    "croton.ops.quantiles": "median nanmedian nanpercentile nanquantile percentile quantile",
    "croton.ops.scipy_functions": "chi2sf gammainc gammaincc gammal gammau i0 i1 iv j0 j1 jv",
    "croton.ops.searching": "digitize in1d intersect1d isin searchsorted setdiff1d union1d unique",
    "croton.tensor.elemwise": "CAReduce Elemwise",
    "croton.tensor.type": "TensorType all_dtypes complex_dtypes continuous_dtypes discrete_dtypes "
    "float_dtypes int_dtypes integer_dtypes uint_dtypes",
}
_MODULE_OF = {name: module for module, names in _LATE.items() for name in names.split()}
_LATE_MODULES = (
    "basic",
    "elemwise",
    "extra_ops",
    "fft",
    "linalg",
    "nlinalg",
    "raw_random",
    "shared_randomstreams",
    "sharedvar",
    "slinalg",
    "subtensor",
    "type",
    "xlogx",
)


def __getattr__(name: str) -> typing.Any:
    """What is imported late; a loop above makes the constructors (fmatrix, dvector, ...)."""
    if name in _LATE_MODULES:
        return import_module(f"croton.tensor.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'croton.tensor' has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(_MODULE_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF, *_LATE_MODULES})
