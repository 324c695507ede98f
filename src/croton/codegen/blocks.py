"""A program printed as a block of C statements, given where its inputs and outputs lie.

The same printing serves the whole function and the bodies of its loops and branches. A block's
intermediate values lie in one piece of memory, `base`, laid out by liveness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from croton.codegen.bands import print_band
from croton.codegen.functions import function_of
from croton.codegen.nests import NestCode, NestPrinter
from croton.codegen.reductions import accumulator_type, combine_text, identity_literal, partial_size
from croton.codegen.resident import Resident, kernel_for, resident_of
from croton.codegen.scalars import c_type, literal, storage_type
from croton.codegen.shared_rows import Rows, copied_part, part_of
from croton.codegen.tracks import Track, find_tracks, row_bytes, stacked, track_bytes
from croton.codegen.unit import MOST_PIECES, Unit, Work
from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.values import Constant, Equation, Value
from croton.loops.members import Member
from croton.loops.memory import MemoryPlan
from croton.loops.products import sizes_of
from croton.loops.program import (
    Band,
    BindSize,
    Callback,
    Control,
    KernelCall,
    Nest,
    Product,
    Program,
    Step,
    made_by,
    step_reads,
)

REPEATED = 8  # times as much work before threads share a nest in a loop: every step waits for the slowest


class BlockPrinter:
    """Prints one program. After `print`, `lines` are the statements, `plan` the memory behind `base`."""

    def __init__(
        self,
        program: Program,
        unit: Unit,
        inputs: Mapping[Value, str],
        outputs: Sequence[str | None],
        prefix: str = "m",
    ) -> None:
        """inputs: C pointers of the program's inputs and large constants. outputs: C pointers where the
        outputs must come to lie, None where the size is only known while running."""
        self.program = program
        self.unit = unit
        self.inputs = dict(inputs)
        self.outputs = list(outputs)
        self.prefix = prefix
        self.places: dict[Value, str] = dict(inputs)
        self.plan = MemoryPlan()
        self.dynamic: set[Value] = set()  # values whose memory is allocated while running
        self.persistent: list[str] = []  # declarations at the start of the function, shared with inner blocks
        self.nested = False  # whether this is part of a loop or branch
        self._allocated: set[Value] = set()  # dynamic values for which the lines so far get memory
        self._pieces_of: dict[Member, str] = {}
        self.lines: list[str] = []
        self.starts: list[int] = []  # where the lines of each step begin
        self.work: Work = []
        self.sub_blocks = 0
        self.tracks: dict[Control, list[Track]] = {}
        self.before: list[str] = []  # statements to run before the loop around this
        self.packed: dict[Resident, str] = {}  # matrices that the loop around this has packed
        self.declared_sizes: set[dims.Symbol] = set()
        self.repeated = False  # whether these statements are run step by step
        self.rows: Rows | None = None  # the rows for which they are run, if not for all
        self.band: Band | None = None  # the band being printed
        # In a profiled function each step runs alone, so that its time is its own.
        self.bands = {} if unit.timers.enabled else {band.first: band for band in program.bands}
        self._codes: dict[Nest, NestCode] = {}
        self._beside: dict[int, int] = {}  # where loops begin that run side by side, and where they end

    def print(self) -> None:
        self._find_beside()
        self._place_values()
        timers = self.unit.timers
        self.lines += timers.start(self.prefix)
        with timers.block():
            number = 0
            while number < len(self.program.steps):
                self.starts.append(len(self.lines))
                if number in self.bands:
                    self.lines += print_band(self, self.bands[number])
                    number = self.bands[number].last
                    continue
                if number in self._beside:
                    self.lines += self._side_by_side(number)
                    number = self._beside[number]
                    continue
                step = self.program.steps[number]
                timer = timers.number(step, self.program)
                self._allocate_dynamic(step)
                self.lines += self._step(step, number)
                self._check_runtime_guards(step)
                self.lines += timers.lap(self.prefix, timer)
                number += 1
        self._copy_outputs()

    def printed_steps(self, first: int, last: int) -> list[str]:
        """The statements of the steps of a band."""
        return [
            line for number in range(first, last) for line in self._step(self.program.steps[number], number)
        ]

    def arena(self) -> Dim:
        """Bytes behind `base`."""
        return _sum(_padded(slot.size) for slot in self.plan.slots)

    def declarations(self, base: str) -> list[str]:
        """Pointers to the slots."""
        lines, offset = [], base
        for slot in self.plan.slots:
            name = f"{self.prefix}{slot.number}"
            lines.append(f"char *const {name} = {offset}; (void){name};")
            offset = f"{name} + {self.unit.size(_padded(slot.size))}"
        return lines

    def reserve(self, name: str, size: Dim, equation: Equation | None) -> list[str]:
        """Statements that make the pointer `name` one to memory of a size only known while running.

        What a loop reserves in every step stays reserved: it grows when a step needs more.
        """
        bytes_text = self.unit.bytes(size)
        if self.nested:
            self.unit.function("ct_reserve", RESERVE)
            self.persistent.append(f"void *{name} = 0; ct_int {name}_room = -1;")
            memory = f"ct_reserve(context, &{name}, &{name}_room, {bytes_text})"
        else:
            self.persistent.append(f"void *{name} = 0;")
            memory = f"({name} = context->allocate(context, {bytes_text}))"
        failed = f"ct_failed(context, {self._equation(equation)}, CT_OUT_OF_MEMORY)"
        return [f"if ({memory} == 0)", f"    return {failed};"]

    # Memory.

    def _place_values(self) -> None:
        program = self.program
        self.direct: dict[Value, int] = {}
        for position, (output, place) in enumerate(zip(program.graph.outputs, self.outputs, strict=True)):
            root = program.root(output)
            if place is not None and root not in self.places and not isinstance(root, Constant):
                self.places[root] = place
                self.direct[root] = position
        last = self._last_uses()
        for number, step in enumerate(program.steps):
            if isinstance(step, Control):
                self._place_tracks(step, number, last)
            for value in made_by(step):
                if value not in self.places:
                    self._place(value, number, last.get(value, number))
            self._place_scratch(step, number)

    def span(self, number: int) -> tuple[int, int]:
        """The first and the last of the steps that run side by side with a step, itself among them."""
        for first, end in self._beside.items():
            if first <= number < end:
                return first, end - 1
        return number, number

    def _find_beside(self) -> None:
        from croton.codegen.control import stand_beside

        for loops in self.program.beside:
            first = self.program.steps.index(loops[0])
            end = first + len(loops)
            if tuple(self.program.steps[first:end]) == loops and stand_beside(self, loops):
                self._beside[first] = end

    def _around(self, number: int) -> Band | None:
        """The band that a step is in."""
        return next((band for band in self.bands.values() if band.first <= number < band.last), None)

    def _place_tracks(self, step: Control, number: int, last: Mapping[Value, int]) -> None:
        """One array for what a loop stacks of a state before and after each step."""
        self.tracks[step] = found = find_tracks(step)
        for track in found:
            size = track_bytes(step, track.state)
            results = [stacked(step, p) for p in (track.before, track.after) if p is not None]
            given = any(value in self.places for value in results)
            if track.before is None or given or dims.runtime_symbols((size,)):
                track.before = None
                continue
            key = (step, "track", track.state)
            begin, end = self.span(number)
            self.plan.place(key, size, begin, max(end, *(last.get(value, number) for value in results)))
            start = f"{self.prefix}{self.plan.placed[key]}"
            second = f"({start} + {self.unit.size(row_bytes(step, track.state))})"
            places = (second, start) if step.scan.reverse else (start, second)
            for position, place in zip((track.before, track.after), places, strict=True):
                if position is not None:
                    self.places[stacked(step, position)] = place
        self.tracks[step] = [track for track in found if track.before is not None or track.after is not None]

    def _place(self, value: Value, number: int, last: int) -> None:
        size = dims.multiply(_largest_size(value), value.type.dtype.itemsize)
        if dims.runtime_symbols((size,)):
            self.places[value] = f"{self.prefix}dynamic{len(self.dynamic)}"
            self.dynamic.add(value)
            return
        band = self._around(number)
        if band is None:
            begin, end = self.span(number)
            # of a loop that threads share, other rows may be at any other step
            shared_by = None if self.rows is None else (0, size)
            self.plan.place(value, size, begin, max(last, end), shared_by)
        elif value in band.local:
            self.plan.place(value, size, number, last, (band.first, size))
        else:  # other entries may be at any other step of the band
            self.plan.place(value, size, band.first, max(last, band.last - 1))
        self.places[value] = f"{self.prefix}{self.plan.placed[value]}"

    def _place_scratch(self, step: Step, number: int) -> None:
        if not isinstance(step, Nest):
            return
        band = self._around(number)
        for member in step.members:
            if member.reduced and member.reduced[0] < step.depth:
                size = _pieces_size(member)
                if not dims.runtime_symbols((size,)):
                    first, last = (number, number) if band is None else (band.first, band.last - 1)
                    self.plan.place(member, size, first, last)

    def _last_uses(self) -> dict[Value, int]:
        last: dict[Value, int] = {}
        for number, step in enumerate(self.program.steps):
            band = self._around(number)
            for value in step_reads(step):
                root = self.program.root(value)
                last[root] = self.span(number)[1] if band is None or root in band.local else band.last - 1
        for output in self.program.graph.outputs:
            last[self.program.root(output)] = len(self.program.steps)
        return last

    def pointer(self, value: Value) -> str:
        root = self.program.root(value)
        place = self.places[root]
        if self.band is None or self.rows is None or root not in self.band.local:
            return place
        share = self.rows.per_row(dims.multiply(root.type.size, root.type.dtype.itemsize))
        assert share is not None
        return f"({place} + shift * {self.unit.size(share)})"

    def _allocate_dynamic(self, step: Step) -> None:
        for value in made_by(step):
            if value in self.dynamic and value not in self._allocated:
                self._allocated.add(value)
                size = dims.multiply(_largest_size(value), value.type.dtype.itemsize)
                self.lines += self.reserve(self.places[value], size, value.owner)

    def _copy_outputs(self) -> None:
        for position, output in enumerate(self.program.graph.outputs):
            root = self.program.root(output)
            place = self.outputs[position]
            if place is None or self.direct.get(root) == position:
                continue
            if isinstance(root, Constant) and root not in self.places:
                text = literal(root.data.tobytes(), root.type.dtype)
                stored = self.unit.printer.stored(output.type.dtype, text)
                self.lines.append(f"*({storage_type(output.type.dtype)} *){place} = {stored};")
            else:
                size = dims.multiply(output.type.size, output.type.dtype.itemsize)
                part = part_of(self.rows, size, self.unit)
                self.lines.append(copied_part("__builtin_memmove", place, self.places[root], part))

    # Runtime sizes.

    def _check_runtime_guards(self, step: Step) -> None:
        """Guards that name a size this step has just found."""
        equations = [] if isinstance(step, Nest) else [step.equation]
        bound = {symbol for equation in equations for symbol in equation.bound_symbols()}
        if not bound:
            return
        for number, (guard, _) in enumerate(self.guards):
            named = dims.runtime_symbols((guard.left, guard.right))
            if named & bound and named <= set(self.unit.runtime):
                self.lines += guard_lines(self.unit, number, guard)

    guards: Sequence[tuple[dims.Guard, Equation | None]] = ()

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
        if isinstance(step, BindSize):
            return self._bind_size(step)
        from croton.codegen.control import print_control

        return print_control(self, step, number)

    def _side_by_side(self, number: int) -> list[str]:
        from croton.codegen.control import print_beside

        steps = self.program.steps[number : self._beside[number]]
        for step in steps:
            self._allocate_dynamic(step)
        return print_beside(self, [step for step in steps if isinstance(step, Control)], number)

    def _equation(self, equation: Equation | None) -> int:
        return -1 if equation is None else self.unit.equation(equation)

    def _nest(self, nest: Nest) -> list[str]:
        size = self.unit.size
        code = self._code(nest)
        name = self.unit.kernel(code.body)
        self.work += [(cost, dims.multiply(inner, code.extent)) for cost, inner in code.work]
        pointers = [self.pointer(value) for value in code.pointers]
        pointers += [self._pieces(member) for member in code.partials]
        extent = size(code.extent)
        work = self.unit.picoseconds(code.work, 1 / REPEATED if self.repeated else 1.0)
        sizes = [size(dims.of_atom(symbol)) for symbol in code.symbols]
        if self.rows is not None:
            begin, number = part_of(self.rows, code.extent, self.unit)
            if code.partials:
                sizes.append(f"{self.rows.grain} * {size(self.rows.per_row(code.extent) or 1)}")
            return [
                "{",
                f"    void *pointers[] = {{{', '.join(pointers) or '0'}}};",
                f"    const ct_int sizes[] = {{{', '.join(sizes) or '0'}}};",
                f"    {name}(pointers, sizes, {begin}, {begin} + {number});",
                "}",
            ]
        return [
            "{",
            *self._allocate_pieces(code),
            f"    void *pointers[] = {{{', '.join(pointers) or '0'}}};",
            f"    const ct_int grain = ct_grain({extent}, {work});",
            f"    const ct_int sizes[] = {{{', '.join([*sizes, 'grain'])}}};",
            f"    ct_run_range(context, {name}, pointers, sizes, {extent}, grain);",
            *self.combined(nest, f"({extent} + grain - 1) / grain"),
            "}",
        ]

    def _code(self, nest: Nest) -> NestCode:
        code = self._codes.get(nest)
        if code is None:
            code = self._codes[nest] = NestPrinter(nest, self.program, self.unit.printer).print()
        return code

    def _pieces(self, member: Member) -> str:
        """Where the pieces of an accumulated result lie."""
        if member in self.plan.placed:
            return f"{self.prefix}{self.plan.placed[member]}"
        return self._pieces_of.setdefault(member, f"{self.prefix}pieces{len(self._pieces_of)}")

    def _allocate_pieces(self, code: NestCode) -> list[str]:
        """Memory for pieces whose size is only known while running."""
        lines = []
        for member in code.partials:
            if member not in self.plan.placed:
                reserved = self.reserve(self._pieces(member), _pieces_size(member), member.equation)
                lines += ["    " + line for line in reserved]
        return lines

    def combined(self, nest: Nest, count: str) -> list[str]:
        """Adds up, in order, what `count` pieces of the outer loop accumulated."""
        lines = []
        for member in self._code(nest).partials:
            dtype = member.value.type.dtype
            combined = combine_text(member, "total", "pieces[piece * size + j]")
            stored = self.unit.printer.stored(dtype, "total")
            function = self.unit.combination(
                f"    const {c_type(dtype)} *pieces = all;\n"
                f"    for (ct_int j = 0; j < size; ++j) {{\n"
                f"        {accumulator_type(member)} total = {identity_literal(member)};\n"
                f"        for (ct_int piece = 0; piece < count; ++piece) total = {combined};\n"
                f"        (({storage_type(dtype)} *)place)[j] = {stored};\n"
                f"    }}"
            )
            size = self.unit.size(partial_size(member))
            lines.append(
                f"    {function}({self._pieces(member)}, {self.pointer(member.value)}, {size}, {count});"
            )
        return lines

    def _product(self, step: Product) -> list[str]:
        equation = step.equation
        sizes, kernel = sizes_of(equation), kernel_for(equation)
        left, right = equation.inputs
        self.work.append((0.03, dims.product((sizes.batch, sizes.rows, sizes.columns, sizes.inner))))
        m, n, k = (self.unit.size(size) for size in (sizes.rows, sizes.columns, sizes.inner))
        a_strides = f"1, {m}" if sizes.left_swapped else f"{k}, 1"
        b_strides = f"1, {k}" if sizes.right_swapped else f"{n}, 1"
        a, b, c = (f"(void *){self.pointer(value)}" for value in (left, right, equation.outputs[0]))
        count = self.unit.size(sizes.batch)
        if self.rows is not None:
            itemsize = left.type.dtype.itemsize

            def part(pointer: str, *factors: str) -> str:
                return f"(void *)((char *){pointer} + {' * '.join([begin, *factors, str(itemsize)])})"

            if sizes.batch == 1:
                begin, m = part_of(self.rows, sizes.rows, self.unit)
                a, c = part(a, k), part(c, n)
            else:
                begin, count = part_of(self.rows, sizes.batch, self.unit)
                a, b, c = part(a, m, k), part(b, k, n), part(c, m, n)
        packed = self.packed.get(resident_of(equation, self.program)) if sizes.batch == 1 else None
        if packed is not None:
            function = self.unit.contraction(kernel, f"ct_contract_packed_{right.type.dtype.name}")
            arguments = f"{m}, {n}, {k}, {a}, {a_strides}, {b}, {b_strides}, (void *){packed}, {c}, {n}"
            return self.checked(f"{function}(context, {arguments})", equation)
        if sizes.batch == 1:
            function = self.unit.contraction(kernel, kernel.function)
            arguments = f"{m}, {n}, {k}, {a}, {a_strides}, {b}, {b_strides}, {c}, {n}"
        else:
            function = self.unit.contraction(kernel, kernel.batch_function)
            arguments = (
                f"{count}, {m}, {n}, {k}, {a}, {m} * {k}, {a_strides}, "
                f"{b}, {k} * {n}, {b_strides}, {c}, {m} * {n}, {n}"
            )
        return self.checked(f"{function}(context, {arguments}, 0, 0, 0)", equation)

    def checked(self, call: str, equation: Equation) -> list[str]:
        """A call that returns a status; a failure leaves the function."""
        number = self._equation(equation)
        return [f"if ((status = {call}) != CT_OK)", f"    return ct_failed(context, {number}, status);"]

    def _kernel_call(self, step: KernelCall) -> list[str]:
        equation = step.equation
        function = function_of(step)
        for name in function.scalar_functions:
            self.unit.printer.need(name)
        for library in function.libraries:
            self.unit.library(library)
        for kernel in function.kernels:
            self.unit.kernel_unit(kernel)
        self.unit.function(function.name, function.source)
        values = [*equation.inputs, *equation.outputs]
        bound = equation.bound_symbols()
        names = [self.runtime_name(symbol) for symbol in bound]
        pointers = ", ".join([*(self.pointer(value) for value in values), *(f"&{name}" for name in names)])
        sizes = [size for value in values for size in value.type.shape]
        known = [self.unit.size(0 if dims.runtime_symbols((size,)) & set(bound) else size) for size in sizes]
        largest = max(values, key=lambda value: value.type.rank)
        if not dims.runtime_symbols((largest.type.size,)):
            self.work.append((function.cost, largest.type.size))
        return [
            "{",
            f"    void *pointers[] = {{{pointers}}};",
            f"    const ct_int sizes[] = {{{', '.join(known) or '0'}}};",
            *("    " + line for line in self.checked(f"{function.name}(context, pointers, sizes)", equation)),
            "}",
        ]

    def runtime_name(self, symbol: dims.Symbol) -> str:
        """The C variable of a size found while running, declared here.

        Two loops that find the same size, one of them made for a derivative, share it.
        """
        name = self.unit.runtime.setdefault(symbol, f"k{len(self.unit.runtime)}")
        if symbol not in self.declared_sizes:
            self.declared_sizes.add(symbol)
            self.lines.append(f"ct_int {name} = 0;")
        return name

    def _bind_size(self, step: BindSize) -> list[str]:
        equation = step.equation
        (symbol,) = equation.bound_symbols()
        name = self.runtime_name(symbol)
        output = self.places.get(equation.outputs[0])
        lines = [f"{name} = *(const ct_int *){self.pointer(equation.inputs[0])};", f"if ({name} < 0) {{"]
        lines += [f"    context->error[1] = {name};"]
        lines += [f"    return ct_failed(context, {self._equation(equation)}, CT_RUNTIME_ERROR);", "}"]
        return lines + ([f"*(ct_int *){output} = {name};"] if output else [])

    def _callback(self, step: Callback) -> list[str]:
        equation = step.equation
        lines = ["{"]
        for side, values in (("given", equation.inputs), ("made", equation.outputs)):
            entries = []
            for position, value in enumerate(values):
                sizes = ", ".join(self.unit.size(size) for size in value.type.shape) or "0"
                lines.append(f"    ct_int {side}_shape{position}[] = {{{sizes}}};")
                number = dtypes.KNOWN.index(value.type.dtype)
                entries.append(
                    f"{{{self.pointer(value)}, {number}, {value.type.rank}, {side}_shape{position}}}"
                )
            lines.append(f"    ct_array {side}[] = {{{', '.join(entries) or '{0, 0, 0, 0}'}}};")
        count = f"given, {len(equation.inputs)}, made, {len(equation.outputs)}"
        lines.append(f"    if (context->callback(context, {self.unit.callback(equation)}, {count}) != 0)")
        lines.append(f"        return ct_failed(context, {self._equation(equation)}, CT_CALLBACK_RAISED);")
        lines.append("}")
        return lines


RESERVE = """\
static inline void *ct_reserve(ct_context *context, void **memory, ct_int *room, ct_int bytes)
{
    if (bytes < 0)
        return 0;
    if (bytes > *room) {
        const ct_int wanted = bytes + bytes / 2;
        *memory = context->allocate(context, wanted);
        *room = *memory != 0 ? wanted : -1;
    }
    return *memory;
}
"""


def guard_lines(unit: Unit, number: int, guard: dims.Guard) -> list[str]:
    """Statements that leave the function when a guard fails."""
    left, right = unit.size(guard.left), unit.size(guard.right)
    wrong = {
        "equal": f"{left} != {right}",
        "at_least": f"{left} < {right}",
        "in_range": f"{left} < 0 || {left} >= {right}",
    }[guard.kind]
    return [f"if ({wrong})", f"    return ct_guard(context, {number}, {left}, {right});"]


def _largest_size(value: Value) -> Dim:
    """Elements that a value's memory must hold: the bound of sizes its own equation finds."""
    equation = value.owner
    bounds = getattr(equation.op, "size_bounds", None) if equation is not None else None
    if bounds is None or equation is None:
        return value.type.size
    return dims.substitute(value.type.size, bounds([operand.type for operand in equation.inputs]))


def _pieces_size(member: Member) -> Dim:
    """Bytes for the most pieces that a result can be accumulated in."""
    itemsize = dtypes.compute_dtype(member.value.type.dtype).itemsize
    return dims.multiply(partial_size(member), MOST_PIECES * itemsize)


def _padded(size: Dim) -> Dim:
    """Bytes of a slot with room to keep the next one aligned."""
    if isinstance(size, int):
        return -(-size // 64) * 64
    return dims.multiply(64, dims.floordiv(dims.add(size, 63), 64))


def _sum(sizes: Iterable[Dim]) -> Dim:
    total: Dim = 0
    for size in sizes:
        total = dims.add(total, size)
    return total
