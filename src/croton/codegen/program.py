"""A whole function printed as C: croton_prepare, croton_run and the kernels they use."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from croton.codegen.blocks import BlockPrinter, guard_lines
from croton.codegen.parts import LONGEST, needed, split
from croton.codegen.timing import TimedStep
from croton.codegen.unit import Unit
from croton.graph import dims
from croton.graph.dims import Dim, Guard, Symbol
from croton.graph.values import Constant, Equation, Value
from croton.loops.program import Program


@dataclass
class ProgramCode:
    """C translation units and how to call them.

    units: C texts; the first holds the two entries. symbols: what each entry of `dims` is. guards: what a
    failed guard's number means. equations: what the number in an error means. callbacks: operations that
    Python performs, by number. libraries: BLAS and LAPACK routines in the order of context->library.
    slots: bytes of each slot of the arena. steps: those that are timed, in a profiled function.
    """

    units: list[str]
    symbols: list[Symbol]
    guards: list[tuple[Guard, Equation | None]]
    equations: list[Equation]
    callbacks: list[Equation]
    libraries: list[str]
    slots: list[Dim]
    steps: list[TimedStep]


class ProgramPrinter:
    """Prints a program whose inputs are arrays in C order."""

    def __init__(
        self,
        program: Program,
        arrays: Sequence[Value],
        explanations: Mapping[tuple[int, int], tuple[Guard, Equation]],
        prebuilt: Collection[str] = (),
        profile: bool = False,
    ) -> None:
        """arrays: all values handed in by the caller, large constants among them. explanations: for an axis
        of an input (position, axis), what requires it to have the size its type says. prebuilt: kernels that
        are found through `context->library`. profile: whether steps are timed."""
        self.program = program
        self.explanations = explanations
        self.arrays = list(arrays)
        self.outputs = program.graph.outputs
        self.unit = Unit(prebuilt, profile)
        self.guards: list[tuple[Guard, Equation | None]] = []

    def print(self) -> ProgramCode:
        bindings = self._bindings()
        inputs = {value: f"a{position}" for position, value in enumerate(self.arrays)}
        places = [
            None if dims.runtime_symbols(output.type.shape) else f"o{position}"
            for position, output in enumerate(self.outputs)
        ]
        block = BlockPrinter(self.program, self.unit, inputs, places)
        block.guards = self.guards
        block.print()
        run, parts = self._run(block)
        prepare = self._prepare(bindings, block)
        return ProgramCode(
            [*self.unit.texts([prepare, run], parts), *self.unit.shared_units.values()],
            list(self.unit.symbols),
            self.guards,
            self.unit.equations,
            self.unit.callbacks,
            list(self.unit.libraries),
            [slot.size for slot in block.plan.slots],
            self.unit.timers.steps,
        )

    def _bindings(self) -> list[tuple[str, int, int]]:
        """Which axis of which input gives each named size; notes what else must hold."""
        bindings: list[tuple[str, int, int]] = []
        checks: list[tuple[Dim, int, int]] = []
        for position, value in enumerate(self.arrays):
            if isinstance(value, Constant):
                continue
            for axis, size in enumerate(value.type.shape):
                symbol = dims.single_symbol(size)
                if symbol is not None and symbol not in self.unit.symbols:
                    bindings.append((self.unit.name_size(symbol), position, axis))
                else:
                    checks.append((size, position, axis))
        for size, position, axis in checks:
            actual = Symbol(f"shape[{axis}]")
            self.unit.checked[actual] = f"input_shapes[{position}][{axis}]"
            self.guards.append(self._check(position, axis, dims.of_atom(actual), size))
        self.guards += [
            (guard, equation) for guard, equation in self.program.graph.guards() if not guard.is_trivial()
        ]
        return bindings

    def _check(self, position: int, axis: int, actual: Dim, size: Dim) -> tuple[Guard, Equation | None]:
        """The guard that an axis of an input has the size its type says."""
        required = self.explanations.get((position, axis))
        if required is not None:
            return Guard(size, actual, required[0].reason), required[1]
        name = self.arrays[position].name or f"input {position}"
        return Guard(actual, size, f"argument {name!r}: axis {axis} should have size {size}"), None

    def _prepare(self, bindings: list[tuple[str, int, int]], block: BlockPrinter) -> str:
        size = self.unit.size
        lines = ["(void)context, (void)input_shapes, (void)dims, (void)output_shapes;"]
        for name, position, axis in bindings:
            entry = list(self.unit.symbols.values()).index(name)
            lines.append(f"const ct_int {name} = input_shapes[{position}][{axis}];")
            lines.append(f"dims[{entry}] = {name};")
        for number, (guard, _) in enumerate(self.guards):
            if not dims.runtime_symbols((guard.left, guard.right)):
                lines += guard_lines(self.unit, number, guard)
        for position, value in enumerate(self.outputs):
            for axis, extent in enumerate(value.type.shape):
                known = "-1" if dims.runtime_symbols((extent,)) else size(extent)
                lines.append(f"output_shapes[{position}][{axis}] = {known};")
        lines.append(f"summary[0] = {self.unit.bytes(block.arena())};")
        static = [(cost, extent) for cost, extent in block.work if not dims.runtime_symbols((extent,))]
        lines.append(f"summary[1] = ({self.unit.picoseconds(static)}) / 1000;")
        lines.append("return CT_OK;")
        body = "\n".join("    " + line for line in lines)
        return (
            "int croton_prepare(ct_context *context, const ct_int *const *input_shapes, ct_int *dims,\n"
            "                   ct_int *const *output_shapes, ct_int *summary)\n"
            f"{{\n{body}\n}}\n"
        )

    def _run(self, block: BlockPrinter) -> tuple[str, dict[str, str]]:
        """The function that runs, and the parts that it is made of if it is long."""
        declarations = [
            f"const ct_int {name} = dims[{position}]; (void){name};"
            for position, name in enumerate(self.unit.symbols.values())
        ]
        for position in range(len(self.arrays)):
            declarations.append(f"void *const a{position} = inputs[{position}]; (void)a{position};")
        for position, place in enumerate(block.outputs):
            if place is not None:
                declarations.append(f"void *const {place} = outputs[{position}];")
        declarations += block.declarations("arena")
        parts = self._parts(block, declarations)
        lines = ["(void)context, (void)inputs, (void)outputs, (void)dims, (void)arena;"]
        lines.append("int status = CT_OK; (void)status;")
        if parts:
            for number in range(len(parts)):
                lines.append(f"if ((status = part{number}(context, inputs, outputs, dims, arena)) != CT_OK)")
                lines.append("    return status;")
        else:
            lines += [*declarations, *block.persistent, *block.lines, *self._give_outputs(block)]
        lines.append("return CT_OK;")
        body = _indented(lines)
        if self.unit.flushes:  # also where it fails in the middle, the caller's handling comes back
            return f"static int run{_RUN_PARAMETERS}\n{{\n{body}\n}}\n\n{_RUN_RESTORING}", parts
        return f"int croton_run{_RUN_PARAMETERS}\n{{\n{body}\n}}\n", parts

    def _parts(self, block: BlockPrinter, declarations: Sequence[str]) -> dict[str, str]:
        """Functions for some of the steps each, if there are many that share nothing but `declarations`."""
        shares_more = block.persistent or self.unit.runtime or self.unit.timers.enabled
        if shares_more or len(block.starts) <= 2 * LONGEST:
            return {}
        parts: dict[str, str] = {}
        for number, lines in enumerate(split(block.lines, block.starts)):
            own = ["(void)context, (void)inputs, (void)outputs, (void)dims, (void)arena;"]
            own += [*needed(declarations, lines), "int status = CT_OK; (void)status;", *lines]
            parts[f"int part{number}{_RUN_PARAMETERS}"] = _indented([*own, "return CT_OK;"])
        return parts

    def _give_outputs(self, block: BlockPrinter) -> list[str]:
        """Hands over the outputs whose sizes were found while running."""
        lines = []
        for position, output in enumerate(self.outputs):
            if block.outputs[position] is None:
                sizes = ", ".join(self.unit.size(size) for size in output.type.shape)
                given = f"{position}, {block.pointer(output)}, {output.type.rank}, shape"
                lines += [
                    "{",
                    f"    const ct_int shape[] = {{{sizes}}};",
                    f"    if ((status = context->give_output(context, {given})) != CT_OK)",
                    "        return ct_failed(context, -1, CT_OUT_OF_MEMORY);",
                    "}",
                ]
        return lines


def _indented(lines: Sequence[str]) -> str:
    return "\n".join("    " + line for line in lines)


_RUN_PARAMETERS = """\
(ct_context *context, void *const *inputs, void *const *outputs, const ct_int *dims, char *arena)"""
_RUN_RESTORING = f"""\
int croton_run{_RUN_PARAMETERS}
{{
    const unsigned control = ct_control();
    const int status = run(context, inputs, outputs, dims, arena);
    ct_set_control(control);
    return status;
}}
"""
