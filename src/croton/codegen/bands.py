"""A band printed: a range function that takes some entries at a time through all steps of the band.

With few entries, threads have more to share inside the steps than between entries: then the steps run one by
one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from croton.codegen.resident import Resident, find_residents, pack_residents
from croton.codegen.shared_rows import Rows, range_function
from croton.codegen.unit import MOST_PIECES
from croton.graph import dims
from croton.loops.products import sizes_of
from croton.loops.program import Band, Nest

if TYPE_CHECKING:
    from croton.codegen.blocks import BlockPrinter

FEWEST = 4  # times as many entries as are taken together, for which a band pays
SMALL_MATRIX = 24576  # bytes of a matrix that products read where it lies


def print_band(block: BlockPrinter, band: Band) -> list[str]:
    """Statements that run the steps of a band."""
    fewest = FEWEST * band.together
    before = len(block.work)
    steps = block.printed_steps(band.first, band.last)
    if isinstance(band.count, int) and band.count < fewest:
        return steps
    work = block.work[before:]
    whole = _whole(block, band)
    del block.work[before + len(work) :]
    if isinstance(band.count, int):
        return whole
    return [
        f"if ({block.unit.size(band.count)} >= {fewest}) {{",
        *("    " + line for line in whole),
        "} else {",
        *("    " + line for line in steps),
        "}",
    ]


def _whole(block: BlockPrinter, band: Band) -> list[str]:
    unit, before = block.unit, len(block.work)
    packing, block.packed = _packed(block, band)
    block.rows = Rows(band.count, "first", "last", "grain")
    block.band = band
    steps = block.printed_steps(band.first, band.last)
    block.rows, block.band, block.packed = None, None, {}
    picoseconds = unit.picoseconds(block.work[before:])
    count = unit.size(band.count)
    unit.function("ct_band_grain", _GRAIN)
    unit.function("ct_take_lane", _LANE)
    together = band.together
    lines = [
        "unsigned char *const lanes = pointers[2];",
        "const ct_int grain = sizes[0], lane_count = sizes[1]; (void)grain;",
        "const ct_int lane = ct_take_lane(lanes, lane_count, pointers[1]);",
        "if (lane < 0)",
        "    return CT_OK;",
        f"for (ct_int first = begin; first < end; first += {together}) {{",
        f"    const ct_int last = end - first < {together} ? end : first + {together};",
        f"    const ct_int shift = lane * {together} - first; (void)shift;",
        *("    " + line for line in steps),
        "}",
        "__atomic_store_n(lanes + lane, 0, __ATOMIC_RELEASE);",
    ]
    name, pointers, sizes = range_function(unit, lines, ["lanes"], ["grain", "lane_count"])
    return [
        "{",
        *("    " + line for line in packing),
        "    int failure = CT_OK;",
        f"    unsigned char lanes[{MOST_PIECES}] = {{0}};",
        f"    const ct_int grain = ct_band_grain({count}, {together}, {picoseconds});",
        f"    const ct_int lane_count = ct_size_max(1, ct_size_min({MOST_PIECES}, {count} / {together}));",
        f"    void *const pointers[] = {{{', '.join(['context', '&failure', *pointers])}}};",
        f"    const ct_int sizes[] = {{{', '.join(sizes)}}};",
        f"    ct_run_range(context, {name}, pointers, sizes, {count}, grain);",
        "    if (failure != CT_OK)",
        "        return failure;",
        *_sums(block, band, f"({count} + grain - 1) / grain"),
        "}",
    ]


def _packed(block: BlockPrinter, band: Band) -> tuple[list[str], dict[Resident, str]]:
    """Packs the matrices that all entries are multiplied by, unless products read them where they lie."""
    steps = block.program.steps[band.first : band.last]
    found = find_residents(steps, block.program, None)
    for resident, equation in list(found.items()):
        sizes = sizes_of(equation)
        size = dims.multiply(dims.multiply(sizes.inner, sizes.columns), resident.value.type.dtype.itemsize)
        if not sizes.right_swapped and isinstance(size, int) and size <= SMALL_MATRIX:
            del found[resident]
    places = {resident.value: block.pointer(resident.value) for resident in found}
    return pack_residents(block, band.first, found, places, band.last - 1)


def _sums(block: BlockPrinter, band: Band, pieces: str) -> list[str]:
    """Adds up what the pieces of the band accumulated."""
    nests = [step for step in block.program.steps[band.first : band.last] if isinstance(step, Nest)]
    return [line for nest in nests for line in block.combined(nest, pieces)]


_GRAIN = f"""\
/* Entries of a band in one piece: at least 50 microseconds of work, and at most {MOST_PIECES} pieces. */
static inline ct_int ct_band_grain(ct_int count, ct_int together, ct_int picoseconds)
{{
    const ct_int each = picoseconds / (count > 0 ? count : 1), wanted = 50000000 / (each > 0 ? each : 1);
    const ct_int least = (count + {MOST_PIECES - 1}) / {MOST_PIECES};
    const ct_int grain = wanted > least ? wanted : least;
    return (grain + together - 1) / together * together + (grain == 0) * together;
}}
"""

_LANE = """\
/* A lane that no other thread is in: a part of the memory for what only the band itself reads. -1 once a
 * thread has failed: its lane stays taken. */
static inline ct_int ct_take_lane(unsigned char *lanes, ct_int count, const int *failure)
{
    for (;;) {
        for (ct_int lane = 0; lane < count; ++lane)
            if (!__atomic_exchange_n(lanes + lane, 1, __ATOMIC_ACQUIRE))
                return lane;
        if (__atomic_load_n(failure, __ATOMIC_RELAXED) != CT_OK)
            return -1;
    }
}
"""
