"""A loop nest printed as C: one function over a range of its outermost loop.

Every scalar is computed in the outermost loop whose variables it needs. Reductions accumulate in a
register where the reduced loops are innermost and in memory where they are not; what is reduced over the
outermost loop is accumulated per piece of that loop and the pieces are added up in order afterwards, so
that results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from croton.codegen import vector_maths
from croton.codegen.reductions import (
    PIECE_BEGINS,
    Register,
    combine_text,
    identity_literal,
    partial_size,
)
from croton.codegen.row_blocks import (
    LONG_ROW,
    TILE,
    accumulates_per_column,
    find_row_block,
    is_shared_row,
)
from croton.codegen.scalars import ScalarPrinter, c_type, literal, size_text, storage_type
from croton.codegen.strips import Statement, in_strips
from croton.graph import dims, dtypes
from croton.graph.dims import Dim, Symbol
from croton.graph.values import Value
from croton.loops.expressions import Node
from croton.loops.members import Member, index_name, register_axis
from croton.loops.program import Nest, Program

_CHEAP = frozenset(("add", "subtract", "multiply", "negative"))


@dataclass
class NestCode:
    """The C of a nest: `body` runs a range of the outer loop; `pointers` and `symbols` are what it is handed.

    partials: members whose pieces must be combined, with the position of their piece buffer in `pointers`.
    """

    body: str
    pointers: list[Value]
    symbols: list[Symbol]
    extent: Dim
    partials: list[Member]
    work: list[tuple[float, Dim]]  # nanoseconds per outer iteration, as a sum of cost * inner size


@dataclass
class _Scope:
    """The text of a loop body being written, and the names defined in it."""

    variables: frozenset[str]
    variable: str = ""  # that of the loop itself
    lines: list[str] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)  # the definitions among the lines
    names: dict[Node, str] = field(default_factory=dict)
    locals: dict[Value, str] = field(default_factory=dict)
    stores: list[str] = field(default_factory=list)  # last in the body: what is read may be overwritten


class NestPrinter:
    """Prints one nest. Pointers and sizes are numbered by first use, so that equal nests print equally."""

    def __init__(self, nest: Nest, program: Program, printer: ScalarPrinter) -> None:
        self.nest = nest
        self.program = program
        self.printer = printer
        self.pointers: dict[Value, str] = {}
        self.partial_names: dict[Member, str] = {}
        self.symbols: dict[Symbol, str] = {}
        self.scopes: list[_Scope] = []
        self.counter = 0
        self.written = {member.memory for member in nest.members if member.value in nest.stored}
        self.stage: dict[Value, Member] = {}
        self.parallel_axis = self._parallel_axis()
        self.block = find_row_block(nest) if self.parallel_axis is not None else None
        if self.block is not None and self.block.outer != self.parallel_axis:
            self.block = None
        self.tiles: dict[Value, str] = {}
        self.arrays: dict[Value, str] = {}  # names of local values

    def print(self) -> NestCode:
        members = self.nest.members
        extent: Dim = 1 if self.parallel_axis is None else members[0].domain[self.parallel_axis]
        self.scopes.append(_Scope(frozenset()))
        if self.block is not None:
            width = self._size(self.block.width)
            rows = f"ct_int rows = {width} > 0 && {width} < {LONG_ROW} ? {TILE} / {width} : 1;"
            # sixteen rows are whole vectors, whatever their width
            self.scopes[0].lines += [rows, "rows = rows > 16 ? rows / 16 * 16 : rows;"]
        self._outer_axis(0)
        lines = self.scopes.pop().lines
        partials = list(self.partial_names)
        pointers = [*self.pointers]
        header = [
            f"{self._pointer_type(value)} *{name} = pointers[{position}];"
            for position, (value, name) in enumerate(self.pointers.items())
        ]
        for position, member in enumerate(partials, len(pointers)):
            type = c_type(member.value.type.dtype)
            name = self.partial_names[member]
            size = self._size(partial_size(member))
            header.append(f"{type} *{name} = ({type} *)pointers[{position}] + begin / grain * {size};")
        sizes = [
            f"const ct_int {name} = sizes[{position}];" for position, name in enumerate(self.symbols.values())
        ]
        if partials:
            sizes.append(f"const ct_int grain = sizes[{len(self.symbols)}];")
        unused = ["(void)begin, (void)end, (void)sizes, (void)pointers;"]
        body = "\n".join(
            ["    " + line for line in (*unused, *sizes, *header)] + ["    " + line for line in lines]
        )
        return NestCode(body, pointers, list(self.symbols), extent, partials, self._work())

    def _pointer_type(self, value: Value) -> str:
        type = storage_type(value.type.dtype)
        return type if value in self.written else f"const {type}"

    def _parallel_axis(self) -> int | None:
        for axis in range(self.nest.depth):
            if self.nest.members[0].domain[axis] != 1:
                return axis
        return None

    def _work(self) -> list[tuple[float, Dim]]:
        start = 0 if self.parallel_axis is None else self.parallel_axis + 1
        return [(member.cost + 0.1, dims.product(member.domain[start:])) for member in self.nest.members]

    # Loops.

    def _outer_axis(self, axis: int) -> None:
        members = self.nest.members
        starting = [member for member in members if self._starts(member, axis)]
        if axis == self.nest.depth:
            for stage in self.nest.stages:
                self.stage = {member.value: member for member in stage}
                self._stage_axis(stage, axis)
                self.stage = {}
            return
        for member in starting:
            self._start(member, axis)
        extent = members[0].domain[axis]
        if axis == self.parallel_axis:
            self._loop(
                axis,
                "begin",
                "end",
                axis + 1 == self._last_axis(members),
                members,
                lambda: self._outer_axis(axis + 1),
            )
        elif extent == 1:
            self._outer_axis(axis + 1)
        else:
            innermost = axis + 1 == self._last_axis(members)
            self._loop(axis, "0", self._size(extent), innermost, members, lambda: self._outer_axis(axis + 1))
        for member in reversed(starting):
            self._finish(member, axis)

    def _stage_axis(self, stage: list[Member], axis: int) -> None:
        rank = len(stage[0].domain)
        if axis == rank:
            for member in stage:
                self._body(member)
            self.scopes[-1].lines += self.scopes[-1].stores
            self.scopes[-1].stores = []
            return
        starting = [member for member in stage if self._starts(member, axis)]
        for member in starting:
            self._start(member, axis)
        extent = stage[0].domain[axis]
        if extent == 1:
            self._stage_axis(stage, axis + 1)
        else:
            innermost = all(size == 1 for size in stage[0].domain[axis + 1 :])
            self._loop(
                axis, "0", self._size(extent), innermost, stage, lambda: self._stage_axis(stage, axis + 1)
            )
        for member in reversed(starting):
            self._finish(member, axis)

    def _starts(self, member: Member, axis: int) -> bool:
        return bool(member.reduced) and axis in (member.reduced[0], register_axis(member))

    def _last_axis(self, members: list[Member]) -> int:
        """One past the last axis any member loops over."""
        last = 0
        for member in members:
            for axis, size in enumerate(member.domain):
                if size != 1:
                    last = max(last, axis + 1)
        return last

    def _loop(
        self,
        axis: int,
        begin: str,
        end: str,
        innermost: bool,
        members: list[Member],
        inside: Callable[[], None],
    ) -> None:
        name = index_name(axis)
        outer = self.scopes[-1]
        scope = _Scope(outer.variables | {name}, name)
        self.scopes.append(scope)
        inside()
        self.scopes.pop()
        vectorized = innermost and not any(
            dtypes.is_complex(m.value.type.dtype) for m in members if m.reduced
        )
        head = "#pragma omp simd" + self._reduction_clauses(members, axis)
        if vectorized and self.block is None:
            strips = self._strips(scope, head, begin, end, axis == self.parallel_axis)
            if strips:
                outer.lines += strips
                return
        if vectorized:
            outer.lines.append(head)
        if self.block is not None and axis == self.block.outer:
            width = self._size(self.block.width)
            outer.lines.append(f"for (ct_int {name} = {begin}; {name} < {end}; {name} += rows) {{")
            outer.lines.append(
                f"    const ct_int width = ({end} - {name} < rows ? {end} - {name} : rows) * {width};"
            )
        else:
            end = "width" if self.block is not None and axis == self.block.inner else end
            outer.lines.append(f"for (ct_int {name} = {begin}; {name} < {end}; ++{name}) {{")
        outer.lines += ["    " + line for line in scope.lines]
        outer.lines.append("}")

    def _strips(self, scope: _Scope, head: str, begin: str, end: str, whole: bool) -> list[str]:
        """An innermost loop in strips, if that is quicker; whole: whether it is the only loop of the nest."""
        defined = {statement.line for statement in scope.statements}
        rest = [line for line in scope.lines if line not in defined]
        if any("{" in line for line in rest):
            return []  # another loop lies inside
        return in_strips(scope.statements, rest, head, scope.variable, begin, end, cut=whole)

    def _reduction_clauses(self, members: list[Member], axis: int) -> str:
        clauses = ""
        for member in members:
            if axis in member.reduced and register_axis(member) is not None:
                clauses += f" reduction({self._register(member).clause}:{self._accumulator(member)})"
        return clauses

    # Reductions.

    def _accumulator(self, member: Member) -> str:
        return f"r{self.nest.members.index(member)}"

    def _register(self, member: Member) -> Register:
        return Register(member, self.printer)

    def _start(self, member: Member, axis: int) -> None:
        lines = self.scopes[-1].lines
        identity = identity_literal(member)
        if axis == register_axis(member):
            earlier = None
            if axis == member.reduced[0] and self._in_pieces(member):
                earlier = self._place(member, ["0"] * len(member.kept))
            lines.append(self._register(member).declaration(self._accumulator(member), earlier))
            if axis != member.reduced[0]:
                return
        elif axis == member.reduced[0]:
            place, loops = self._accumulated_place(member, axis, "q")
            if self._in_pieces(member):
                loops.insert(0, f"if ({PIECE_BEGINS}) {{")
            closing = "}" * len(loops)
            lines.append(" ".join([*loops, f"{place} = {self._memory_form(member, identity)};", closing]))
            if self.block is not None and accumulates_per_column(member, self.block):
                self._start_columns(member, identity)

    def _start_columns(self, member: Member, identity: str) -> None:
        """Totals for each column of a block of rows, added up over the rows at the end."""
        assert self.block is not None
        name, total = f"c{self._accumulator(member)}", self.partial_names[member]
        width = self._size(self.block.width)
        self.scopes[-1].lines += [
            f"{c_type(member.value.type.dtype)} {name}_rows[{TILE}] __attribute__((aligned(64)));",
            f"{c_type(member.value.type.dtype)} *{name} = rows > 1 ? {name}_rows : {total};",
            f"for (ct_int j = 0; rows > 1 && j < rows * {width}; ++j) {name}[j] = {identity};",
        ]

    def _finish_columns(self, member: Member) -> None:
        assert self.block is not None
        name, total = f"c{self._accumulator(member)}", self.partial_names[member]
        width = self._size(self.block.width)
        combined = combine_text(member, f"{total}[j]", f"{name}[row * {width} + j]")
        self.scopes[-1].lines += [
            "for (ct_int row = 0; rows > 1 && row < rows; ++row)",
            f"    for (ct_int j = 0; j < {width}; ++j) {total}[j] = {combined};",
        ]

    def _memory_form(self, member: Member, number: str) -> str:
        if self._in_pieces(member):
            return number
        return self.printer.stored(member.value.type.dtype, number)

    def _in_pieces(self, member: Member) -> bool:
        return bool(member.reduced) and member.reduced[0] < self.nest.depth

    def _accumulated_place(self, member: Member, axis: int, prefix: str) -> tuple[str, list[str]]:
        """The element of memory that accumulates, under loops over the kept axes after `axis`."""
        loops = []
        index: list[str] = []
        for kept in member.kept:
            if kept < axis:
                index.append(index_name(kept) if member.domain[kept] != 1 else "0")
                continue
            name = f"{prefix}{kept}"
            index.append(name)
            if member.domain[kept] != 1:
                loops.append(
                    f"for (ct_int {name} = 0; {name} < {self._size(member.domain[kept])}; ++{name}) {{"
                )
            else:
                index[-1] = "0"
        return self._place(member, index), loops

    def _place(self, member: Member, index: list[str]) -> str:
        """Where the result (or this piece's part of it) lies for an index of its kept axes."""
        sizes = tuple(member.domain[axis] for axis in member.kept)
        if self._in_pieces(member):
            name = self.partial_names.setdefault(member, f"s{len(self.partial_names)}")
            return f"{name}[{self._linear(index, sizes)}]"
        return self._element(member.value, index, sizes)

    def _finish(self, member: Member, axis: int) -> None:
        scope = self.scopes[-1]
        if (
            self.block is not None
            and axis == member.reduced[0]
            and accumulates_per_column(member, self.block)
        ):
            self._finish_columns(member)
        if axis != register_axis(member):
            return
        number = self._accumulator(member)
        result = self._register(member).result(number)
        if result != number:
            number = f"{number}_number"
            scope.lines.append(f"const {c_type(member.value.type.dtype)} {number} = {result};")
        index = [index_name(kept) if member.domain[kept] != 1 else "0" for kept in member.kept]
        if axis != member.reduced[0]:
            place = self._place(member, index)
            self._accumulate_memory(member, place, number, scope.lines)
            return
        if self._in_pieces(member):
            scope.lines.append(f"{self._place(member, index)} = {number};")
            return
        if self._has_memory(member):
            stored = self.printer.stored(member.value.type.dtype, number)
            scope.lines.append(f"{self._place(member, index)} = {stored};")
        scope.locals[member.value] = number

    def _accumulate_memory(self, member: Member, place: str, number: str, lines: list[str]) -> None:
        dtype = member.value.type.dtype
        current = place if self._in_pieces(member) else self.printer.loaded(dtype, place)
        combined = combine_text(member, current, number)
        lines.append(
            f"{place} = {combined if self._in_pieces(member) else self.printer.stored(dtype, combined)};"
        )

    # Bodies.

    def _body(self, member: Member) -> None:
        number = self._node(member.expression)
        scope = self.scopes[-1]
        if member.reduced:
            if register_axis(member) is not None:
                scope.lines += self._register(member).accumulate(self._accumulator(member), number)
            elif self.block is not None and accumulates_per_column(member, self.block):
                place = f"c{self._accumulator(member)}[{index_name(self.block.inner)}]"
                self._accumulate_memory(member, place, number, scope.lines)
            else:
                index = [index_name(kept) if member.domain[kept] != 1 else "0" for kept in member.kept]
                self._accumulate_memory(member, self._place(member, index), number, scope.lines)
            return
        scope.locals[member.value] = number
        if self._has_memory(member):
            index = [index_name(axis) if size != 1 else "0" for axis, size in enumerate(member.domain)]
            place = self._stored_at(member, index)
            scope.stores.append(f"{place} = {self.printer.stored(member.value.type.dtype, number)};")

    def _stored_at(self, member: Member, index: list[str]) -> str:
        """The place of an element of a member."""
        window = member.window
        if window is None:
            return self._element(member.value, index, member.domain)
        if window.start != 0:
            index[window.axis] = f"{index[window.axis]} + {self._size(window.start)}"
        shape = list(member.domain)
        shape[window.axis] = window.whole.type.shape[window.axis]
        return self._element(window.whole, index, tuple(shape))

    def _has_memory(self, member: Member) -> bool:
        return member.value in self.nest.stored or member.value in self.nest.local

    def _element(self, value: Value, index: list[str], shape: tuple[Dim, ...]) -> str:
        """An element of a value: in memory, or in the array of this outer iteration."""
        if value not in self.nest.local:
            return f"{self._pointer(value)}[{self._linear(index, shape)}]"
        depth = self.nest.depth
        name = self.arrays.get(value)
        if name is None:
            name = self.arrays[value] = f"l{len(self.arrays)}"
            type, size = storage_type(value.type.dtype), self._size(dims.product(shape[depth:]))
            self.scopes[0].lines.append(f"{type} {name}[{size}] __attribute__((aligned(64)));")
        return f"{name}[{self._linear(index[depth:], shape[depth:])}]"

    # Scalars.

    def _node(self, node: Node) -> str:
        for scope in reversed(self.scopes):
            if node in scope.names:
                return scope.names[node]
        if node.kind == "constant":
            return literal(node.data, node.dtype)
        if node.kind == "index":
            return str(node.data)
        if node.kind == "dimension":
            return self._size(node.data)
        if node.kind == "load":
            register = self._in_register(node)
            if register is not None:
                return register
        depth = self._scope_for(node)
        text = self._text(node)
        depth = max(depth, self._scope_of_locals(node))
        scope = self.scopes[depth]
        if len(text) < 12 and text.isidentifier():
            scope.names[node] = text
            return text
        name = f"v{self.counter}"
        self.counter += 1
        drawn = self._drawn(node, scope.variable)
        statement = Statement(name, c_type(node.dtype), text, self._is_free(node), drawn)
        scope.lines.append(statement.line)
        scope.statements.append(statement)
        scope.names[node] = name
        return name

    def _drawn(self, node: Node, variable: str) -> str | None:
        """How the random numbers of a strip are drawn at once, if the loop walks along the draw."""
        filler = f"ct_{node.data.replace('random', 'random_fill', 1)}" if _is_draw(node) else ""
        if filler not in vector_maths.available():
            return None
        key, stream, position = node.operands
        start = _start_of_walk(position, variable)
        if start is None or variable in key.variables | stream.variables:
            return None
        first = "{first}" if start is position else f"{self._node(start)} + {{first}}"
        return (
            f"{self.printer.need(filler)}({self._node(key)}, {self._node(stream)}, "
            f"(ct_unsigned)({first}), {{count}}, {{room}})"
        )

    def _is_free(self, node: Node) -> bool:
        """Whether computing a number again costs no more than keeping it: a number read, or scaled."""
        if node.kind == "load":
            return True
        return node.kind == "call" and node.data in _CHEAP and all(map(self._is_given, node.operands))

    def _is_given(self, node: Node) -> bool:
        return node.kind in ("load", "constant", "dimension") or not node.variables

    def _scope_for(self, node: Node) -> int:
        """The outermost open scope that has every loop variable the node needs."""
        for depth, scope in enumerate(self.scopes):
            if node.variables <= scope.variables:
                return depth
        raise AssertionError(f"no loop defines {sorted(node.variables)}")

    def _scope_of_locals(self, node: Node) -> int:
        """The innermost scope that defines a name this node reads directly or holds the memory it reads."""
        depth = 0
        for operand in node.operands:
            for position, scope in enumerate(self.scopes):
                if operand in scope.names or (operand.kind == "load" and operand.data in scope.locals):
                    depth = max(depth, position)
        if node.kind in ("load", "load_if") and self._made_here(node.data):
            depth = len(self.scopes) - 1
        return depth

    def _made_here(self, value: Value) -> bool:
        root = self.program.root(value)
        return any(member.value is root for member in self.nest.members)

    def _in_register(self, node: Node) -> str | None:
        """The name of a value of this nest that was computed at this very index."""
        for scope in reversed(self.scopes):
            if node.data in scope.locals:
                return scope.locals[node.data]
        return None

    def _text(self, node: Node) -> str:
        if node.kind == "call":
            operands = [self._node(operand) for operand in node.operands]
            if node.data == "divide" and node.operands[1].kind == "constant":
                quotient = self.printer.quotient(node.dtype, operands[0], node.operands[1].data)
                if quotient is not None:
                    return quotient
            return self.printer.call(node.data, node.operands[-1].dtype, operands)
        if node.kind == "cast":
            return self.printer.cast(self._node(node.operands[0]), node.operands[0].dtype, node.dtype)
        value: Value = node.data
        rank = value.type.rank
        if node.kind == "load_if" and (register := self._in_register(node)) is not None:
            return f"{self._node(node.operands[rank])} ? {register} : 0"
        if self.block is not None and is_shared_row(node, self.block):
            place = f"{self._shared_row(self.program.root(value))}[{index_name(self.block.inner)}]"
            return self.printer.loaded(node.dtype, place)
        index = [self._node(operand) for operand in node.operands[:rank]]
        place = self._element(self.program.root(value), index, value.type.shape)
        loaded = self.printer.loaded(node.dtype, place)
        if node.kind == "load_if":
            return f"{self._node(node.operands[rank])} ? {loaded} : 0"
        return loaded

    def _shared_row(self, value: Value) -> str:
        """A row that all rows share, repeated for each row of a block."""
        assert self.block is not None
        name = self.tiles.get(value)
        if name is None:
            name = self.tiles[value] = f"t{len(self.tiles)}"
            source, width = self._pointer(value), self._size(self.block.width)
            type = storage_type(value.type.dtype)
            self.scopes[0].lines += [
                f"{type} {name}_rows[{TILE}] __attribute__((aligned(64)));",
                f"const {type} *const {name} = rows > 1 ? {name}_rows : {source};",
                f"for (ct_int j = 0; rows > 1 && j < rows * {width}; ++j)",
                f"    {name}_rows[j] = {source}[j % {width}];",
            ]
        return name

    def _pointer(self, value: Value) -> str:
        return self.pointers.setdefault(value, f"b{len(self.pointers)}")

    def _size(self, size: Dim) -> str:
        for symbol in sorted(dims.symbols(size), key=lambda s: s.uid):
            self.symbols.setdefault(symbol, f"n{len(self.symbols)}")
        return size_text(size, self.symbols)

    def _linear(self, index: list[str], shape: tuple[Dim, ...]) -> str:
        terms = []
        stride: Dim = 1
        for position, size in zip(reversed(index), reversed(shape), strict=True):
            if position not in ("0", "0LL"):
                shown = position if position.isidentifier() else f"({position})"
                terms.append(shown if stride == 1 else f"{shown} * {self._size(stride)}")
            stride = dims.multiply(stride, size)
        return " + ".join(reversed(terms)) or "0"


def _is_draw(node: Node) -> bool:
    return node.kind == "call" and node.data.startswith("random_") and len(node.operands) == 3


def _start_of_walk(position: Node, variable: str) -> Node | None:
    """What is added to a loop variable to get a position in a draw: the position itself for nothing, None if
    the loop does not walk over consecutive positions.
    """
    inner = position.operands[0] if position.kind == "cast" else position
    if inner.kind == "index" and inner.data == variable:
        return position
    if inner.kind != "call" or inner.data != "index_add":
        return None
    start, last = inner.operands
    if last.kind != "index" or last.data != variable or variable in start.variables:
        return None
    return start
