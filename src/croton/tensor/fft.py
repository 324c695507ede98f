"""Fourier transforms under the names of `numpy.fft`.

Theano's `theano.tensor.fft.rfft` and `irfft`, which keep real and imaginary parts in a last axis of two, are
`rfft_pairs` and `irfft_pairs`.
"""

from croton.ops import fourier
from croton.ops.fourier import *

__all__ = fourier.__all__
