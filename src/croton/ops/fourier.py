"""Discrete Fourier transforms, of any length, as `numpy.fft` defines them.

One operation does all: complex numbers to complex numbers, real numbers to the first half of their spectrum
(the other half being its mirror image), and such a half to real numbers. Each is the transpose of another,
so derivatives of every order are transforms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from croton.codegen.kernels import shared_kernel
from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import FLOAT32
from croton.graph.errors import DTypeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.kernel_text import around_axis

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfft_pairs",
    "irfftn",
    "rfft",
    "rfft2",
    "rfft_pairs",
    "rfftfreq",
    "rfftn",
]

_KINDS = ("complex", "to_half", "from_half")
_SCALES = ("none", "root", "size")
_FILES = ("fourier_plan.c", "fourier_stages.c", "fourier_rows.c", "fourier.c")
_MATHS = ("ct_sin_f64", "ct_cos_f64", "ct_two_product_f64")
_CALL = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    {sizes}
    const ct_int shape[] = {{outer, n, inner, {kind}, {backward}, {scale}}};
    return {kernel}(context, pointers, shape);
}}
"""


def half_of(size: Dim) -> Dim:
    """How many numbers of a spectrum of this size are not mirror images of others."""
    return dims.add(dims.floordiv(size, 2), 1)


class Fourier(KernelOperation):
    """A discrete Fourier transform along an axis.

    kind: "complex", or "to_half" from real numbers, or "from_half" to real numbers. size: of the real axis
    for "from_half", else None. backward: with positive exponents; "to_half" is forward, "from_half" backward.
    scale: what the result is divided by: "none", the "root" of the size, or the "size".
    """

    kind: str
    axis: int
    backward: bool
    scale: str
    size: Dim | None = None
    name = "fourier"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        operand = operands[0]
        real = self.kind == "to_half"
        allowed = (dtypes.FLOAT32, dtypes.FLOAT64) if real else dtypes.COMPLEXES
        if operand.dtype not in allowed:
            raise DTypeError(f"fourier: {self.kind} is not defined for dtype {operand.dtype.name}")
        shape = list(operand.shape)
        if self.size is not None:
            dims.require_equal(shape[self.axis], half_of(self.size), "fourier: half of the spectrum")
            shape[self.axis] = self.size
        dims.require_at_least(shape[self.axis], 1, "fft: number of points")
        if self.kind == "to_half":
            shape[self.axis] = half_of(shape[self.axis])
        part = dtypes.real_dtype(operand.dtype)
        return (TensorType(part if self.kind == "from_half" else dtypes.complex_dtype(part), tuple(shape)),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        from scipy import fft as reference

        norm = _norm_of(self.backward, self.scale)
        operand = operands[0]
        if self.kind == "to_half":
            return (np.asarray(reference.rfft(operand, axis=self.axis, norm=norm)),)
        if self.kind == "from_half":
            return (np.asarray(reference.irfft(operand, n=self.size, axis=self.axis, norm=norm)),)
        function = reference.ifft if self.backward else reference.fft
        return (np.asarray(function(operand, axis=self.axis, norm=norm)),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Array]:
        from croton.ops.arithmetic import multiply

        cotangent = cotangents[0]
        if self.kind == "complex":
            return [apply_one(self.changed(backward=not self.backward), cotangent)]
        size = base.shape_of(operands[0] if self.kind == "to_half" else outputs[0])[self.axis]
        weights = _mirror_weights(size, cotangent, self.axis, base.rank_of(cotangent))
        if self.kind == "to_half":
            halved = multiply(cotangent, weights)
            return [apply_one(Fourier("from_half", self.axis, True, self.scale, size), halved)]
        spectrum = apply_one(Fourier("to_half", self.axis, False, self.scale), cotangent)
        return [_divided(spectrum, weights)]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        part = dtypes.real_dtype(operands[0].dtype)
        real = "float" if part == FLOAT32 else "double"
        kernel = shared_kernel(f"ct_fourier_{part.name}", _FILES, {"REAL": real}, _MATHS)
        rank = operands[0].rank
        name = f"{kernel.name}_{self.kind}_{int(self.backward)}_{self.scale}_{self.axis}_of_{rank}"
        source = _CALL.format(
            name=name,
            sizes=around_axis(rank, self.axis, rank if self.kind == "from_half" else 0),
            kind=_KINDS.index(self.kind),
            backward=int(self.backward),
            scale=_SCALES.index(self.scale),
            kernel=kernel.call,
        )
        return CFunction(name, source, cost=5.0, kernels=(kernel,))


def _norm_of(backward: bool, scale: str) -> str:
    """What NumPy calls this scale: the direction that is divided by the size."""
    if scale == "root":
        return "ortho"
    return "backward" if backward == (scale == "size") else "forward"


def _scale_of(norm: str | None, backward: bool, what: str) -> str:
    if norm not in (None, "backward", "ortho", "forward"):
        raise ValueError(f'{what}: norm must be None, "backward", "ortho" or "forward", got {norm!r}')
    if norm == "ortho":
        return "root"
    return "size" if backward == (norm in (None, "backward")) else "none"


def _mirror_weights(size: Dim, beside: Array, axis: int, rank: int) -> Array:
    """1/2 for numbers of a half spectrum that stand for a mirror image too, else 1; along an axis."""
    from croton.ops.arithmetic import multiply, where
    from croton.ops.comparison import equal, logical_or
    from croton.ops.gathering import iota_beside, number_beside
    from croton.ops.shape import reshape

    half = half_of(size)
    place = iota_beside(half, beside)
    single = logical_or(equal(place, 0), equal(multiply(place, 2), number_beside(size, place)))
    dtype = dtypes.real_dtype(base.dtype_of(beside))
    weights = where(single, base.cast(1.0, dtype), base.cast(0.5, dtype))
    return reshape(weights, tuple(half if a == axis else 1 for a in range(rank)))


def _divided(spectrum: Array, weights: Array) -> Array:
    from croton.ops.arithmetic import divide

    return divide(spectrum, weights)


def _operand(x: object, real: bool, what: str) -> Array:
    """x as floating numbers that can be transformed: half precisions in single, integers in double."""
    array = base.as_array(x)
    dtype = base.dtype_of(array)
    if base.rank_of(array) == 0:
        raise ValueError(f"{what}: expected at least one axis, got a scalar")
    if real and dtypes.is_complex(dtype):
        raise DTypeError(f"{what}: expected real numbers, got {dtype.name}")
    wide = dtypes.compute_dtype(dtype) if dtypes.is_inexact(dtype) else dtypes.FLOAT64
    return base.cast(array, wide if real else dtypes.complex_dtype(wide))


def _points(n: Any, what: str) -> Dim:
    (points,) = base.as_dims(n)
    if isinstance(points, int) and points < 1:
        raise ValueError(f"{what}: number of points must be positive, got {points}")
    return points


def _resized(array: Array, size: Dim, axis: int) -> Array:
    """The first `size` elements along an axis, with zeros after the last one where there are fewer."""
    from croton.ops.shape import concatenate
    from croton.ops.slicing import slice_axis, zeros_of

    shape = base.shape_of(array)
    if shape[axis] == size:
        return array
    kept = dims.minimum(size, shape[axis])
    first = slice_axis(array, axis, 0, kept)
    missing = dims.subtract(size, kept)
    if missing == 0:
        return first
    rest = zeros_of(array, tuple(missing if a == axis else s for a, s in enumerate(shape)))
    return concatenate([first, rest], axis)


def _complex(x: object, n: Any, axis: int, norm: str | None, backward: bool, what: str) -> Array:
    array = _operand(x, False, what)
    position = base.normalize_axis(axis, base.rank_of(array), what)
    if n is not None:
        array = _resized(array, _points(n, what), position)
    return apply_one(Fourier("complex", position, backward, _scale_of(norm, backward, what)), array)


def _from_half(x: object, n: Any, axis: int, norm: str | None, what: str, is_backward: bool = True) -> Array:
    array = _operand(x, False, what)
    position = base.normalize_axis(axis, base.rank_of(array), what)
    size = base.shape_of(array)[position]
    points = dims.multiply(2, dims.subtract(size, 1)) if n is None else _points(n, what)
    if isinstance(points, int) and points < 1:
        raise ValueError(f"{what}: number of points must be positive, got {points}")
    scale = _scale_of(norm, is_backward, what)
    return apply_one(
        Fourier("from_half", position, True, scale, points), _resized(array, half_of(points), position)
    )


def fft(a: object, n: Any = None, axis: int = -1, norm: str | None = None) -> Array:
    """sum(a[j] exp(-2 pi i j k / n)) along an axis, for k < n: complex.

    n: the number of points, the size of the axis if None; other elements are left out, missing ones 0. May
    be known only while running. norm: None or "backward": as above; "ortho": divided by the root of n;
    "forward": by n. float32 and below give complex64.

    Raises:
        ValueError: n < 1, a is a scalar, or no such norm.
    """
    return _complex(a, n, axis, norm, False, "fft")


def ifft(a: object, n: Any = None, axis: int = -1, norm: str | None = None) -> Array:
    """The inverse of `fft` with the same norm: by default sum(a[k] exp(2 pi i j k / n)) / n."""
    return _complex(a, n, axis, norm, True, "ifft")


def rfft(a: object, n: Any = None, axis: int = -1, norm: str | None = None) -> Array:
    """The first n // 2 + 1 elements of `fft` for real a; the others are their conjugates, backwards.

    Raises:
        DTypeError: a is complex.
    """
    array = _operand(a, True, "rfft")
    position = base.normalize_axis(axis, base.rank_of(array), "rfft")
    if n is not None:
        array = _resized(array, _points(n, "rfft"), position)
    return apply_one(Fourier("to_half", position, False, _scale_of(norm, False, "rfft")), array)


def irfft(a: object, n: Any = None, axis: int = -1, norm: str | None = None) -> Array:
    """The inverse of `rfft` with the same norm: real, of n elements, 2 (size - 1) if None."""
    return _from_half(a, n, axis, norm, "irfft")


def hfft(a: object, n: Any = None, axis: int = -1, norm: str | None = None) -> Array:
    """`fft` of a signal whose first half is given and whose second half mirrors it, conjugated: real."""
    from croton.ops.complex_numbers import conj

    return _from_half(conj(_operand(a, False, "hfft")), n, axis, norm, "hfft", False)


def ihfft(a: object, n: Any = None, axis: int = -1, norm: str | None = None) -> Array:
    """The inverse of `hfft`: the first half of `ifft` for real a."""
    from croton.ops.complex_numbers import conj

    opposite = {None: "forward", "backward": "forward", "forward": "backward"}
    return conj(rfft(a, n, axis, opposite.get(norm, norm)))


def _axes(x: object, s: Any, axes: Any, what: str) -> tuple[list[Any], list[int]]:
    """Numbers of points (None: the size) and axes for transforms over several axes."""
    rank = base.rank_of(base.as_array(x))
    sizes = None if s is None else list(s)
    if axes is None:
        axes = range(rank) if sizes is None else range(rank - len(sizes), rank)
    listed = [base.normalize_axis(axis, rank, what) for axis in axes]
    if sizes is not None and len(sizes) != len(listed):
        raise ValueError(f"{what}: {len(sizes)} numbers of points for {len(listed)} axes")
    return (sizes if sizes is not None else [None] * len(listed)), listed


def fftn(a: object, s: Any = None, axes: Any = None, norm: str | None = None) -> Array:
    """`fft` along several axes, all (or the last len(s)) when None; s: their numbers of points."""
    sizes, listed = _axes(a, s, axes, "fftn")
    result = _operand(a, False, "fftn")
    for n, axis in zip(reversed(sizes), reversed(listed), strict=True):
        result = _complex(result, n, axis, norm, False, "fftn")
    return result


def ifftn(a: object, s: Any = None, axes: Any = None, norm: str | None = None) -> Array:
    """The inverse of `fftn`."""
    sizes, listed = _axes(a, s, axes, "ifftn")
    result = _operand(a, False, "ifftn")
    for n, axis in zip(reversed(sizes), reversed(listed), strict=True):
        result = _complex(result, n, axis, norm, True, "ifftn")
    return result


def rfftn(a: object, s: Any = None, axes: Any = None, norm: str | None = None) -> Array:
    """`rfft` along the last of several axes, then `fft` along the others."""
    sizes, listed = _axes(a, s, axes, "rfftn")
    if not listed:
        raise ValueError("rfftn: needs at least one axis")
    result = rfft(a, sizes[-1], listed[-1], norm)
    for n, axis in zip(reversed(sizes[:-1]), reversed(listed[:-1]), strict=True):
        result = fft(result, n, axis, norm)
    return result


def irfftn(a: object, s: Any = None, axes: Any = None, norm: str | None = None) -> Array:
    """The inverse of `rfftn`; s gives the size of the last axis, which is 2 (size - 1) if None."""
    sizes, listed = _axes(a, s, axes, "irfftn")
    if not listed:
        raise ValueError("irfftn: needs at least one axis")
    result = _operand(a, False, "irfftn")
    for n, axis in zip(sizes[:-1], listed[:-1], strict=True):
        result = ifft(result, n, axis, norm)
    return irfft(result, sizes[-1], listed[-1], norm)


def fft2(a: object, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """`fftn` over two axes."""
    return fftn(a, s, axes, norm)


def ifft2(a: object, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """`ifftn` over two axes."""
    return ifftn(a, s, axes, norm)


def rfft2(a: object, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """`rfftn` over two axes."""
    return rfftn(a, s, axes, norm)


def irfft2(a: object, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """`irfftn` over two axes."""
    return irfftn(a, s, axes, norm)


def fftshift(x: object, axes: Any = None) -> Array:
    """x with frequency 0 moved to the middle of axes, all when None."""
    return _shifted(x, axes, "fftshift", 0)


def ifftshift(x: object, axes: Any = None) -> Array:
    """The inverse of `fftshift`."""
    return _shifted(x, axes, "ifftshift", 1)


def _shifted(x: object, axes: Any, what: str, more: int) -> Array:
    from croton.ops.rearranging import roll

    array = base.as_array(x)
    shape = base.shape_of(array)
    listed = base.normalize_axes(axes, len(shape), what)
    shifts = [dims.floordiv(dims.add(shape[axis], more), 2) for axis in listed]
    return roll(array, shifts, listed) if listed else array


def fftfreq(n: Any, d: Any = 1.0) -> Array:
    """The frequencies of `fft` for n points at distance d: 0, 1, ... -2, -1, divided by n d."""
    from croton.ops.arithmetic import subtract, where
    from croton.ops.comparison import less
    from croton.ops.gathering import number_beside
    from croton.ops.shape import iota

    points = _points(n, "fftfreq")
    place = iota(points)
    ahead = number_beside(dims.floordiv(dims.add(points, 1), 2), place)
    number = where(less(place, ahead), place, subtract(place, number_beside(points, place)))
    return _frequencies(number, points, d)


def rfftfreq(n: Any, d: Any = 1.0) -> Array:
    """The frequencies of `rfft` for n points at distance d: 0, 1, ... n // 2, divided by n d."""
    from croton.ops.shape import iota

    points = _points(n, "rfftfreq")
    return _frequencies(iota(half_of(points)), points, d)


def _frequencies(number: Array, points: Dim, d: Any) -> Array:
    from croton.ops.arithmetic import divide, multiply
    from croton.ops.gathering import number_beside

    return divide(base.cast(number, "float64"), multiply(number_beside(points, number), d))


def rfft_pairs(inp: object, norm: str | None = None) -> Array:
    """Theano's `theano.tensor.fft.rfft`: real (m, ..., n) to pairs of real numbers (m, ..., n // 2 + 1, 2).

    The first axis counts transforms over all the others. norm: None, "ortho" or "no_norm", neither
    direction divided.
    """
    from croton.ops.complex_numbers import imag, real
    from croton.ops.shape import stack

    array = _operand(inp, True, "rfft_pairs")
    spectrum = rfftn(array, axes=range(1, base.rank_of(array)), norm=None if norm == "no_norm" else norm)
    return stack([real(spectrum), imag(spectrum)], -1)


def irfft_pairs(inp: object, norm: str | None = None, is_odd: bool = False) -> Array:
    """The inverse of `rfft_pairs`, Theano's `theano.tensor.fft.irfft`; is_odd: whether n is odd."""
    from croton.ops.complex_numbers import complex_
    from croton.ops.indexing import getitem
    from croton.ops.shape import broadcast_to

    array = _operand(inp, True, "irfft_pairs")
    shape = base.shape_of(array)
    rank = len(shape)
    if rank < 3 or (isinstance(shape[-1], int) and shape[-1] != 2):
        raise ValueError(f"irfft_pairs: expected (m, ..., n // 2 + 1, 2), got {dims.format_shape(shape)}")
    array = broadcast_to(array, (*shape[:-1], 2))
    spectrum = complex_(getitem(array, (..., 0)), getitem(array, (..., 1)))
    last = dims.add(dims.multiply(2, dims.subtract(shape[-2], 1)), int(is_odd))
    direction = "forward" if norm == "no_norm" else norm
    return irfftn(spectrum, (*shape[1:-2], last), range(1, rank - 1), direction)
