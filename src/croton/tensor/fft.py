"""Fourier transforms under the names of `numpy.fft`.

Theano's `theano.tensor.fft.rfft` and `irfft`, which keep real and imaginary parts in a last axis of two, are
`rfft_pairs` and `irfft_pairs`.
"""

from croton.ops.fourier import (
    fft,
    fft2,
    fftfreq,
    fftn,
    fftshift,
    hfft,
    ifft,
    ifft2,
    ifftn,
    ifftshift,
    ihfft,
    irfft,
    irfft2,
    irfft_pairs,
    irfftn,
    rfft,
    rfft2,
    rfft_pairs,
    rfftfreq,
    rfftn,
)

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
