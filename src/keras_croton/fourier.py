"""Fourier transforms, with real and imaginary parts as tensors of their own, and sequences of signals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras.src.backend.common import standardize_dtype

from croton.graph import dtypes
from croton.ops import arithmetic, base, comparison, complex_numbers, creation, fourier
from croton.ops.gathering import gather
from croton.ops.indexing import index_update
from croton.ops.padding import pad
from croton.ops.shape import expand_dims
from keras_croton.conversion import convert_to_tensor, shape
from keras_croton.numpy.promotion import floating

Parts = tuple[Any, Any]


def _get_complex_tensor_from_tuple(x: Any) -> Any:
    """One complex tensor of real and imaginary parts.

    Raises:
        ValueError: it is not a pair of floating tensors of one shape.
    """
    expected = "Input `x` should be a tuple of two tensors - real and imaginary."
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"{expected} Received: x={x}")
    real, imaginary = (convert_to_tensor(part) for part in x)
    if shape(real) != shape(imaginary):
        raise ValueError(
            f"{expected} Both the real and imaginary parts should have the same shape. "
            f"Received: x[0].shape = {shape(real)}, x[1].shape = {shape(imaginary)}"
        )
    if not all(dtypes.is_float(base.dtype_of(part)) for part in (real, imaginary)):
        raise ValueError(f"At least one tensor in input `x` is not of type float. Received: x={x}.")
    return complex_numbers.complex_(real, imaginary)


def _parts(x: Any) -> Parts:
    return complex_numbers.real(x), complex_numbers.imag(x)


def fft(x: Parts) -> Parts:
    """The Fourier transform along the last axis."""
    return _parts(fourier.fft(_get_complex_tensor_from_tuple(x)))


def fft2(x: Parts) -> Parts:
    """The Fourier transform along the last two axes."""
    return _parts(fourier.fft2(_get_complex_tensor_from_tuple(x)))


def ifft2(x: Parts) -> Parts:
    """The inverse of `fft2`."""
    return _parts(fourier.ifft2(_get_complex_tensor_from_tuple(x)))


def rfft(x: Any, fft_length: int | None = None) -> Parts:
    """The first half of the Fourier transform of real numbers along the last axis."""
    return _parts(fourier.rfft(floating(x), fft_length))


def irfft(x: Parts, fft_length: int | None = None) -> Any:
    """The inverse of `rfft`: `fft_length` real numbers, by default twice as many as elements, less two."""
    return fourier.irfft(_get_complex_tensor_from_tuple(x), fft_length)


def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Parts of signals (..., time) at distances of `sequence_stride`: (..., parts, sequence_length)."""
    x = convert_to_tensor(x)
    size = shape(x)[-1]
    count = (size - sequence_length) // sequence_stride + 1
    axis = base.rank_of(x) - 1
    return gather(x, (axis,), axis, [_places(count, sequence_length, sequence_stride)])


def _places(count: Any, length: int, stride: int) -> Any:
    """Where the elements of sequences are in their signal: (sequences, elements)."""
    starts = arithmetic.multiply(creation.arange(count, dtype=dtypes.INT64), stride)
    return arithmetic.add(expand_dims(starts, 1), creation.arange(length, dtype=dtypes.INT64))


def _window(window: Any, length: int, size: int, dtype: Any) -> Any:
    """The weights of a sequence, in the middle of `size` elements."""
    if window is None:
        return np.ones(size, dtype)
    if isinstance(window, str):
        level = {"hann": 0.5, "hamming": 0.54}[window]
        window = level - (1 - level) * np.cos(2 * math.pi * np.arange(length) / length)
    weights = convert_to_tensor(window, dtype.name)
    if shape(weights) != (length,):
        raise ValueError(
            "The shape of `window` must be equal to [sequence_length]. "
            f"Received: window shape={shape(weights)} and sequence_length={length}"
        )
    before = (size - length) // 2
    return pad(weights, [(before, size - length - before)])


def _check_window(window: Any) -> None:
    if isinstance(window, str) and window not in {"hann", "hamming"}:
        raise ValueError(
            "If a string is passed to `window`, it must be one of "
            f'`"hann"`, `"hamming"`. Received: window={window}'
        )


def stft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> Parts:
    """Fourier transforms of weighted sequences of signals (..., time): (..., sequences, fft_length // 2 + 1).

    window: "hann", "hamming", a tensor of weights, or None. center: signals are continued at both ends by
    their reflection, so that sequence i is around element i * sequence_stride.

    Raises:
        TypeError: neither float32 nor float64. ValueError: `fft_length` or `window` do not fit.
    """
    if standardize_dtype(x.dtype) not in {"float32", "float64"}:
        raise TypeError(
            f"Invalid input type. Expected `float32` or `float64`. Received: input type={x.dtype}"
        )
    if fft_length < sequence_length:
        raise ValueError(
            "`fft_length` must equal or larger than `sequence_length`. "
            f"Received: sequence_length={sequence_length}, fft_length={fft_length}"
        )
    _check_window(window)
    x = convert_to_tensor(x)
    if center:
        half = fft_length // 2
        x = pad(x, [(0, 0)] * (base.rank_of(x) - 1) + [(half, half)], mode="reflect")
    weights = _window(window, sequence_length, fft_length, base.dtype_of(x))
    sequences = extract_sequences(x, fft_length, sequence_stride)
    return _parts(fourier.rfft(arithmetic.multiply(sequences, weights)))


def istft(
    x: Parts,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """The signals (..., time) of which `stft` with the same arguments gives x (..., sequences, frequencies).

    Where sequences overlap, their weighted mean is taken. length: how many elements are kept.

    Raises:
        ValueError: x or `window` do not fit.
    """
    spectra = _get_complex_tensor_from_tuple(x)
    if base.rank_of(spectra) < 2:
        raise ValueError(f"Input `x` must have at least 2 dimensions. Received shape: {shape(spectra)}")
    _check_window(window)
    sequences = fourier.irfft(spectra, fft_length)
    *batch, count, _ = shape(sequences)
    weights = _window(window, sequence_length, fft_length, base.dtype_of(sequences))
    total = (count - 1) * sequence_stride + fft_length
    places = _places(count, fft_length, sequence_stride)
    dtype = base.dtype_of(sequences)

    def overlapped(parts: Any, first: tuple[Any, ...]) -> Any:
        return index_update(creation.zeros((*first, total), dtype), (..., places), parts, "add")

    signal = overlapped(arithmetic.multiply(sequences, weights), tuple(batch))
    norm = overlapped(arithmetic.square(weights), ())
    signal = arithmetic.divide(signal, arithmetic.where(comparison.greater(norm, 1e-10), norm, 1))
    if window is None:
        signal = arithmetic.multiply(signal, fft_length / sequence_stride)
    start = fft_length // 2 if center else 0
    if length is not None:
        return signal[..., start : start + length]
    return signal[..., start : total - start] if center else signal
