"""Fourier transforms of every kind."""

from __future__ import annotations

import numpy as np

import croton.tensor as T

from .case import Case

_random = np.random.default_rng(6)
_x = _random.standard_normal((3, 6))
_z = _random.standard_normal((3, 4)) + 1j * _random.standard_normal((3, 4))

CASES = [
    Case("fft", lambda z: [T.fft.fft(z) ** 2, T.fft.ifft(z, axis=0) ** 2], (_z,)),
    Case(
        "fft of other lengths", lambda z: [T.fft.fft(z, 7) ** 2, T.fft.ifft(z, 2, norm="ortho") ** 2], (_z,)
    ),
    Case("rfft", lambda x: [T.fft.rfft(x) ** 2, T.fft.rfft(x, axis=0, norm="ortho") ** 2], (_x,)),
    Case("irfft", lambda z: [T.fft.irfft(z) ** 3, T.fft.irfft(z, 7, norm="forward") ** 2], (_z,)),
    Case("hfft", lambda z: T.fft.hfft(z) ** 2, (_z,)),
    Case("ihfft", lambda x: T.fft.ihfft(x) ** 2, (_x,)),
    Case("over two axes", lambda x: T.fft.irfft2(T.fft.rfft2(x) ** 2, x.shape), (_x,)),
    Case("pairs", lambda x: T.fft.irfft_pairs(T.fft.rfft_pairs(x, "ortho") ** 2, "ortho"), (_x,)),
    Case("shifts", lambda z: T.fft.fftshift(z) * T.fft.ifftshift(z), (_z,)),
]
