"""The C function of one geometry: it fills in what the kernels know as a convolution, and calls them."""

from __future__ import annotations

from croton.codegen.contraction.spec import STORAGE
from croton.ops.convolution.geometry import Geometry

# Order of the arrays among pointers and sizes, by what the result is; p: places of the largest in windows.
_ORDER = {"y": "xwy", "x": "ywx", "w": "xyw"}
_WINDOWED = {"y": "xwyp", "x": "ypwx", "w": "xypw"}


def source_text(geometry: Geometry, side: str, dtype: str) -> tuple[str, str]:
    """Name and text of the function that computes `side` (x, w or y) from the two others."""
    entry = f"CALL_ct_convolve_{'kernel_' if side == 'w' else ''}{dtype}"
    return _function(f"convolution_{side}", _Text(geometry, side), entry, dtype)


def windowed_text(
    geometry: Geometry, window: tuple[int, ...], side: str, dtype: str, places: bool = True
) -> tuple[str, str]:
    """The same where y has the largest of every window of outputs.

    Arrays are x, w, y and places, or y, places, w and x, or x, y, places and w. places: whether y's are asked
    for.
    """
    entry = f"CALL_ct_convolve_pooled_{ {'y': '', 'x': 'input_', 'w': 'kernel_'}[side] }{dtype}"
    kind = f"convolution_pooled_{side}{'' if places else '_alone'}_{'_'.join(map(str, window))}"
    return _function(kind, _Text(geometry, side, window, places), entry, dtype)


def _function(kind: str, text: _Text, entry: str, dtype: str) -> tuple[str, str]:
    name = f"ct_{kind}_{dtype}_{_label(text.geometry)}"
    return name, _FUNCTION.format(
        name=name,
        sizes=text.sizes(),
        fields=",\n        ".join(f".{field} = {value}" for field, value in text.fields().items()),
        entry=entry,
        arguments=", ".join(text.arguments(STORAGE[dtype])),
    )


def _label(geometry: Geometry) -> str:
    """The geometry as part of a C identifier."""
    entries = [
        "last" if geometry.channels_last else "first",
        f"g{geometry.groups}",
        *["flip"] * geometry.flip,
    ]
    for stride, dilation, padding in zip(geometry.strides, geometry.dilation, geometry.padding, strict=True):
        shown = padding if isinstance(padding, str) else "_".join(str(width) for width in padding)
        entries.append(f"s{stride}d{dilation}p{shown}".replace("-", "m"))
    return "_".join(entries)


_FUNCTION = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    {sizes}
    const ct_convolution convolution = {{
        {fields}}};
    return {entry}(context, &convolution, {arguments});
}}
"""


class _Text:
    """C expressions of the fields; xs, ws and ys are the sizes of the arrays."""

    def __init__(
        self, geometry: Geometry, side: str, window: tuple[int, ...] = (), places: bool = True
    ) -> None:
        self.geometry = geometry
        self.window = window
        self.order = _WINDOWED[side] if window else _ORDER[side]
        self.places = places
        self.rank = geometry.rank
        self.cut = 3 - geometry.rank
        # Transposed by the input, x and y change places and the kernel runs the other way.
        self.transposed = side == "x" and not window
        self.flip = geometry.flip != self.transposed
        self.source, self.target = ("ys", "xs") if self.transposed else ("xs", "ys")

    def sizes(self) -> str:
        starts = {name: position * (self.rank + 2) for position, name in enumerate(self.order) if name != "p"}
        return (
            "const ct_int " + ", ".join(f"*const {name}s = sizes + {at}" for name, at in starts.items()) + ";"
        )

    def arguments(self, type: str) -> list[str]:
        """What the kernel is handed: the operands, then the results; w at the tap that comes first."""
        found = []
        for position, name in enumerate(self.order):
            pointer = f"pointers[{position}]"
            if name == "p":
                found.append(f"(unsigned char *){pointer}" if self.places else "0")
                continue
            found.append(f"({type} *){pointer}")
            if name == "w" and self.flip:
                offsets = (
                    f"({self._taps(axis)} - 1) * {self._tap_stride(axis)}" for axis in range(self.rank)
                )
                found[-1] += f" + ({' + '.join(offsets)})"
        return found

    def fields(self) -> dict[str, str]:
        inner, outer = self._channels()
        axes = range(self.rank)
        one_of = {
            "size": ([self._size(self.source, axis) for axis in axes], "1"),
            "out": ([self._outputs(axis) for axis in axes], "1"),
            "taps": ([self._taps(axis) for axis in axes], "1"),
            "step": ([self._stride(axis) if not self.transposed else "1" for axis in axes], "1"),
            "dilation": ([str(self.geometry.dilation[axis]) for axis in axes], "1"),
            "spread": ([self._stride(axis) if self.transposed else "1" for axis in axes], "1"),
            "low": ([self._low(axis) for axis in axes], "0"),
            "x_pixel": ([self._pixel(self.source, axis) for axis in axes], "0"),
            "y_pixel": ([self._pixel(self.target, axis) for axis in axes], "0"),
            "w_tap": ([self._tap_stride(axis, self.flip) for axis in axes], "0"),
        }
        if self.window:
            one_of["window"] = ([str(size) for size in self.window], "1")
        arrays = {
            field: f"{{{', '.join([missing] * self.cut + values)}}}"
            for field, (values, missing) in one_of.items()
        }
        w_inner, w_outer = self._kernel_strides()
        return {
            "batch": f"{self.source}[0]",
            "groups": str(self.geometry.groups),
            "inner": inner,
            "outer": outer,
            "cut": str(self.cut),
            **arrays,
            "x_batch": self._whole(self.source),
            "x_channel": self._channel(self.source),
            "y_batch": self._whole(self.target),
            "y_channel": self._channel(self.target),
            "w_inner": w_outer if self.transposed else w_inner,
            "w_outer": w_inner if self.transposed else w_outer,
            "w_group": _product(f"{self._filters()} / {self.geometry.groups}", w_outer),
        }

    def _outputs(self, axis: int) -> str:
        """Sizes of the target, or, of windows, how many outputs lie in them."""
        if not self.window:
            return self._size(self.target, axis)
        inside, all_outputs = f"{self._size('ys', axis)} * {self.window[axis]}", self._all_outputs(axis)
        return f"({inside} < {all_outputs} ? {inside} : {all_outputs})"

    def _all_outputs(self, axis: int) -> str:
        """Outputs of the convolution along an axis."""
        if not self.window:
            return self._size("ys", axis)
        padding, stride, size = self.geometry.padding[axis], self._stride(axis), self._size("xs", axis)
        if padding in ("same", "causal"):
            return f"(({size} + {stride} - 1) / {stride})"
        both = str(sum(padding)) if not isinstance(padding, str) else f"2 * ({self._low(axis)})"
        return f"(({size} + {both} - {self._extent(axis)}) / {stride} + 1)"

    def _extent(self, axis: int) -> str:
        return f"(({self._taps(axis)} - 1) * {self.geometry.dilation[axis]} + 1)"

    def _stride(self, axis: int) -> str:
        return str(self.geometry.strides[axis])

    def _size(self, array: str, axis: int) -> str:
        return f"{array}[{axis + (1 if self.geometry.channels_last else 2)}]"

    def _all_channels(self, array: str) -> str:
        return f"{array}[{self.rank + 1 if self.geometry.channels_last else 1}]"

    def _taps(self, axis: int) -> str:
        return f"ws[{axis if self.geometry.channels_last else axis + 2}]"

    def _filters(self) -> str:
        return f"ws[{self.rank + 1 if self.geometry.channels_last else 0}]"

    def _inner(self) -> str:
        return f"ws[{self.rank if self.geometry.channels_last else 1}]"

    def _channels(self) -> tuple[str, str]:
        """Of the source and of the target, in a group."""
        of_x, of_y = self._inner(), f"{self._filters()} / {self.geometry.groups}"
        return (of_y, of_x) if self.transposed else (of_x, of_y)

    def _pixel(self, array: str, axis: int) -> str:
        later = [self._size(array, other) for other in range(axis + 1, self.rank)]
        return _product(*later, *([self._all_channels(array)] if self.geometry.channels_last else []))

    def _channel(self, array: str) -> str:
        return "1" if self.geometry.channels_last else self._whole(array, with_channels=False)

    def _whole(self, array: str, with_channels: bool = True) -> str:
        """Elements of an image, or of one of its channels."""
        sizes = [self._size(array, axis) for axis in range(self.rank)]
        return _product(*sizes, *([self._all_channels(array)] if with_channels else []))

    def _tap_stride(self, axis: int, backwards: bool = False) -> str:
        later = [self._taps(other) for other in range(axis + 1, self.rank)]
        inside = [self._inner(), self._filters()] if self.geometry.channels_last else []
        return ("-" if backwards else "") + _product(*later, *inside)

    def _kernel_strides(self) -> tuple[str, str]:
        """From channel to channel, and from filter to filter."""
        if self.geometry.channels_last:
            return self._filters(), "1"
        taps = [self._taps(axis) for axis in range(self.rank)]
        return _product(*taps), _product(self._inner(), *taps)

    def _low(self, axis: int) -> str:
        padding, extent = self.geometry.padding[axis], self._extent(axis)
        if not isinstance(padding, str):
            low = str(padding[0])
        elif padding == "half":
            low = f"{extent} / 2"
        elif padding == "same":
            size, out = self._size("xs", axis), self._all_outputs(axis)
            excess = f"(({out} - 1) * {self._stride(axis)} + {extent} - {size})"
            low = f"({excess} > 0 ? {excess} / 2 : 0)"
        else:
            low = f"{extent} - 1"
        return f"{extent} - 1 - ({low})" if self.transposed else low


def _product(*factors: str) -> str:
    return " * ".join(factors) if factors else "1"
