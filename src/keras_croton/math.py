"""Keras's math functions: segments, the largest elements, distances, special functions, transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from croton.graph import dtypes
from croton.ops import arithmetic, base, comparison, norms, reduction, scattering, softmax, sorting, special
from croton.ops.gathering import take_along_axis
from croton.ops.shape import expand_dims
from keras_croton import numpy
from keras_croton.conversion import convert_to_tensor, shape
from keras_croton.fourier import (
    _get_complex_tensor_from_tuple,
    extract_sequences,
    fft,
    fft2,
    ifft2,
    irfft,
    istft,
    rfft,
    stft,
)
from keras_croton.numpy.promotion import floating, floating_operands

__all__ = [
    "_get_complex_tensor_from_tuple",
    "cdist",
    "erf",
    "erfc",
    "erfinv",
    "extract_sequences",
    "fft",
    "fft2",
    "ifft2",
    "in_top_k",
    "irfft",
    "istft",
    "logdet",
    "logsumexp",
    "rfft",
    "rsqrt",
    "segment_max",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "stft",
    "top_k",
]


def segment_sum(data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False) -> Any:
    """Row i is the sum of the rows of `data` whose id is i; rows whose id is outside are left out.

    Without `num_segments` there are as many rows as the largest id says. `sorted` changes nothing.
    """
    return _segments(scattering.segment_sum, data, segment_ids, num_segments)


def segment_max(data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False) -> Any:
    """As `segment_sum`, the largest; the lowest number of the dtype where no row has the id."""
    return _segments(scattering.segment_max, data, segment_ids, num_segments)


def segment_min(data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False) -> Any:
    """As `segment_sum`, the smallest; the highest number of the dtype where no row has the id."""
    return _segments(scattering.segment_min, data, segment_ids, num_segments)


def segment_prod(data: Any, segment_ids: Any, num_segments: Any = None, sorted: bool = False) -> Any:
    """As `segment_sum`, the product; 1 where no row has the id."""
    return _segments(scattering.segment_prod, data, segment_ids, num_segments)


def _segments(function: Any, data: Any, segment_ids: Any, num_segments: Any) -> Any:
    """Rows without a segment go to one more, which is cut off."""
    ids = base.cast(convert_to_tensor(segment_ids), dtypes.INT64)
    if num_segments is None:
        num_segments = arithmetic.add(reduction.max(ids), 1)
    (count,) = base.as_dims(num_segments)
    inside = comparison.logical_and(comparison.greater_equal(ids, 0), comparison.less(ids, count))
    found = function(convert_to_tensor(data), arithmetic.where(inside, ids, count), count + 1)
    return found[:count]


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """The k largest elements along the last axis, the largest first, and their int32 positions."""
    return sorting.top_k(convert_to_tensor(x), k, sorted)


def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether fewer than k of the predictions (batch, classes) are above that of the target (batch,)."""
    predictions = convert_to_tensor(predictions)
    own = take_along_axis(predictions, expand_dims(convert_to_tensor(targets), -1), -1)
    own = arithmetic.where(comparison.isnan(own), base.cast(-np.inf, base.dtype_of(own)), own)
    larger = reduction.sum(base.cast(comparison.greater(predictions, own), dtypes.INT32), -1)
    return comparison.less(larger, k)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over axes, without overflow."""
    return softmax.logsumexp(floating(x), axis, keepdims)


def cdist(x: Any, y: Any) -> Any:
    """Euclidean distances between the rows of x (..., m, d) and those of y (..., n, d): (..., m, n).

    Raises:
        ValueError: fewer than two axes, or rows of different sizes.
    """
    first, second = floating_operands(convert_to_tensor(x), convert_to_tensor(y))
    if base.rank_of(first) < 2 or base.rank_of(second) < 2:
        raise ValueError(f"`cdist` inputs must have rank >= 2. Received: {shape(first)} and {shape(second)}")
    if shape(first)[-1] != shape(second)[-1]:
        raise ValueError(
            f"Last dimension of inputs to `cdist` must match. Received: {shape(first)} and {shape(second)}"
        )
    differences = arithmetic.subtract(expand_dims(first, -2), expand_dims(second, -3))
    return norms.euclidean_norm(differences, -1)


def rsqrt(x: Any) -> Any:
    """1 / sqrt(x)."""
    x = floating(x)
    return arithmetic.divide(base.cast(1, base.dtype_of(x)), arithmetic.sqrt(x))


def erf(x: Any) -> Any:
    """The error function."""
    return special.erf(floating(x))


def erfc(x: Any) -> Any:
    """1 - erf(x), also where that is small."""
    return special.erfc(floating(x))


def erfinv(x: Any) -> Any:
    """The inverse of `erf`: infinite at -1 and 1, NaN outside."""
    return special.erfinv(floating(x))


def logdet(x: Any) -> Any:
    """log(|det(x)|) of matrices (..., n, n)."""
    return numpy.slogdet(x)[1]
