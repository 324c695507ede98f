"""Attention over keys and values."""

from __future__ import annotations

from typing import Any

import croton.tensor as T
from croton.ops import attention, base
from keras_croton.conversion import convert_to_tensor
from keras_croton.nn.arguments import in_common_dtype


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """softmax(scale query key + bias) value for every head.

    query: (batch, queries, heads, width). key, value: (batch, keys, key heads, width). bias, mask: broadcast
    to (batch, heads, queries, keys); where the mask is False a key does not count. scale: 1 / sqrt(width) if
    None. flash_attention: accepted, as it says how and not what; the compiler chooses that.
    attn_logits_soft_cap: for accelerators, ignored.

    Raises:
        ValueError: not 4 axes.
    """
    query, key, value = in_common_dtype(query, key, value)
    if any(base.rank_of(array) != 4 for array in (query, key, value)):
        raise ValueError(
            "`dot_product_attention` only supports 4D inputs. "
            f"Received: query.shape={query.shape}, key.shape={key.shape}, value.shape={value.shape}."
        )
    bias, mask = (_with_four_axes(array, query.shape[2]) for array in (bias, mask))
    return attention.dot_product_attention(query, key, value, bias, mask, scale, is_causal)


def _with_four_axes(array: Any, heads: Any) -> Any:
    """(..., queries, keys) as (batch, heads, queries, keys)."""
    if array is None:
        return None
    array = convert_to_tensor(array)
    while base.rank_of(array) < 4:
        per_head = base.rank_of(array) == 3 and array.shape[1] == heads
        array = T.expand_dims(array, 2 if per_head else 1)
    return array
