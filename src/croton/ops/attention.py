"""Attention: means of values, weighted by how well their keys fit queries."""

from __future__ import annotations

import math

import numpy as np

from croton.graph import dtypes
from croton.graph.dtypes import BOOL
from croton.graph.errors import ShapeError
from croton.ops import base
from croton.ops.arithmetic import add, multiply, where
from croton.ops.base import Array
from croton.ops.comparison import greater_equal, logical_and
from croton.ops.einsum import einsum
from croton.ops.gathering import iota_beside
from croton.ops.shape import expand_dims, reshape
from croton.ops.softmax import softmax


def dot_product_attention(
    query: object,
    key: object,
    value: object,
    bias: object = None,
    mask: object = None,
    scale: float | None = None,
    is_causal: bool = False,
) -> Array:
    """softmax(scale query key + bias) value for every head (Vaswani et al. 2017).

    query: (batch, queries, heads, width). key, value: (batch, keys, key heads, width), where the number of
    heads is a multiple of that of key heads. bias and mask broadcast to (batch, heads, queries, keys); where
    the mask is False a key does not count. scale: 1 / sqrt(width) when None. is_causal: query i sees keys up
    to i only. A query that sees no key takes the mean of all values.

    Raises:
        ShapeError: other numbers of axes, or heads that do not fit.
    """
    q, k, v = base.as_operands(query, key, value)
    for name, array in (("query", q), ("key", k), ("value", v)):
        if base.rank_of(array) != 4:
            raise ShapeError(f"dot_product_attention: expected {name} with 4 axes, got {base.rank_of(array)}")
    dtype = dtypes.inexact(base.dtype_of(q))
    calculated = dtypes.compute_dtype(dtype)
    q, k, v = (base.cast(array, calculated) for array in (q, k, v))
    batch, queries, heads, width = base.shape_of(q)
    keys, groups = base.shape_of(k)[1:3]
    if isinstance(heads, int) and isinstance(groups, int) and (not groups or heads % groups):
        raise ShapeError(f"dot_product_attention: {heads} heads are no multiple of {groups} key heads")
    if scale is None and not isinstance(width, int):
        from croton.ops.arithmetic import divide, sqrt

        factor: object = divide(1, sqrt(base.cast(base.as_array(width), calculated)))
    else:
        factor = scale if scale is not None else 1 / math.sqrt(max(int(width), 1))
    if heads == groups:
        scores = einsum("btnh,bsnh->bnts", q, k)
    else:
        apart = reshape(q, (batch, queries, groups, heads // groups, width))
        scores = reshape(einsum("btgnh,bsgh->bgnts", apart, k), (batch, heads, queries, keys))
    scores = multiply(scores, factor)
    if bias is not None:
        scores = add(scores, base.cast(bias, calculated))
    allowed = _allowed(mask, is_causal, scores)
    if allowed is not None:
        lowest = np.finfo(calculated).max * -0.7
        scores = where(allowed, scores, base.cast(lowest, calculated))
    weights = softmax(scores, -1)
    if heads == groups:
        return base.cast(einsum("bnts,bsnh->btnh", weights, v), dtype)
    apart = reshape(weights, (batch, groups, heads // groups, queries, keys))
    mixed = einsum("bgnts,bsgh->btgnh", apart, v)
    return base.cast(reshape(mixed, (batch, queries, heads, base.shape_of(v)[-1])), dtype)


def _allowed(mask: object, is_causal: bool, scores: Array) -> Array | None:
    """Which keys count, to broadcast against scores (batch, heads, queries, keys)."""
    allowed = None if mask is None else base.cast(base.as_array(mask), BOOL)
    if not is_causal:
        return allowed
    queries, keys = base.shape_of(scores)[-2:]
    positions = expand_dims(iota_beside(queries, scores), 1)
    causal = greater_equal(positions, expand_dims(iota_beside(keys, scores), 0))
    return causal if allowed is None else logical_and(allowed, causal)
