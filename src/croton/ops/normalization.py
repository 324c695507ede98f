"""Normalising to mean 0 and variance 1, over features or over a batch."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph import dims, dtypes
from croton.graph.errors import ShapeError
from croton.ops import base, reduction
from croton.ops.arithmetic import add, divide, maximum, multiply, reciprocal, sqrt, square, subtract
from croton.ops.base import Array
from croton.ops.elementwise import in_single, inexact_operands


def moments(x: object, axis: object = None, keepdims: bool = False) -> tuple[Array, Array]:
    """Mean and variance over axes, in two passes; half precisions are calculated in float32."""
    array = base.as_array(x)
    dtype = dtypes.inexact(base.dtype_of(array))
    wide = base.cast(array, dtypes.compute_dtype(dtype))
    center = reduction.mean(wide, axis, keepdims=True)
    spread = reduction.mean(square(subtract(wide, center)), axis, keepdims=keepdims)
    mean = center if keepdims else reduction.mean(wide, axis)
    return base.cast(mean, dtype), base.cast(spread, dtype)


def standardize(x: object, axis: object = -1, epsilon: float = 1e-5) -> Array:
    """(x - mean) / sqrt(variance + epsilon) over axes."""
    array = base.as_array(x)
    dtype = dtypes.inexact(base.dtype_of(array))
    wide = base.cast(array, dtypes.compute_dtype(dtype))
    centered = subtract(wide, reduction.mean(wide, axis, keepdims=True))
    variance = reduction.mean(square(centered), axis, keepdims=True)
    return base.cast(divide(centered, sqrt(add(variance, epsilon))), dtype)


def layer_norm(
    x: object, gamma: object = None, beta: object = None, axis: object = -1, epsilon: float = 1e-5
) -> Array:
    """`standardize` over axes, times gamma, plus beta, which broadcast."""
    result = standardize(x, axis, epsilon)
    if gamma is not None:
        result = multiply(result, gamma)
    return result if beta is None else add(result, beta)


def group_norm(
    x: object,
    groups: int,
    gamma: object = None,
    beta: object = None,
    axis: int = 1,
    epsilon: float = 1e-5,
) -> Array:
    """Normalised over every group of channels, on `axis`, and over all later and earlier axes but the first.

    gamma, beta: one number per channel. Wu and He, "Group normalization", 2018.

    Raises:
        ShapeError: the number of channels is not a multiple of `groups`.
    """
    from croton.ops.shape import reshape

    array = base.as_array(x)
    shape = base.shape_of(array)
    position = base.normalize_axis(axis, len(shape), "group_norm")
    channels = shape[position]
    if position == 0:
        raise ShapeError("group_norm: axis 0 is that of the batch")
    if groups < 1 or (isinstance(channels, int) and channels % groups):
        raise ShapeError(f"group_norm: {channels} channels do not make {groups} groups")
    apart = (*shape[:position], groups, channels // groups, *shape[position + 1 :])
    axes = tuple(other for other in range(1, len(apart)) if other != position)
    result = reshape(standardize(reshape(array, apart), axes, epsilon), shape)
    column = tuple(channels if other == position else 1 for other in range(len(shape)))
    if gamma is not None:
        result = multiply(result, reshape(base.as_array(gamma), column))
    return result if beta is None else add(result, reshape(base.as_array(beta), column))


def rms_normalization(x: object, scale: object = 1, axis: object = -1, epsilon: float = 1e-6) -> Array:
    """x / sqrt(mean(x^2) + epsilon) over axes, times scale (Zhang and Sennrich 2019)."""
    (array,) = inexact_operands(x)

    def normalized(wide: Array) -> Array:
        mean = reduction.mean(square(wide), axis, keepdims=True)
        return divide(wide, sqrt(add(mean, epsilon)))

    result = in_single(normalized, array)
    return result if isinstance(scale, (int, float)) and scale == 1 else multiply(result, scale)


def normalize(x: object, axis: object = -1, order: object = 2, epsilon: float = 1e-12) -> Array:
    """x divided by its norm over an axis, or by epsilon where the norm is smaller."""
    from croton.ops.norms import norm

    (array,) = inexact_operands(x)
    return in_single(lambda v: divide(v, maximum(norm(v, order, axis, keepdims=True), epsilon)), array)


def batch_normalization(
    inputs: object, gamma: object, beta: object, mean: object, std: object, mode: str = "low_mem"
) -> Array:
    """gamma (x - mean) / std + beta, as in Theano; everything broadcasts. `mode` is accepted and ignored."""
    return add(multiply(divide(subtract(inputs, mean), std), gamma), beta)


def _normalized_axes(axes: object, rank: int, name: str) -> tuple[int, ...]:
    if isinstance(axes, str):
        if axes not in ("per-activation", "spatial"):
            raise ValueError(f'{name}: axes must be "per-activation", "spatial" or a tuple, got {axes!r}')
        if axes == "spatial" and rank < 3:
            raise ShapeError(f"{name}: spatial axes need at least 3 axes, got {rank}")
        return (0,) if axes == "per-activation" else (0, *range(2, rank))
    return base.normalize_axes(axes, rank, name)


def _beside(parameter: object, axes: Sequence[int], rank: int, name: str) -> Array:
    """A parameter with an axis of size 1 for each normalised one, which it may have left out."""
    from croton.ops.shape import expand_dims

    array = base.as_array(parameter)
    if base.rank_of(array) == rank:
        return array
    if base.rank_of(array) != rank - len(axes):
        raise ShapeError(
            f"{name}: expected parameters with {rank} or {rank - len(axes)} axes, got {base.rank_of(array)}"
        )
    return expand_dims(array, tuple(axes))


def batch_normalization_train(
    inputs: object,
    gamma: object,
    beta: object,
    axes: object = "per-activation",
    epsilon: float = 1e-4,
    running_average_factor: float = 0.1,
    running_mean: object = None,
    running_var: object = None,
) -> tuple[Array, ...]:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, with moments of the batch (Ioffe, Szegedy 2015).

    axes: "per-activation" (the first), "spatial" (all but the second) or a tuple: those that the moments are
        taken over.
    gamma, beta, running_mean, running_var: of the shape of the inputs with those axes of size 1 or left out.

    Returns the result, the mean and 1 / sqrt(variance + epsilon), and, where running averages are given,
    their new values for `updates`: old (1 - factor) + new factor, the variance without bias.

    Raises:
        ShapeError: a parameter has another number of axes. ValueError: only one running average is given.
    """
    from croton.ops.shape import squeeze

    name = "batch_normalization_train"
    (array,) = inexact_operands(inputs)
    rank, dtype = base.rank_of(array), base.dtype_of(array)
    over = _normalized_axes(axes, rank, name)
    if (running_mean is None) != (running_var is None):
        raise ValueError(f"{name}: running_mean and running_var must be given together")
    short = base.rank_of(base.as_array(gamma)) != rank
    wide = base.cast(array, dtypes.compute_dtype(dtype))
    center, variance = moments(wide, over, keepdims=True)
    inverse = reciprocal(sqrt(add(variance, epsilon)))
    scaled = multiply(multiply(subtract(wide, center), inverse), _beside(gamma, over, rank, name))
    out = base.cast(add(scaled, _beside(beta, over, rank, name)), dtype)

    def like_parameters(statistic: Array) -> Array:
        return squeeze(statistic, over) if short else statistic

    results = [out, like_parameters(center), like_parameters(inverse)]
    if running_mean is None:
        return tuple(results)
    count = base.cast(base.as_array(dims.product([base.shape_of(array)[axis] for axis in over])), dtype)
    unbiased = multiply(variance, divide(count, subtract(count, 1)))
    for running, statistic in ((running_mean, center), (running_var, unbiased)):
        old = base.as_array(running)
        new = squeeze(statistic, over) if base.rank_of(old) != rank else statistic
        mixed = add(multiply(old, 1 - running_average_factor), multiply(new, running_average_factor))
        results.append(base.cast(mixed, base.dtype_of(old)))
    return tuple(results)


def batch_normalization_test(
    inputs: object,
    gamma: object,
    beta: object,
    mean: object,
    var: object,
    axes: object = "per-activation",
    epsilon: float = 1e-4,
) -> Array:
    """gamma (x - mean) / sqrt(var + epsilon) + beta, with given moments; parameters as for training.

    Raises:
        ShapeError: a parameter has another number of axes.
    """
    name = "batch_normalization_test"
    (array,) = inexact_operands(inputs)
    rank, dtype = base.rank_of(array), base.dtype_of(array)
    over = _normalized_axes(axes, rank, name)
    scale, shift, center, spread = (_beside(p, over, rank, name) for p in (gamma, beta, mean, var))
    factor = multiply(scale, reciprocal(sqrt(add(spread, epsilon))))
    return base.cast(add(multiply(subtract(array, center), factor), shift), dtype)
