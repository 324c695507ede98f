"""Loops whose rows know nothing of each other, as those of recurrent layers over a batch: threads share them.

Each thread takes some rows through all steps, so that no step waits for another thread. Where every value
that a loop makes consists of as many rows as its state, and row i of it is made of rows i of others alone, a
range of rows is a range of the outermost loop of each nest and a range of rows of each product.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.values import Constant, Value
from croton.loops.bands import reads_own_row
from croton.loops.members import Member, loads
from croton.loops.products import sizes_of
from croton.loops.program import Control, Nest, Product, Program

if TYPE_CHECKING:
    from croton.codegen.blocks import BlockPrinter
    from croton.codegen.unit import Unit

_POINTERS = re.compile(r"\b(?:a|o|m|mdynamic)\d+\b")
_SIZES = re.compile(r"\b[nk]\d+\b")


@dataclass(frozen=True)
class Rows:
    """Rows `begin` to `end`, C expressions, of as many as `count`.

    grain: how many rows go into one piece of a sum over rows, where such sums are taken.
    """

    count: Dim
    begin: str = "begin"
    end: str = "end"
    grain: str | None = None

    @property
    def number(self) -> str:
        """How many rows they are, as C."""
        return f"({self.end} - {self.begin})"

    def per_row(self, size: Dim) -> Dim | None:
        """What falls to a row of something that belongs to all rows, if it can be divided among them."""
        return dims.exact_quotient(size, self.count)


def independent_rows(step: Control) -> Rows | None:
    """The rows of the state of a scan, if no row needs another one."""
    op, program = step.full_scan, step.bodies[0]
    if op is None or op.states == 0 or step.equation.outputs[0].type.rank == 0:
        return None
    rows = Rows(step.equation.outputs[0].type.shape[0])
    values = [*program.graph.inputs[: op.states], *program.graph.outputs]
    if rows.count in (0, 1) or not all(_has_rows(value, rows) for value in values):
        return None
    made = {program.root(value) for value in program.graph.inputs[: op.states]}
    for part in program.steps:
        if isinstance(part, Nest):
            fits = _nest_keeps_rows(part, program, rows, made)
            made.update(member.memory for member in part.members)
        elif isinstance(part, Product):
            fits = _product_keeps_rows(part, program, rows, made)
            made.add(part.equation.outputs[0])
        else:
            return None
        if not fits:
            return None
    return rows


def _has_rows(value: Value, rows: Rows) -> bool:
    shape = value.type.shape
    first = next((size for size in shape if size != 1), 1)
    return first == rows.count and not isinstance(value, Constant) and not dims.runtime_symbols(shape)


def _product_keeps_rows(step: Product, program: Program, rows: Rows, made: Collection[Value]) -> bool:
    sizes = sizes_of(step.equation)
    return (
        sizes.batch == 1
        and sizes.rows == rows.count
        and not sizes.left_swapped
        and program.root(step.equation.inputs[1]) not in made
        and not dims.runtime_symbols((sizes.inner, sizes.columns))
    )


def _nest_keeps_rows(nest: Nest, program: Program, rows: Rows, made: Collection[Value]) -> bool:
    own = {member.value for member in nest.members} | {member.memory for member in nest.members}
    axis = next((a for a in range(nest.depth) if nest.members[0].domain[a] != 1), None)
    if axis is None:
        return False
    return all(
        _member_keeps_rows(member, axis, nest.depth, program, rows, {*made, *own}) for member in nest.members
    )


def _member_keeps_rows(
    member: Member, axis: int, depth: int, program: Program, rows: Rows, made: Collection[Value]
) -> bool:
    extent = member.domain[axis]
    if rows.per_row(extent) is None or any(size != 1 for size in member.domain[:axis]):
        return False
    if rows.per_row(member.memory.type.size) is None or dims.runtime_symbols(member.memory.type.shape):
        return False
    if member.reduced and member.reduced[0] < max(depth, axis + 1):
        return False
    if member.window is not None and member.window.axis <= axis:
        return False
    read = [load for load in loads(member.expression) if program.root(load.data) in made]
    return all(reads_own_row(load, member, axis) for load in read)


def part_of(rows: Rows | None, size: Dim, unit: Unit) -> tuple[str, str]:
    """Where the part of memory, or of a loop, that belongs to some rows begins, and how long it is: C
    expressions; all of `size` if there are no rows.
    """
    if rows is None:
        return "0", unit.size(size)
    share = rows.per_row(size)
    assert share is not None
    text = unit.size(share)
    return f"{rows.begin} * {text}", f"{rows.number} * {text}"


def copied_part(function: str, target: str, source: str, part: tuple[str, str]) -> str:
    """A copy of a part of memory, by memcpy or memmove."""
    begin, size = part
    if begin != "0":
        target, source = f"(char *){target} + {begin}", f"(char *){source} + {begin}"
    return f"{function}({target}, {source}, (unsigned long)({size}));"


@dataclass(frozen=True)
class SharedLoop:
    """A loop of which threads take rows: a range function, and what it is called with, as C expressions.

    count: rows. work: picoseconds that all of them take. matrices: bytes that every thread reads.
    """

    function: str
    pointers: Sequence[str]
    sizes: Sequence[str]
    count: str
    work: str
    matrices: str


def shared_loop(
    block: BlockPrinter, step: Control, rows: Rows, lines: Sequence[str], work: str
) -> SharedLoop:
    """The loop whose statements for some rows are `lines`."""
    unit = block.unit
    name, pointers, sizes = range_function(unit, [*lines])
    products = [part.equation for part in step.bodies[0].steps if isinstance(part, Product)]
    matrices = " + ".join(unit.size(_bytes(product.inputs[1])) for product in products) or "0"
    return SharedLoop(name, pointers, sizes, unit.size(rows.count), work, matrices)


def run_shared(unit: Unit, loops: Sequence[SharedLoop]) -> list[str]:
    """Statements that let threads run loops that need nothing of each other, until all are done."""
    unit.function("ct_rows_together", _ROWS_TOGETHER)
    lines, ranges = ["int failure = CT_OK;"], []
    for number, loop in enumerate(loops):
        tag = str(number) if len(loops) > 1 else ""
        pointers = ["context", "&failure", *loop.pointers]
        lines += [
            f"void *const pointers{tag}[] = {{{', '.join(pointers)}}};",
            f"const ct_int sizes{tag}[] = {{{', '.join(loop.sizes) or '0'}}};",
            f"const ct_int grain{tag} = ct_rows_together({loop.count}, {loop.work}, {loop.matrices});",
        ]
        ranges.append(f"{loop.function}, pointers{tag}, sizes{tag}, {loop.count}, grain{tag}")
    if len(loops) == 1:
        lines.append(f"ct_run_range(context, {ranges[0]});")
    else:
        unit.function("ct_run_beside", _RUN_BESIDE)
        given = ", ".join(f"{{{entry}}}" for entry in ranges)
        work = " + ".join(loop.work for loop in loops)
        matrices = " + ".join(loop.matrices for loop in loops)
        lines.append(f"const ct_beside ranges[] = {{{given}}};")
        lines.append(f"ct_run_beside(context, ranges, {len(loops)}, {work}, {matrices});")
    lines += ["if (failure != CT_OK)", "    return failure;"]
    return ["{", *("    " + line for line in lines), "}"]


def range_function(
    unit: Unit, lines: Sequence[str], own_pointers: Sequence[str] = (), own_sizes: Sequence[str] = ()
) -> tuple[str, list[str], list[str]]:
    """A range function that runs statements: its name, and the names of pointers and sizes to hand it.

    Before these pointers come the context and where to put a failure. Those of `own_pointers` and `own_sizes`
    come first, and the statements declare them.
    """
    text = "\n".join(lines)
    pointers = list(dict.fromkeys(_POINTERS.findall(text)))
    sizes = list(dict.fromkeys(_SIZES.findall(text)))
    declared = [
        f"char *const {name} = pointers[{place}];"
        for place, name in enumerate(pointers, 2 + len(own_pointers))
    ]
    declared += [
        f"const ct_int {name} = sizes[{place}]; (void){name};"
        for place, name in enumerate(sizes, len(own_sizes))
    ]
    body = [
        "ct_context *const context = pointers[0]; (void)context;",
        "(void)sizes;",
        *declared,
        "int status = CT_OK; (void)status;",
        *lines,
        "return CT_OK;",
    ]
    name = unit.loop("\n".join("    " + line for line in body))
    return name, [*own_pointers, *pointers], [*own_sizes, *sizes]


def _bytes(value: Value) -> Dim:
    return dims.multiply(value.type.size, value.type.dtype.itemsize)


_ROWS_TOGETHER = """\
/* Rows that one thread takes through a loop: a multiple of 8, in which products are efficient, and at least
 * 50 microseconds of work. All rows where the matrices do not fit a core's cache: threads share those. */
static inline ct_int ct_rows_together(ct_int rows, ct_int picoseconds, ct_int matrix_bytes)
{
    if (matrix_bytes > 1048576)
        return rows;
    const ct_int least = picoseconds > 50000000 ? rows / (picoseconds / 50000000) : rows;
    const ct_int wanted = rows < 32 ? 8 : rows < 512 ? 16 : rows / 32;
    return ((least > wanted ? least : wanted) + 7) & ~(ct_int)7;
}
"""

_RUN_BESIDE = """\
typedef struct {
    ct_range_body body;
    void *const *pointers;
    const ct_int *sizes;
    ct_int extent, grain;
} ct_beside;

static inline ct_int ct_pieces(const ct_beside *range)
{
    return (range->extent + range->grain - 1) / range->grain;
}

/* Pieces [begin, end) of several ranges, counted through. */
static void ct_beside_pieces(void *const *pointers, const ct_int *sizes, ct_int begin, ct_int end)
{
    (void)sizes;
    for (ct_int piece = begin; piece < end; ++piece) {
        const ct_beside *range = pointers[0];
        ct_int rest = piece;
        for (; rest >= ct_pieces(range); ++range)
            rest -= ct_pieces(range);
        const ct_int first = rest * range->grain;
        range->body(range->pointers, range->sizes, first, ct_size_min(first + range->grain, range->extent));
    }
}

/* Ranges that need nothing of each other: threads share the pieces of all of them. One range after the other
 * where there is little work, and where the matrices do not fit a core's cache: threads share those. */
static inline void ct_run_beside(ct_context *context, const ct_beside *ranges, ct_int count,
                                 ct_int picoseconds, ct_int matrix_bytes)
{
    ct_int pieces = 0;
    for (ct_int r = 0; r < count; ++r)
        pieces += ct_pieces(ranges + r);
    if (picoseconds >= 40000000 && matrix_bytes <= 1048576) {
        void *const pointers[] = {(void *)ranges};
        const ct_int sizes[] = {0};
        context->parallel(context, ct_beside_pieces, pointers, sizes, pieces, 1);
        return;
    }
    for (ct_int r = 0; r < count; ++r)
        ct_run_range(context, ranges[r].body, ranges[r].pointers, ranges[r].sizes, ranges[r].extent,
                     ranges[r].grain);
}
"""
