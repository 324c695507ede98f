"""Fourier transforms of every length, against SciPy and, for some, the definition."""

from __future__ import annotations

import threading

import mpmath
import numpy as np
import pytest
import scipy.fft

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError

from .agreement import computed, sample

# Powers of two, products of small primes, primes that need a convolution, and what is split into rows.
LENGTHS = [*range(1, 20), 31, 37, 61, 64, 96, 97, 100, 243, 37 * 4, 360, 1000, 1009, 1024, 5000, 4099, 16384]


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """Relative to the size of the whole."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize(("dtype", "limit"), [("float32", 1.2e-7), ("float64", 2.3e-16)])
@pytest.mark.parametrize("rows", [1, 11])
def test_every_length_is_as_accurate_as_scipy(dtype: str, limit: float, rows: int) -> None:
    complex_dtype = "complex64" if dtype == "float32" else "complex128"
    x, z = T.tensor(dtype, shape=(None, None)), T.tensor(complex_dtype, shape=(None, None))
    n = T.lscalar("n")
    outputs = [T.fft.fft(z), T.fft.ifft(z, axis=0), T.fft.rfft(x), T.fft.irfft(z, n)]
    function = ct.function([x, z, n], outputs)
    for length in LENGTHS:
        real = sample((rows, length), dtype, length)
        whole = sample((rows, length), complex_dtype, length)
        back = 2 * length - 1 if length % 3 == 0 or length == 1 else 2 * length - 2
        wide, wide_complex = real.astype(np.float64), whole.astype(np.complex128)
        expected = [
            scipy.fft.fft(wide_complex),
            scipy.fft.ifft(wide_complex, axis=0),
            scipy.fft.rfft(wide),
            scipy.fft.irfft(wide_complex, back),
        ]
        for found, wanted in zip(function(real, whole, back), expected, strict=True):
            assert found.shape == wanted.shape
            assert difference(found, wanted) < limit * (1 + np.log2(length + 1)), length


@pytest.mark.parametrize("length", [7, 12, 37, 64])
def test_error_against_the_definition(length: int) -> None:
    z = sample((length,), "complex128")
    with mpmath.workdps(30):
        roots = [mpmath.expjpi(mpmath.mpf(-2 * k) / length) for k in range(length)]
        exact = [
            complex(
                mpmath.fsum(mpmath.mpmathify(complex(z[j])) * roots[j * k % length] for j in range(length))
            )
            for k in range(length)
        ]
    assert difference(computed(T.fft.fft, z), np.array(exact)) < 4e-16


def agree(names: list[tuple[str, bool, dict]], shape: tuple[int, ...]) -> None:
    """Functions (name, of real numbers, options) are NumPy's, compiled into one function and interpreted."""
    x, z = T.tensor("float64", shape=(None,) * len(shape)), T.tensor("complex128", shape=(None,) * len(shape))
    arrays = [sample(shape), sample(shape, "complex128")]
    outputs = [getattr(T.fft, name)(x if real else z, **options) for name, real, options in names]
    for mode in ("compile", "interpret"):
        results = ct.function([x, z], outputs, mode=mode, on_unused_input="ignore")(*arrays)
        for found, (name, real, options) in zip(results, names, strict=True):
            expected = getattr(np.fft, name)(arrays[0 if real else 1], **options)
            np.testing.assert_allclose(found, expected, atol=1e-13, err_msg=f"{mode} {name} {options}")
    for name, real, options in names:
        eager = getattr(T.fft, name)(arrays[0 if real else 1], **options)
        np.testing.assert_allclose(eager.data, getattr(np.fft, name)(arrays[0 if real else 1], **options))


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
def test_norms_lengths_and_axes_are_numpys(norm: str | None) -> None:
    options = [{"n": n, "axis": axis, "norm": norm} for n in (None, 1, 4, 9) for axis in (0, -1)]
    names = [
        ("fft", False),
        ("ifft", False),
        ("irfft", False),
        ("hfft", False),
        ("rfft", True),
        ("ihfft", True),
    ]
    agree([(name, real, given) for name, real in names for given in options], (4, 6))


def test_several_axes() -> None:
    names = [("fft", False), ("ifft", False), ("rfft", True), ("irfft", False)]
    cases = [(f"{name}2", real, {}) for name, real in names]
    cases += [(f"{name}n", real, {}) for name, real in names]
    cases += [(f"{name}n", real, {"s": (4, 4, 6), "axes": (0, 1, 2)}) for name, real in names]
    cases.append(("fftn", False, {"axes": (0, 2), "norm": "ortho"}))
    agree(cases, (3, 4, 5))


def test_shifts_and_frequencies() -> None:
    for shape in [(4, 5), (3,)]:
        x = sample(shape)
        np.testing.assert_array_equal(computed(T.fft.fftshift, x), np.fft.fftshift(x))
        np.testing.assert_array_equal(computed(T.fft.ifftshift, x), np.fft.ifftshift(x))
    np.testing.assert_array_equal(
        computed(lambda v: T.fft.fftshift(v, 1), sample((2, 5))), np.fft.fftshift(sample((2, 5)), 1)
    )
    n = T.lscalar("n")
    function = ct.function([n], [T.fft.fftfreq(n, 0.5), T.fft.rfftfreq(n, 0.5)])
    for points in (1, 4, 7):
        full, half = function(points)
        np.testing.assert_allclose(full, np.fft.fftfreq(points, 0.5))
        np.testing.assert_allclose(half, np.fft.rfftfreq(points, 0.5))


def test_dtypes() -> None:
    for dtype, expected in [("int32", "complex128"), ("bool", "complex128"), ("float16", "complex64")]:
        x = sample((3, 8), dtype)
        for found in (computed(T.fft.rfft, x), computed(T.fft.fft, x)):
            assert found.dtype == expected
        np.testing.assert_allclose(
            computed(T.fft.rfft, x), np.fft.rfft(x.astype(float)), atol=1e-6 if dtype == "float16" else 1e-12
        )
    assert computed(T.fft.irfft, sample((5,), "complex64")).dtype == np.float32


def test_theanos_pairs_of_real_numbers() -> None:
    x = sample((2, 3, 5))
    for norm, numpy_norm in ((None, None), ("ortho", "ortho"), ("no_norm", None)):
        pairs = computed(lambda v, n=norm: T.fft.rfft_pairs(v, n), x)
        expected = np.fft.rfftn(x, axes=(1, 2), norm=numpy_norm)
        np.testing.assert_allclose(pairs, np.stack([expected.real, expected.imag], -1), atol=1e-13)
        back = computed(lambda v, n=norm: T.fft.irfft_pairs(v, n, is_odd=True), pairs)
        np.testing.assert_allclose(back, x * (15 if norm == "no_norm" else 1), atol=1e-13)
    with pytest.raises(ValueError, match="irfft_pairs: expected"):
        T.fft.irfft_pairs(x)


def test_empty_batches_and_nan() -> None:
    assert computed(T.fft.fft, np.zeros((0, 4))).shape == (0, 4)
    spoiled = sample((2, 8))
    spoiled[0, 3] = np.nan
    found = computed(T.fft.fft, spoiled)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], np.fft.fft(spoiled[1]))


def test_many_threads_may_transform_at_once() -> None:
    z = T.zvector("z")
    function = ct.function([z], T.fft.fft(z))
    wrong: list[int] = []

    def work(number: int) -> None:
        for length in range(1, 60):
            signal = sample((length + number,), "complex128", length)
            if difference(function(signal), np.fft.fft(signal)) > 1e-14:
                wrong.append(length)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_is_wrong_is_said() -> None:
    z = T.zvector("z")
    with pytest.raises(ValueError, match="fft: number of points must be positive, got 0"):
        T.fft.fft(z, 0)
    with pytest.raises(ValueError, match="irfft: number of points must be positive, got 0"):
        T.fft.irfft(np.zeros(1, complex))
    with pytest.raises(ValueError, match="norm must be None"):
        T.fft.fft(z, norm="unitary")
    with pytest.raises(ValueError, match="at least one axis"):
        T.fft.fft(1.0)
    with pytest.raises(ValueError, match="axis 1 is out of range"):
        T.fft.fft(z, axis=1)
    with pytest.raises(DTypeError, match="rfft: expected real numbers"):
        T.fft.rfft(z)
    with pytest.raises(ValueError, match="1 numbers of points for 2 axes"):
        T.fft.fft2(T.zmatrix("m"), (3,))
    with pytest.raises(ShapeError, match="fft: number of points: expected at least 1, got 0"):
        ct.function([z], T.fft.fft(z))(np.zeros(0))
