"""Random convolutions for tests, and what a convolution is, written as plain loops."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from croton.ops.convolution.geometry import Geometry

NDArray = np.ndarray[Any, Any]


class Example(NamedTuple):
    """A convolution and its arrays: input, kernel, and a cotangent of the output."""

    geometry: Geometry
    x: NDArray
    w: NDArray
    y: NDArray


@st.composite
def examples(draw: st.DrawFn, dtypes: tuple[str, ...] = ("float64",), wide: bool = False) -> Example:
    """Any rank, stride, dilation, padding, groups and layout; `wide`: many channels too."""
    rank = draw(st.integers(1, 3))
    taps = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    strides = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    padding = tuple(
        draw(st.sampled_from(["half", "full", "same", "causal", (0, 0), (1, 0), (0, 2), (2, 1)]))
        for _ in range(rank)
    )
    size = tuple((k - 1) * d + 1 + draw(st.integers(0, 6)) for k, d in zip(taps, dilation, strict=True))
    most = 40 if wide else 4
    groups = draw(st.sampled_from([1, 1, 2, 3, *([17, 33] if wide else [])]))
    inner, outer = (
        draw(st.integers(1, most if groups == 1 else 3)),
        draw(st.integers(1, most if groups == 1 else 3)),
    )
    geometry = Geometry(strides, dilation, padding, groups, draw(st.booleans()), draw(st.booleans()))
    dtype = draw(st.sampled_from(dtypes))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def array(shape: tuple[Any, ...]) -> NDArray:
        if dtype.startswith("int"):
            return random.integers(-5, 6, shape).astype(dtype)
        if dtype.startswith("complex"):
            return (random.standard_normal(shape) + 1j * random.standard_normal(shape)).astype(dtype)
        return random.standard_normal(shape).astype(dtype)

    batch = draw(st.sampled_from([0, 1, 2, 3, 5]))
    outputs = geometry.output_sizes(size, taps, "test")
    return Example(
        geometry,
        array(geometry.data_shape(batch, size, inner * groups)),
        array(geometry.kernel_shape(taps, inner, outer * groups)),
        array(geometry.data_shape(batch, outputs, outer * groups)),
    )


def meetings(example: Example) -> Any:
    """(index into x, into w, into y) of every product that a convolution sums up, for all batches at once."""
    geometry, x, w, y = example
    sizes, taps, outputs = geometry.spatial(x.shape), geometry.taps(w.shape), geometry.spatial(y.shape)
    inner, filters = geometry.kernel_channels(w.shape)
    low = [geometry.low(axis, sizes[axis], taps[axis]) for axis in range(geometry.rank)]
    for out in np.ndindex(*outputs):
        for tap in np.ndindex(*taps):
            at = tuple(
                o * s + t * d - before
                for o, t, s, d, before in zip(out, tap, geometry.strides, geometry.dilation, low, strict=True)
            )
            if any(not 0 <= place < size for place, size in zip(at, sizes, strict=True)):
                continue
            place = tuple(k - 1 - t for k, t in zip(taps, tap, strict=True)) if geometry.flip else tap
            for filter, channel in itertools.product(range(filters), range(inner)):
                source = filter // (filters // geometry.groups) * inner + channel
                if geometry.channels_last:
                    yield (slice(None), *at, source), (*place, channel, filter), (slice(None), *out, filter)
                else:
                    yield (slice(None), source, *at), (filter, channel, *place), (slice(None), filter, *out)


def by_loops(example: Example) -> tuple[NDArray, NDArray, NDArray]:
    """y from x and w; x from y and w; w from x and y."""
    _, x, w, y = example
    of_y, of_x, of_w = np.zeros_like(y), np.zeros_like(x), np.zeros_like(w)
    for in_x, in_w, in_y in meetings(example):
        of_y[in_y] += x[in_x] * w[in_w]
        of_x[in_x] += y[in_y] * w[in_w]
        of_w[in_w] += np.sum(x[in_x] * y[in_y])
    return of_y, of_x, of_w
