"""C that walks over windows: blocks of outputs that lie side by side, in registers.

Where channels come last they lie side by side; where the last pooled axis is innermost, its windows do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from croton.codegen.contraction.spec import STORAGE
from croton.graph import dtypes
from croton.graph.dtypes import DType
from croton.ops.pooling.geometry import Windows


def source_text(kind: str, windows: Windows, dtype: DType, channels: int | None) -> tuple[str, str]:
    """Name and text of the function for max, sum, mean, padded_mean, spread_..., scatter or select.

    channels: size of the last axis, None where only the call knows it.
    """
    name = f"ct_pool_{kind}_{dtype.name}_{_label(windows)}_{'any' if channels is None else channels}"
    family = {"sum": "mean", "padded_mean": "mean"}.get(kind, kind.partition("_")[0])
    whole, other, pooled = _POINTERS[family]
    axes = range(len(windows.sizes))
    rank, missing = len(windows.sizes) + 2, 3 - len(windows.sizes)
    ones = [1] * missing
    disjoint = all(step >= size for step, size in zip(windows.strides, windows.sizes, strict=True))
    words = {
        "BLOCK": _BLOCKS[family],
        "SIDE": _WINDOWS_TOGETHER if channels == 1 else _channels_together(channels),
        "SCALE": _scale(kind, windows, dtype),
        "LEAST": _least(dtype),
        "DISJOINT": str(int(disjoint)),
        "OVERWRITES": str(int(disjoint and channels != 1 and windows.sizes == windows.strides)),
        "WINDOW": _braces([*ones, *windows.sizes]),
        "STRIDE": _braces([*ones, *windows.strides]),
        "STEP": str(windows.strides[-1]),
        "SIZE": _braces([*ones, *(f"sizes[{whole * rank + 1 + axis}]" for axis in axes)]),
        "COUNT": _braces([*ones, *(f"sizes[{pooled * rank + 1 + axis}]" for axis in axes)]),
        "LOW": " ".join(f"w.low[{axis + missing}] = {_low(windows, axis, missing)};" for axis in axes),
        "INNER": f"sizes[{whole * rank + rank - 1}]",
        "OUTER": f"sizes[{whole * rank}]",
        "X": f"pointers[{whole}]",
        "V": f"pointers[{other}]",
        "Y": f"pointers[{pooled}]",
        "WORK": str(100 * max(1, math.prod(windows.sizes)) * (2 if family in ("scatter", "select") else 1)),
        "NAME": name,
        "TYPE": STORAGE[dtype.name],
    }
    cleared = {"scatter": "v", "spread": "x"}.get(family)
    text = _MOVES + _WINDOWS + (_BY_ROW if cleared is None else _BY_IMAGE.replace("@CLEARED@", cleared))
    for word, replacement in words.items():
        text = text.replace(f"@{word}@", str(replacement))
    return name, text


# Positions of x, v and y (see _WINDOWS) among operands and outputs; v is x where there is none.
_POINTERS = {
    "max": (0, 0, 1),
    "mean": (0, 0, 1),
    "spread": (1, 1, 0),
    "scatter": (0, 2, 1),
    "select": (0, 1, 2),
}


def _label(windows: Windows) -> str:
    entries = []
    for window, stride, padding in zip(windows.sizes, windows.strides, windows.padding, strict=True):
        shown = padding if isinstance(padding, str) else "_".join(str(width) for width in padding)
        entries.append(f"w{window}s{stride}p{shown}")
    return "_".join(entries)


def _braces(entries: Sequence[int | str]) -> str:
    return "{" + ", ".join(str(entry) for entry in entries) + "}"


def _low(windows: Windows, axis: int, missing: int) -> str:
    padding = windows.padding[axis]
    if not isinstance(padding, str):
        return str(padding[0])
    if padding == "border":
        return "0"
    at = axis + missing
    excess = f"((w.count[{at}] - 1) * {windows.strides[axis]} + {windows.sizes[axis]} - w.size[{at}])"
    return f"{excess} > 0 ? {excess} / 2 : 0"


def _scale(kind: str, windows: Windows, dtype: DType) -> str:
    """What the sum over a window is divided by."""
    if kind.endswith("padded_mean"):
        return f"({STORAGE[dtype.name]}){math.prod(windows.sizes)}"
    if kind.endswith("mean"):
        spans = " * ".join(f"span[{axis}]" for axis in range(3))
        return f"({STORAGE[dtype.name]})({spans})"
    return "1"


def _least(dtype: DType) -> str:
    """The least number: where the search for the largest begins."""
    if dtypes.is_float(dtype):
        return "-__builtin_inff()" if dtype == dtypes.FLOAT32 else "-__builtin_inf()"
    if dtypes.is_bool(dtype) or dtype.kind == "u":
        return "0"
    return f"(-{2 ** (8 * dtype.itemsize - 1) - 1}L - 1)"


_WALK = """\
    for (ct_int k0 = 0; k0 < span[0]; ++k0)
        for (ct_int k1 = 0; k1 < span[1]; ++k1)
            for (ct_int k2 = 0; k2 < span[2]; ++k2) {
                const ct_int at = k0 * w->pixel[0] + k1 * w->pixel[1] + k2 * w->pixel[2];
                BODY
            }
"""


def _walk(body: str) -> str:
    return _WALK.replace("BODY", body)


def _lanes(statement: str) -> str:
    return f'_Pragma("omp simd")\n                for (ct_int l = 0; l < lanes; ++l) {{ {statement} }}'


# A new largest element comes later only if it is larger, or the first NaN.
_IS_LARGER = "here[l] > best[l] || (here[l] != here[l] && best[l] == best[l])"
_HERE = "@TYPE@ here[64]; @NAME@_fetch(fixed, step, lanes, x + at, here);\n                "
_NEXT = "\n                ++number;"
_FIND = (
    "    @TYPE@ best[64]; int where[64], number = 0;\n"
    "    for (ct_int l = 0; l < lanes; ++l) { best[l] = @LEAST@; where[l] = l < count ? 0 : -1; }\n"
    + _walk(
        _HERE
        + _lanes(
            f"const int larger = l < count && ({_IS_LARGER}); best[l] = larger ? here[l] : best[l];"
            " where[l] = larger ? number : where[l];"
        )
        + _NEXT
    )
    + "    number = 0;\n"
)
_STORE = "    for (ct_int l = 0; l < count; ++l) y[l] = {};\n"

_BLOCKS = {
    "max": (
        "    @TYPE@ best[64]; (void)v;\n    for (ct_int l = 0; l < lanes; ++l) best[l] = @LEAST@;\n"
        + _walk(_HERE + _lanes(f"best[l] = {_IS_LARGER} ? here[l] : best[l];"))
        + _STORE.format("best[l]")
    ),
    "mean": (
        "    @TYPE@ total[64]; (void)v;\n    for (ct_int l = 0; l < lanes; ++l) total[l] = 0;\n"
        + _walk(_HERE + _lanes("total[l] += here[l];"))
        + _STORE.format("total[l] / @SCALE@")
    ),
    "spread": (
        "    @TYPE@ share[64]; (void)v;\n"
        "    for (ct_int l = 0; l < lanes; ++l) share[l] = l < count ? y[l] / @SCALE@ : 0;\n"
        + _walk("@NAME@_add(fixed, step, lanes, share, x + at);")
    ),
    "scatter": (
        _FIND
        + "    @TYPE@ given[64], part[64];\n"
        + "    for (ct_int l = 0; l < lanes; ++l) given[l] = l < count ? y[l] : 0;\n"
        + _walk(
            _lanes("part[l] = where[l] == number ? given[l] : 0;")
            + "\n                @NAME@_add(fixed, step, lanes, part, v + at);"
            + _NEXT
        )
    ),
    "select": (
        _FIND
        + "    @TYPE@ found[64];\n    for (ct_int l = 0; l < lanes; ++l) found[l] = 0;\n"
        + _walk(
            _HERE.replace("x + at", "v + at")
            + _lanes("found[l] = where[l] == number ? here[l] : found[l];")
            + _NEXT
        )
        + _STORE.format("found[l]")
    ),
}

# Sixteen elements, a step apart, to and from memory: with steps of 1 and 2 as whole vectors.
_MOVES = """\
typedef @TYPE@ @NAME@_vector
    __attribute__((vector_size(16 * sizeof(@TYPE@)), aligned(sizeof(@TYPE@)), may_alias));

static inline __attribute__((always_inline)) void @NAME@_fetch(
    const int fixed, const ct_int step, const ct_int lanes, const @TYPE@ *from, @TYPE@ *to)
{
    if (fixed && step == 1)
        *(@NAME@_vector *)to = *(const @NAME@_vector *)from;
#if defined(__clang__) || __GNUC__ >= 12
    else if (fixed && step == 2)
        *(@NAME@_vector *)to =
            __builtin_shufflevector(*(const @NAME@_vector *)from, *(const @NAME@_vector *)(from + 16),
                                    0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
#endif
    else
        for (ct_int l = 0; l < lanes; ++l)
            to[l] = from[l * step];
}

static inline __attribute__((always_inline, unused)) void @NAME@_add(
    const int fixed, const ct_int step, const ct_int lanes, const @TYPE@ *from, @TYPE@ *to)
{
    if (fixed && step == 1)
        *(@NAME@_vector *)to += *(const @NAME@_vector *)from;
#if defined(__clang__) || __GNUC__ >= 12
    else if (fixed && step == 2) {
        const @NAME@_vector given = *(const @NAME@_vector *)from, zero = {0};
        *(@NAME@_vector *)to +=
            __builtin_shufflevector(given, zero, 0, 16, 1, 16, 2, 16, 3, 16, 4, 16, 5, 16, 6, 16, 7, 16);
        *(@NAME@_vector *)(to + 16) +=
            __builtin_shufflevector(given, zero, 8, 16, 9, 16, 10, 16, 11, 16,
                                    12, 16, 13, 16, 14, 16, 15, 16);
    }
#endif
    else if (@DISJOINT@)
        for (ct_int l = 0; l < lanes; ++l)
            to[l * step] = from[l];
    else
        for (ct_int l = 0; l < lanes; ++l)
            to[l * step] += from[l];
}

"""

# x and v have the sizes of the array that windows lie in, y has one element for each window.
_WINDOWS = """\
typedef struct {
    ct_int size[3], count[3], low[3], pixel[3], inner, image;
    @TYPE@ *x, *v, *y;
} @NAME@_walk;

/* `count` windows of these spans, `step` elements from one to the next. As many as `lanes`, at most 64, lie
 * inside the image; `fixed`: these are 16, and what lies between them is inside too. */
static inline __attribute__((always_inline)) void @NAME@_block(
    const @NAME@_walk *w, const int fixed, const ct_int step, const ct_int lanes, const ct_int count,
    const ct_int *span, @TYPE@ *x, @TYPE@ *v, @TYPE@ *y)
{
@BLOCK@}

/* Windows along the last axis, for given numbers along the others. */
static void @NAME@_row(const @NAME@_walk *w, ct_int image, ct_int o0, ct_int o1)
{
    static const ct_int window[3] = @WINDOW@, stride[3] = @STRIDE@;
    ct_int number[3] = {o0, o1, 0}, span[3];
    for (number[2] = 0; number[2] < w->count[2];) {
        ct_int at = image * w->image, together = 1;
        for (int a = 0; a < 3; ++a) {
            const ct_int start = number[a] * stride[a] - w->low[a], end = start + window[a];
            const ct_int begin = start < 0 ? 0 : start;
            span[a] = (end > w->size[a] ? w->size[a] : end) - begin;
            at += begin * w->pixel[a];
        }
        const ct_int out = ((image * w->count[0] + o0) * w->count[1] + o1) * w->count[2] + number[2];
@SIDE@        number[2] += together;
    }
}

static void @NAME@_rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const @NAME@_walk *const w = pointers[0];
    for (ct_int row = begin; row < end; ++row)
        @NAME@_row(w, row / w->count[1] / w->count[0], row / w->count[1] % w->count[0], row % w->count[1]);
}

static @NAME@_walk @NAME@_walk_of(void *const *pointers, const ct_int *sizes)
{
    @NAME@_walk w = {
        .size = @SIZE@, .count = @COUNT@, .inner = @INNER@, .x = @X@, .v = @V@, .y = @Y@};
    @LOW@
    w.pixel[2] = w.inner;
    w.pixel[1] = w.pixel[2] * w.size[2];
    w.pixel[0] = w.pixel[1] * w.size[1];
    w.image = w.pixel[0] * w.size[0];
    return w;
}
"""

# Windows side by side, a fixed number at a time unless that would leave the image; or channels side by side.
_WINDOWS_TOGETHER = """\
        const ct_int whole = (w->size[2] - window[2] + w->low[2]) / stride[2] + 1;
        const ct_int last = whole < w->count[2] ? whole : w->count[2];
        if (span[2] == window[2] && last - number[2] > 1)
            together = last - number[2] < 16 ? last - number[2] : 16;
        const ct_int reach = (span[0] - 1) * w->pixel[0] + (span[1] - 1) * w->pixel[1] + span[2] - 1;
        if (together > 1 && at + reach + 16 * @STEP@ <= (image + 1) * w->image)
            @NAME@_block(w, 1, @STEP@, 16, together, span, w->x + at, w->v + at, w->y + out);
        else
            @NAME@_block(w, 0, @STEP@, together, together, span, w->x + at, w->v + at, w->y + out);
"""
_CHANNELS_TOGETHER = """\
        for (ct_int c = 0; c < w->inner; c += 64) {
            const ct_int lanes = @LANES@;
            @NAME@_block(w, 0, 1, lanes, lanes, span, w->x + at + c, w->v + at + c,
                         w->y + out * w->inner + c);
        }
"""


def _channels_together(channels: int | None) -> str:
    """Loops of a known length where the channels allow that."""
    lanes = "w->inner - c < 64 ? w->inner - c : 64"
    if channels is not None and (channels < 64 or channels % 64 == 0):
        lanes = str(min(channels, 64))
    return _CHANNELS_TOGETHER.replace("@LANES@", lanes)


_BY_ROW = """
static int @NAME@(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    @NAME@_walk w = @NAME@_walk_of(pointers, sizes);
    void *const walk[] = {&w};
    const ct_int rows = @OUTER@ * w.count[0] * w.count[1];
    ct_run_range(context, @NAME@_rows, walk, sizes, rows, ct_grain(rows, w.count[2] * w.inner * @WORK@));
    return CT_OK;
}
"""

# Image by image, since windows that overlap add to the same elements.
_BY_IMAGE = """
static void @NAME@_images(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    static const ct_int window[3] = @WINDOW@;
    const @NAME@_walk *const w = pointers[0];
    const ct_int rows = w->count[0] * w->count[1];
    int covered = @OVERWRITES@; /* every element lies in a window, which writes it */
    for (int a = 0; a < 3; ++a)
        covered = covered && w->count[a] * window[a] - w->low[a] >= w->size[a];
    if (!covered)
        __builtin_memset(w->@CLEARED@ + begin * w->image, 0,
                         (unsigned long)((end - begin) * w->image) * sizeof(@TYPE@));
    @NAME@_rows(pointers, integers, begin * rows, end * rows);
}

static int @NAME@(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    @NAME@_walk w = @NAME@_walk_of(pointers, sizes);
    void *const walk[] = {&w};
    const ct_int work = w.count[0] * w.count[1] * w.count[2] * w.inner * @WORK@;
    ct_run_range(context, @NAME@_images, walk, sizes, @OUTER@, ct_grain(@OUTER@, work));
    return CT_OK;
}
"""
