"""A whole program printed as C: croton_prepare, croton_run and one function per kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from croton.codegen import vector_maths
from croton.codegen.contraction import ContractionSpec, contraction_kernel
from croton.codegen.nests import (
    NestCode,
    NestPrinter,
    accumulator_type,
    combine_text,
    identity_literal,
    partial_size,
    reduction_declaration,
)
from croton.codegen.scalars import PRELUDE, ScalarPrinter, c_type, literal, size_text, storage_type
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Guard, Symbol
from croton.graph.values import Constant, Equation, Value
from croton.loops.memory import MemoryPlan
from croton.loops.members import Member, loads
from croton.loops.program import (
    BindSize,
    Callback,
    Control,
    Copy,
    KernelCall,
    Nest,
    Product,
    Program,
    Step,
)

MOST_PIECES = 64
_ABI = (Path(__file__).parent / "include" / "croton_abi.h").read_text()


@dataclass
class ProgramCode:
    """C translation units and how to call them.

    units: C texts; the first holds the two entries. dims: the number of entries of `dims`. symbols: the
    symbol each entry holds. guards: what a failed guard's number means. libraries: BLAS and LAPACK routines
    in the order of context->library.
    """

    units: list[str]
    symbols: list[Symbol]
    guards: list[tuple[Guard, Equation | None]]
    equations: list[Equation]
    libraries: list[str]


@dataclass
class _Memory:
    """Where values lie: C expressions for their data pointers."""

    places: dict[Value, str] = field(default_factory=dict)


class ProgramPrinter:
    """Prints a program whose inputs are arrays in C order and whose outputs have known sizes."""

    def __init__(self, program: Program, arrays: Sequence[Value], outputs: Sequence[Value]) -> None:
        """arrays: all values handed in by the caller, constants among them; outputs: values handed back."""
        self.program = program
        self.arrays = list(arrays)
        self.outputs = list(outputs)
        self.printer = ScalarPrinter()
        self.symbols: dict[Symbol, str] = {}
        self.functions: dict[str, str] = {}  # C text of a kernel -> its name
        self.inline: dict[str, str] = {}  # other functions of this unit by name
        self.shared_units: dict[str, str] = {}
        self.declarations: dict[str, None] = {}
        self.libraries: dict[str, int] = {}
        self.equations: list[Equation] = []
        self.places: dict[Value, str] = {}
        self.plan = MemoryPlan()
        self.step_lines: list[str] = []
        self.work: list[tuple[float, Dim]] = []

    def print(self) -> ProgramCode:
        bindings, guards = self._bindings()
        self._place_values()
        for number, step in enumerate(self.program.steps):
            self.step_lines += self._step(step, number)
        self._copy_outputs()
        prepare = self._prepare(bindings, guards)
        run = self._run()
        kernels = [f"static void {name}{_RANGE}\n{{\n{text}\n}}\n" for text, name in self.functions.items()]
        unit = "\n".join(
            [
                _ABI,
                PRELUDE,
                RANGE_HELPERS,
                vector_maths.source_for(self.printer.needed),
                *(reduction_declaration(kind, dtype) for kind, dtype in self.printer.reductions),
                *self.declarations,
                *self.inline.values(),
                *kernels,
                prepare,
                run,
            ]
        )
        return ProgramCode(
            [unit, *self.shared_units.values()],
            list(self.symbols),
            guards,
            self.equations,
            list(self.libraries),
        )

    # Sizes.

    def _bindings(self) -> tuple[list[tuple[Symbol, int, int]], list[tuple[Guard, Equation | None]]]:
        """Which axis of which input gives each symbol, and all that must hold between sizes."""
        bindings: list[tuple[Symbol, int, int]] = []
        guards: list[tuple[Guard, Equation | None]] = []
        bound: set[Symbol] = set()
        checks: list[tuple[Dim, int, int]] = []
        for position, value in enumerate(self.arrays):
            if isinstance(value, Constant):
                continue
            for axis, size in enumerate(value.type.shape):
                symbol = dims.single_symbol(size)
                if symbol is not None and symbol not in bound:
                    bound.add(symbol)
                    self._symbol(symbol)
                    bindings.append((symbol, position, axis))
                else:
                    checks.append((size, position, axis))
        for size, position, axis in checks:
            axis_symbol = Symbol(f"shape[{position}][{axis}]")
            self.symbols_of_checks[axis_symbol] = f"input_shapes[{position}][{axis}]"
            name = self.arrays[position].name or f"input {position}"
            guard = Guard(dims.of_atom(axis_symbol), size, f"{name}: axis {axis} has another size than expected")
            guards.append((guard, None))
        for guard, equation in self.program.graph.guards():
            guards.append((guard, equation))
        return bindings, guards

    @property
    def symbols_of_checks(self) -> dict[Symbol, str]:
        if not hasattr(self, "_checks"):
            self._checks: dict[Symbol, str] = {}
        return self._checks

    def _symbol(self, symbol: Symbol) -> str:
        return self.symbols.setdefault(symbol, f"n{len(self.symbols)}")

    def _size(self, size: Dim) -> str:
        return size_text(size, {**self.symbols, **self.symbols_of_checks})

    def _prepare(
        self, bindings: list[tuple[Symbol, int, int]], guards: list[tuple[Guard, Equation | None]]
    ) -> str:
        lines = ["(void)context, (void)input_shapes, (void)dims, (void)output_shapes;"]
        for symbol, position, axis in bindings:
            name = self.symbols[symbol]
            lines.append(f"const ct_int {name} = input_shapes[{position}][{axis}];")
            lines.append(f"dims[{list(self.symbols).index(symbol)}] = {name};")
        for number, (guard, _) in enumerate(guards):
            left, right = self._size(guard.left), self._size(guard.right)
            wrong = "<" if guard.kind == "at_least" else "!="
            lines.append(f"if ({left} {wrong} {right}) return ct_guard(context, {number}, {left}, {right});")
        for position, value in enumerate(self.outputs):
            for axis, size in enumerate(value.type.shape):
                lines.append(f"output_shapes[{position}][{axis}] = {self._size(size)};")
        arena = [f"ct_align({self._size(slot.size)})" for slot in self.plan.slots]
        lines.append(f"summary[0] = {' + '.join(arena) or '0'};")
        work = [f"{max(1, int(cost * 1000))} * {self._size(size)}" for cost, size in _merged(self.work)]
        lines.append(f"summary[1] = ({' + '.join(work) or '0'}) / 1000;")
        lines.append("return CT_OK;")
        body = "\n".join("    " + line for line in lines)
        return (
            "int croton_prepare(ct_context *context, const ct_int *const *input_shapes, ct_int *dims,\n"
            "                   ct_int *const *output_shapes, ct_int *summary)\n"
            f"{{\n{body}\n}}\n"
        )

    # Memory.

    def _place_values(self) -> None:
        program = self.program
        for position, value in enumerate(self.arrays):
            self.places[value] = f"a{position}"
        self.direct_outputs: dict[Value, int] = {}
        for position, output in enumerate(self.outputs):
            root = program.root(output)
            if root not in self.places and not isinstance(root, Constant):
                self.places[root] = f"o{position}"
                self.direct_outputs[root] = position
        last = self._last_uses()
        for number, step in enumerate(program.steps):
            for value in self._made(step):
                if value not in self.places:
                    size = dims.multiply(value.type.size, value.type.dtype.itemsize)
                    self.plan.place(value, size, number, last.get(value, number))
                    self.places[value] = f"m{self.plan.placed[value]}"
            if isinstance(step, Nest):
                for member in step.members:
                    if member.reduced and member.reduced[0] < step.depth:
                        itemsize = dtypes.compute_dtype(member.value.type.dtype).itemsize
                        size = dims.multiply(partial_size(member), MOST_PIECES * itemsize)
                        self.plan.place(member, size, number, number)

    def _made(self, step: Step) -> list[Value]:
        if isinstance(step, Nest):
            return [member.value for member in step.members if member.value in step.stored]
        if isinstance(step, (Product, KernelCall, Callback)):
            return list(step.equation.outputs)
        return []

    def _last_uses(self) -> dict[Value, int]:
        last: dict[Value, int] = {}
        for number, step in enumerate(self.program.steps):
            for value in step_reads(step):
                last[self.program.root(value)] = number
        for output in self.outputs:
            last[self.program.root(output)] = len(self.program.steps)
        return last

    def _pointer(self, value: Value) -> str:
        return self.places[self.program.root(value)]

    def _copy_outputs(self) -> None:
        for position, output in enumerate(self.outputs):
            root = self.program.root(output)
            if self.direct_outputs.get(root) == position:
                continue
            type = storage_type(output.type.dtype)
            if isinstance(root, Constant) and root not in self.places:
                text = literal(root.data.tobytes(), root.type.dtype)
                stored = self.printer.stored(output.type.dtype, text)
                self.step_lines.append(f"*({type} *)outputs[{position}] = {stored};")
            else:
                size = self._size(dims.multiply(output.type.size, output.type.dtype.itemsize))
                self.step_lines.append(f"__builtin_memmove(outputs[{position}], {self.places[root]}, (unsigned long)({size}));")

    def _run(self) -> str:
        lines = ["(void)context, (void)inputs, (void)outputs, (void)dims, (void)arena;"]
        for position, name in enumerate(self.symbols.values()):
            lines.append(f"const ct_int {name} = dims[{position}];")
        for position in range(len(self.arrays)):
            lines.append(f"void *const a{position} = inputs[{position}];")
        for position in sorted(self.direct_outputs.values()):
            lines.append(f"void *const o{position} = outputs[{position}];")
        offset = "arena"
        for slot in self.plan.slots:
            lines.append(f"char *const m{slot.number} = {offset};")
            offset = f"m{slot.number} + ct_align({self._size(slot.size)})"
        names = [f"a{p}" for p in range(len(self.arrays))] + [f"m{s.number}" for s in self.plan.slots]
        names += list(self.symbols.values())
        lines.append("int status = CT_OK;")
        lines += [f"(void){name};" for name in [*names, "status"]]
        lines += self.step_lines
        lines.append("return CT_OK;")
        body = "\n".join("    " + line for line in lines)
        return (
            "int croton_run(ct_context *context, void *const *inputs, void *const *outputs, const ct_int *dims,\n"
            f"               char *arena)\n{{\n{body}\n}}\n"
        )

    # Steps.

    def _step(self, step: Step, number: int) -> list[str]:
        if isinstance(step, Nest):
            return self._nest(step)
        if isinstance(step, Product):
            return self._product(step)
        if isinstance(step, KernelCall):
            return self._kernel_call(step)
        if isinstance(step, Callback):
            return self._callback(step)
        if isinstance(step, (Copy, BindSize, Control)):
            raise NotImplementedError(type(step).__name__)
        raise AssertionError(step)

    def _function(self, text: str) -> str:
        return self.functions.setdefault(text, f"kernel{len(self.functions)}")

    def _nest(self, nest: Nest) -> list[str]:
        code = NestPrinter(nest, self.program, self.printer).print()
        name = self._function(code.body)
        self.work += [(cost, dims.multiply(size, code.extent)) for cost, size in code.work]
        pointers = [self._pointer(value) for value in code.pointers]
        pointers += [f"m{self.plan.placed[member]}" for member in code.partials]
        extent = self._size(code.extent)
        work = " + ".join(f"{max(1, int(cost * 1000))} * {self._size(size)}" for cost, size in _merged(code.work))
        sizes = [self._size(dims.of_atom(symbol)) for symbol in code.symbols]
        lines = ["{"]
        lines.append(f"    void *pointers[] = {{{', '.join(pointers) or '0'}}};")
        lines.append(f"    const ct_int grain = ct_grain({extent}, {work});")
        lines.append(f"    const ct_int sizes[] = {{{', '.join([*sizes, 'grain'])}}};")
        lines.append(f"    ct_run_range(context, {name}, pointers, sizes, {extent}, grain);")
        lines += self._combine(code)
        lines.append("}")
        return lines

    def _combine(self, code: NestCode) -> list[str]:
        """Adds up, in order, what the pieces of the outer loop accumulated."""
        lines = []
        for member in code.partials:
            dtype = member.value.type.dtype
            type = c_type(dtype)
            size = self._size(partial_size(member))
            pieces = f"m{self.plan.placed[member]}"
            place = self._pointer(member.value)
            combined = combine_text(member, "total", f"pieces[piece * {size} + j]")
            lines += [
                "    {",
                f"        const {type} *pieces = (const {type} *){pieces};",
                f"        const ct_int count = ({self._size(code.extent)} + grain - 1) / grain;",
                f"        for (ct_int j = 0; j < {size}; ++j) {{",
                f"            {accumulator_type(member)} total = {identity_literal(member)};",
                f"            for (ct_int piece = 0; piece < count; ++piece) total = {combined};",
                f"            (({storage_type(dtype)} *){place})[j] = {self.printer.stored(dtype, 'total')};",
                "        }",
                "    }",
            ]
        return lines

    def _product(self, step: Product) -> list[str]:
        left, right = step.equation.inputs
        output = step.equation.outputs[0]
        op = step.equation.op
        batch, rows, columns = output.type.shape
        inner = left.type.shape[1] if op.transpose_left else left.type.shape[2]  # type: ignore[attr-defined]
        spec = ContractionSpec(
            dtype=output.type.dtype.name,
            m=_static(rows),
            n=_static(columns),
            k=_static(inner),
            a_layout="column" if op.transpose_left else "row",  # type: ignore[attr-defined]
            b_layout="column" if op.transpose_right else "row",  # type: ignore[attr-defined]
        )
        kernel = contraction_kernel(spec)
        if kernel.shared:
            self.shared_units.setdefault(kernel.function, _ABI + PRELUDE + kernel.source)
        else:
            self.inline.setdefault(kernel.function, kernel.source)
        m, n, k = self._size(rows), self._size(columns), self._size(inner)
        self.work.append((0.03, dims.product((batch, rows, columns, inner))))
        left_strides = ("1", m) if op.transpose_left else (k, "1")  # type: ignore[attr-defined]
        right_strides = ("1", k) if op.transpose_right else (n, "1")  # type: ignore[attr-defined]
        a, b, c = (self._pointer(value) for value in (left, right, output))
        if kernel.shared:
            self.declarations.setdefault(_declaration(kernel.function, output))
        a_strides, b_strides = ", ".join(left_strides), ", ".join(right_strides)
        if batch == 1:
            call = f"{kernel.function}(context, {m}, {n}, {k}, {a}, {a_strides}, {b}, {b_strides}, {c}, {n}, 0, 0, 0)"
        else:
            call = (
                f"{kernel.function}_batch(context, {self._size(batch)}, {m}, {n}, {k}, {a}, {m} * {k}, {a_strides}, "
                f"{b}, {k} * {n}, {b_strides}, {c}, {m} * {n}, {n}, 0, 0, 0)"
            )
        return [f"if ((status = {call}) != CT_OK) return ct_failed(context, {self._equation(step.equation)}, status);"]

    def _equation(self, equation: Equation) -> int:
        self.equations.append(equation)
        return len(self.equations) - 1

    def _kernel_call(self, step: KernelCall) -> list[str]:
        equation = step.equation
        function = equation.op.c_function(  # type: ignore[attr-defined]
            [operand.type for operand in equation.inputs], [output.type for output in equation.outputs]
        )
        for name in function.scalar_functions:
            self.printer.need(name)
        for library in function.libraries:
            number = self.libraries.setdefault(library, len(self.libraries))
            routine = library.rpartition(":")[2]
            self.declarations.setdefault(f"#define LIBRARY_{routine} {number}")
        self.inline.setdefault(function.name, function.source)
        values = [*equation.inputs, *equation.outputs]
        pointers = ", ".join(self._pointer(value) for value in values)
        sizes = ", ".join([self._size(size) for value in values for size in value.type.shape] or ["0"])
        largest = max(values, key=lambda value: value.type.rank)
        self.work.append((function.cost, largest.type.size))
        return [
            "{",
            f"    void *pointers[] = {{{pointers}}};",
            f"    const ct_int sizes[] = {{{sizes}}};",
            f"    if ((status = {function.name}(context, pointers, sizes)) != CT_OK)",
            f"        return ct_failed(context, {self._equation(equation)}, status);",
            "}",
        ]

    def _callback(self, step: Callback) -> list[str]:
        equation = step.equation
        lines = ["{"]
        for side, values in (("given", equation.inputs), ("made", equation.outputs)):
            entries = []
            for position, value in enumerate(values):
                sizes = ", ".join(self._size(size) for size in value.type.shape) or "0"
                lines.append(f"    ct_int {side}_shape{position}[] = {{{sizes}}};")
                number = dtypes.ALL.index(value.type.dtype)
                entries.append(f"{{{self._pointer(value)}, {number}, {value.type.rank}, {side}_shape{position}}}")
            lines.append(f"    ct_array {side}[] = {{{', '.join(entries) or '{0, 0, 0, 0}'}}};")
        count = f"{len(equation.inputs)}, made, {len(equation.outputs)}"
        lines.append(f"    if (context->callback(context, {step.number}, given, {count}) != 0)")
        lines.append(f"        return ct_failed(context, {self._equation(equation)}, CT_CALLBACK_RAISED);")
        lines.append("}")
        return lines


def step_reads(step: Step) -> list[Value]:
    """Values whose memory a step reads."""
    if isinstance(step, Nest):
        return [load.data for member in step.members for load in loads(member.expression)]
    if isinstance(step, Copy):
        return [step.source]
    return list(step.equation.inputs)


def _static(size: Dim) -> int | None:
    return size if isinstance(size, int) else None


def _merged(work: list[tuple[float, Dim]]) -> list[tuple[float, Dim]]:
    """Terms with equal sizes added up."""
    total: dict[Dim, float] = {}
    for cost, size in work:
        total[size] = total.get(size, 0.0) + cost
    return [(cost, size) for size, cost in total.items()]


def _declaration(function: str, output: Value) -> str:
    type = storage_type(output.type.dtype)
    stride = f"const {type} *, ct_int, ct_int"
    batched = f"const {type} *, ct_int, ct_int, ct_int"
    tail = "ct_range_body, void *const *, const ct_int *);"
    return (
        f"int {function}(ct_context *, ct_int, ct_int, ct_int, {stride}, {stride}, {type} *, ct_int, {tail}\n"
        f"int {function}_batch(ct_context *, ct_int, ct_int, ct_int, ct_int, {batched}, {batched}, {type} *, ct_int, ct_int, {tail}"
    )


_RANGE = "(void *const *pointers, const ct_int *sizes, ct_int begin, ct_int end)"

RANGE_HELPERS = f"""\
static inline ct_int ct_align(ct_int bytes) {{ return (bytes + 63) & ~(ct_int)63; }}

/* Iterations per piece: about 20 microseconds of work, at most {MOST_PIECES} pieces. */
static inline ct_int ct_grain(ct_int extent, ct_int picoseconds)
{{
    ct_int grain = 20000000 / (picoseconds > 0 ? picoseconds : 1);
    grain = grain < 1 ? 1 : grain;
    grain = grain > 16 ? grain & ~(ct_int)15 : grain;
    const ct_int least = (extent + {MOST_PIECES - 1}) / {MOST_PIECES};
    return grain < least ? least : grain;
}}

static inline void ct_run_range(ct_context *context, ct_range_body body, void *const *pointers,
                                const ct_int *sizes, ct_int extent, ct_int grain)
{{
    if (extent > grain)
        context->parallel(context, body, pointers, sizes, extent, grain);
    else if (extent > 0)
        body(pointers, sizes, 0, extent);
}}

static inline int ct_guard(ct_context *context, ct_int number, ct_int left, ct_int right)
{{
    context->error[0] = number;
    context->error[1] = left;
    context->error[2] = right;
    return CT_FAILED_GUARD;
}}

static inline int ct_failed(ct_context *context, ct_int equation, int status)
{{
    context->error[0] = equation;
    return status;
}}
"""
