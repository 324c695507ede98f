"""Loops and branches printed as C around the blocks of their bodies.

Elements of sequences and results are read and written where they lie, one step further each time; so is the
state where it can be (`state.py`). A loop asks now and then whether to stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from croton.codegen.resident import find_residents, pack_residents
from croton.codegen.shared_rows import Rows, SharedLoop, independent_rows, run_shared, shared_loop
from croton.codegen.state import LoopState
from croton.graph import dims
from croton.graph.dims import Dim
from croton.graph.values import Constant, Value
from croton.loops.program import Control, Program

if TYPE_CHECKING:
    from croton.codegen.blocks import BlockPrinter

CHECK_EVERY = 1024  # steps between two looks at Ctrl-C
UNKNOWN_LENGTH = 30_000.0  # nanoseconds a while loop is taken to need: other threads may run meanwhile


def print_control(block: BlockPrinter, step: Control, number: int) -> list[str]:
    """Statements of a scan, a while loop or a branch."""
    printers = {
        "scan": _print_scan,
        "scan_until": _print_scan,
        "while_loop": _print_while,
        "cond": _print_cond,
    }
    return printers[step.equation.op.name](block, step, number)


def _tag(block: BlockPrinter, number: int) -> str:
    """What the C variables of a loop start with: a loop inside another must not hide the outer one's."""
    return f"{block.prefix}{number}_"


def _bytes(value: Value) -> Dim:
    return dims.multiply(value.type.size, value.type.dtype.itemsize)


def _body(
    block: BlockPrinter,
    program: Program,
    number: int,
    inputs: list[str],
    outputs: Sequence[str | None],
    captured: int | None = None,
    rows: Rows | None = None,
) -> tuple[list[str], BlockPrinter]:
    """The statements of a body, given C pointers of its inputs and outputs.

    captured: of a body that is repeated, how many of its last inputs are the same every time. rows: those for
    which it is run, if not for all.
    """
    from croton.codegen.blocks import BlockPrinter

    block.sub_blocks += 1
    prefix = f"{block.prefix}{number}_{block.sub_blocks}_"
    places: dict[Value, str] = {v: place for v, place in block.inputs.items() if isinstance(v, Constant)}
    places.update(zip(program.graph.inputs, inputs, strict=True))
    inner = BlockPrinter(program, block.unit, places, outputs, prefix)
    inner.guards = block.guards
    inner.persistent, inner.nested = block.persistent, True
    inner.repeated = block.repeated or captured is not None
    inner.rows = rows
    if captured is not None:
        same = program.graph.inputs[len(inputs) - captured :]
        inner.before, inner.packed = pack_residents(
            block, number, find_residents(program.steps, program, same), places
        )
    inner.print()
    memory = inner.arena()
    key = (program, block.sub_blocks)
    base = "0"
    if memory != 0:
        block.plan.place(key, memory, *block.span(number))
        base = f"{block.prefix}{block.plan.placed[key]}"
    return [*inner.declarations(base), *inner.lines], inner


def _indent(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def _interruption(block: BlockPrinter, step: Control, counter: str) -> list[str]:
    number = block.unit.equation(step.equation)
    return [
        f"if (({counter} & {CHECK_EVERY - 1}) == {CHECK_EVERY - 1} && context->interrupted(context))",
        f"    return ct_failed(context, {number}, CT_INTERRUPTED);",
    ]


def print_beside(block: BlockPrinter, steps: Sequence[Control], number: int) -> list[str]:
    """Statements of loops that need nothing of each other, the first of which is step `number`."""
    parts = [_scan(block, step, number + place) for place, step in enumerate(steps)]
    loops = [part.shared for part in parts if part.shared is not None]
    flushes = any(part.flushes for part in parts)
    return [
        "{",
        *_indent(["const unsigned control = ct_flush_subnormals();"] if flushes else []),
        *_indent([line for part in parts for line in part.before]),
        *_indent(run_shared(block.unit, loops)),
        *_indent(["ct_set_control(control);"] if flushes else []),
        "}",
    ]


def stand_beside(block: BlockPrinter, steps: Sequence[Control]) -> bool:
    """Whether threads share the rows of each of these loops, and all handle subnormal numbers alike."""
    flushes = {getattr(step.equation.op, "flushes", False) for step in steps}
    alone = block.nested or block.unit.timers.enabled
    return not alone and len(flushes) == 1 and all(independent_rows(step) for step in steps)


class _Scan(NamedTuple):
    """A printed scan: statements before its loop, then those of the loop or the loop that threads share."""

    before: list[str]
    steps: list[str]
    shared: SharedLoop | None
    flushes: bool


def _print_scan(block: BlockPrinter, step: Control, number: int) -> list[str]:
    """A scan, also one that stops when the last output of its body is true."""
    tag = _tag(block, number)
    before, steps, shared, flushes = _scan(block, step, number)
    if shared is not None:
        steps = run_shared(block.unit, [shared])
    return [
        "{",
        *_indent([f"const unsigned {tag}control = ct_flush_subnormals();"] if flushes else []),
        *_indent([*before, *steps]),
        *_indent([f"ct_set_control({tag}control);"] if flushes else []),
        *_indent(_count_steps(block, step, tag) if step.equation.op.name == "scan_until" else []),
        "}",
    ]


def _scan(block: BlockPrinter, step: Control, number: int) -> _Scan:
    op, full = step.scan, step.full_scan
    states, stops = op.states, full is None
    length = block.unit.size(op.length)
    body = step.bodies[0]
    tag = _tag(block, number)
    rows = None if block.nested or block.unit.timers.enabled else independent_rows(step)
    state = LoopState(block, step, number, tag, rows)
    results = range(len(body.graph.outputs) - states - stops)
    stored = [position for position in results if not state.lies_in_state(position)]
    inputs = [*state.inputs]
    inputs += [f"{tag}element{position}" for position in range(op.sequences)]
    inputs += [block.pointer(operand) for operand in step.equation.inputs[states + op.sequences :]]
    outputs: list[str | None] = [*state.outputs]
    outputs += [f"{tag}result{position}" if position in stored else None for position in results]
    outputs += [f"&{tag}stop"] if stops else []
    captured = len(inputs) - states - op.sequences
    lines, inner = _body(block, body, number, inputs, outputs, captured, rows)
    work = [(cost, dims.multiply(size, op.length)) for cost, size in inner.work]
    block.work += work
    loop = _interruption(block, step, f"{tag}step")
    place = f"{length} - 1 - {tag}step" if op.reverse else f"{tag}step"
    loop.append(f"const ct_int {tag}at = {place}; (void){tag}at;")
    loop += [*state.lines_in_step(), *_elements(block, step, tag)]
    loop += _results(block, step, stored, tag)
    loop += [f"unsigned char {tag}stop = 0;"] if stops else []
    loop += [*lines, *state.lines_after_step()]
    loop += [f"if ({tag}stop) {{ ++{tag}step; break; }}"] if stops else []
    flushes = full is not None and full.flushes
    block.unit.flushes = block.unit.flushes or flushes
    steps = [
        *state.lines_before(),
        f"ct_int {tag}step = 0;",
        f"for (; {tag}step < {length}; ++{tag}step) {{",
        *_indent(loop),
        "}",
        *state.lines_after(),
    ]
    if rows is None:
        return _Scan(inner.before, steps, None, flushes)
    shared = shared_loop(block, step, rows, steps, block.unit.picoseconds(work))
    return _Scan(inner.before, [], shared, flushes)


def _elements(block: BlockPrinter, step: Control, tag: str) -> list[str]:
    """Pointers to the elements of the sequences that a step reads."""
    op, full = step.scan, step.full_scan
    lines = []
    reads = (() if full is None else full.reads) or ((0, 1),) * op.sequences
    for position, operand in enumerate(step.equation.inputs[op.states : op.states + op.sequences]):
        first, stride = reads[position]
        size = block.unit.size(_bytes(step.bodies[0].graph.inputs[op.states + position]))
        start = f"(char *){block.pointer(operand)}"
        place = (
            f"({block.unit.size(first)} + {tag}at * {stride})" if reads[position] != (0, 1) else f"{tag}at"
        )
        lines.append(f"void *const {tag}element{position} = {start} + {place} * {size};")
        lines.append(f"(void){tag}element{position};")
    return lines


def _results(block: BlockPrinter, step: Control, results: Sequence[int], tag: str) -> list[str]:
    """Pointers to where the results of a step come to lie."""
    states = step.scan.states
    lines = []
    for position in results:
        output = step.equation.outputs[states + position]
        size = block.unit.size(_bytes(step.bodies[0].graph.outputs[states + position]))
        start = f"(char *){block.pointer(output)}"
        row = _row(block, step, position, tag)
        lines.append(f"void *const {tag}result{position} = {start} + {row} * {size};")
    return lines


def _row(block: BlockPrinter, step: Control, position: int, tag: str) -> str:
    """The row for a result of a step. Where only those of the last steps are kept, the others are written
    to a row that a later step writes again."""
    stopping, op = step.stopping_scan, step.full_scan
    if stopping is not None:
        return "0" if stopping.only_last and stopping.only_last[position] else f"{tag}step"
    assert op is not None
    if not op.kept or op.kept[position] == op.length:
        return f"{tag}at"
    kept = block.unit.size(op.kept[position])
    if op.reverse:
        return f"({tag}at < {kept} ? {tag}at : {kept} - 1)"
    skipped = f"({block.unit.size(op.length)} - {kept})"
    return f"({tag}at < {skipped} ? 0 : {tag}at - {skipped})"


def _count_steps(block: BlockPrinter, step: Control, tag: str) -> list[str]:
    """What a loop that stops leaves of its number of steps: an output, and the size of its results."""
    count = block.pointer(step.equation.outputs[-1])
    names = [block.runtime_name(symbol) for symbol in step.equation.bound_symbols()]
    return [f"*(ct_int *){count} = {tag}step;", *(f"{name} = {tag}step;" for name in names)]


def _print_while(block: BlockPrinter, step: Control, number: int) -> list[str]:
    states = step.loop.states
    tag = _tag(block, number)
    state = LoopState(block, step, number, tag)
    captured = [block.pointer(operand) for operand in step.equation.inputs[states:]]
    inputs = [*state.inputs, *captured]
    test, test_block = _body(block, step.bodies[0], number, inputs, [f"&{tag}holds"], len(captured))
    lines, inner = _body(block, step.bodies[1], number, inputs, state.outputs, len(captured))
    block.work += [(cost * 100, size) for cost, size in [*test_block.work, *inner.work]]
    block.work.append((UNKNOWN_LENGTH, 1))
    count = block.pointer(step.equation.outputs[states])
    return [
        "{",
        *_indent([*test_block.before, *inner.before, *state.lines_before()]),
        f"    ct_int {tag}steps = 0;",
        f"    for (;; ++{tag}steps) {{",
        *_indent(_indent(_interruption(block, step, f"{tag}steps"))),
        f"        unsigned char {tag}holds = 0;",
        "        {",
        *_indent(_indent(_indent(test))),
        "        }",
        f"        if (!{tag}holds) break;",
        *_indent(_indent([*lines, *state.lines_after_step()])),
        "    }",
        *_indent(state.lines_after()),
        f"    *(ct_int *){count} = {tag}steps;",
        "}",
    ]


def _print_cond(block: BlockPrinter, step: Control, number: int) -> list[str]:
    inputs = [block.pointer(operand) for operand in step.equation.inputs[1:]]
    outputs = [block.pointer(output) for output in step.equation.outputs]
    chosen, first = _body(block, step.bodies[0], number, inputs, outputs)
    other, second = _body(block, step.bodies[1], number, inputs, outputs)
    block.work += [*first.work, *second.work]
    return [
        f"if (*(const unsigned char *){block.pointer(step.equation.inputs[0])}) {{",
        *_indent(chosen),
        "} else {",
        *_indent(other),
        "}",
    ]
