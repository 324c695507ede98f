"""The C interface of an exported function: its header, and the file that calls the generated code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from croton.graph.dims import Guard
from croton.graph.reporting import place
from croton.graph.values import Constant, Equation, NDArray, TensorType

if TYPE_CHECKING:
    from croton.compiler.compile import Lowered
    from croton.graph.graph import Graph

_ALIGNMENT = 64
_ENTRIES = """\
int croton_prepare(ct_context *, const ct_int *const *, ct_int *, ct_int *const *, ct_int *);
int croton_run(ct_context *, void *const *, void *const *, const ct_int *, char *);"""
_TYPES = {
    "bool": "uint8_t",
    "float8_e4m3fn": "uint8_t",
    "float8_e5m2": "uint8_t",
    "float16": "uint16_t",
    "bfloat16": "uint16_t",
    "float32": "float",
    "float64": "double",
    "complex64": "float _Complex",
    "complex128": "double _Complex",
}


@dataclass(frozen=True)
class Entry:
    """An argument or a result: a member of a struct.

    position: among the generated code's inputs or outputs.
    """

    name: str
    type: TensorType
    position: int

    @property
    def c_type(self) -> str:
        return _TYPES.get(self.type.dtype.name, f"{self.type.dtype.name}_t")

    def members(self, const: str = "") -> list[str]:
        rank = max(self.type.rank, 1)
        return [
            f"{const}{self.c_type} *{self.name}; /* {self.type} */",
            f"int64_t {self.name}_shape[{rank}];",
        ]


@dataclass(frozen=True)
class Stored:
    """State or a constant: bytes at an offset of the data."""

    name: str
    data: NDArray
    position: int
    offset: int
    is_state: bool


class Interface:
    """Names and layout of what goes in, what comes out and what stays."""

    def __init__(self, name: str, graph: Graph, lowered: Lowered, state: tuple[tuple[int, int], ...]) -> None:
        self.name = identifier(name)
        self.lowered = lowered
        self.state = dict(state)
        self.arguments: list[Entry] = []
        self.results: list[Entry] = []
        self.stored: list[Stored] = []
        self.stored_bytes = 0
        taken: set[str] = set()
        unified = lowered.graph  # sizes that must be equal have one name there
        for position, value in enumerate(graph.inputs):
            cell = getattr(value, "cell", None)
            chosen = _unique(identifier(value.name or f"input{position}"), taken)
            if cell is None:
                self.arguments.append(Entry(chosen, unified.inputs[position].type, position))
            else:
                self._store(chosen, np.array(cell.array), position, True)
        for position, constant in enumerate(lowered.constants, len(graph.inputs)):
            self._store(f"constant{position}", constant.data, position, False)
        updates = set(self.state.values())
        taken = set()
        for position, output in enumerate(graph.outputs):
            if position not in updates:
                named = None if isinstance(output, Constant) or output.owner is None else output.name
                chosen = _unique(identifier(named or f"output{len(self.results)}"), taken)
                self.results.append(Entry(chosen, unified.outputs[position].type, position))
        self.outputs = [output.type for output in graph.outputs]

    def _store(self, name: str, data: NDArray, position: int, is_state: bool) -> None:
        self.stored.append(Stored(name, data, position, self.stored_bytes, is_state))
        self.stored_bytes += -(-max(data.nbytes, 1) // _ALIGNMENT) * _ALIGNMENT

    def renamed(self, unit: str) -> str:
        """A unit of generated code whose entries have names of their own."""
        return f"#define croton_prepare {self.name}_prepare\n#define croton_run {self.name}_run\n{unit}"

    def header(self) -> str:
        name, guard = self.name, f"{self.name.upper()}_H"
        arguments = [line for entry in self.arguments for line in entry.members("const ")]
        results = [line for entry in self.results for line in entry.members()]
        states = [
            f"extern {_TYPES.get(s.data.dtype.name, f'{s.data.dtype.name}_t')} *const {name}_{s.name};"
            f" /* {s.data.dtype.name}{list(s.data.shape)} */"
            for s in self.stored
            if s.is_state
        ]
        if states:
            states = ["/* State, which calls update; may be read and written between calls. */", *states, ""]
        return "\n".join(
            [
                f"/* {name}: a function compiled by Croton. Arrays are in C order. */",
                f"#ifndef {guard}",
                f"#define {guard}",
                "#include <stdint.h>",
                "",
                *_struct(f"{name}_inputs", arguments),
                "",
                "/* Data is allocated by the call; give it back with the function below. */",
                *_struct(f"{name}_outputs", results),
                "",
                *states,
                "/* 0, or another number when the call failed: then nothing has changed. */",
                f"int {name}(const {name}_inputs *inputs, {name}_outputs *outputs);",
                f"void {name}_free({name}_outputs *outputs);",
                "/* What the last call that failed in this thread said. */",
                f"const char *{name}_error(void);",
                "",
                "#endif",
                "",
            ]
        )

    def source(self, runtime: str) -> str:
        return "\n".join(
            [
                f'#include "{self.name}.h"',
                '#include "croton_abi.h"',
                "",
                self.renamed(""),
                _ENTRIES,
                "",
                runtime,
                *self._data(),
                *self._tables(),
                *self._entry(),
            ]
        )

    def _data(self) -> list[str]:
        """The bytes of state and constants, put into the program by the assembler."""
        if not self.stored:
            return []
        symbol = f"{self.name}_data"
        lines = [
            f'__asm__(".data\\n.balign {_ALIGNMENT}\\n{symbol}:\\n"',
            f'        ".incbin \\"{self.name}.bin\\"\\n.text\\n");',
            f"extern char {symbol}[];",
        ]
        for entry in self.stored:
            if entry.is_state:
                type = _TYPES.get(entry.data.dtype.name, f"{entry.data.dtype.name}_t")
                lines.append(
                    f"{type} *const {self.name}_{entry.name} = ({type} *)({symbol} + {entry.offset});"
                )
        return [*lines, ""]

    def _tables(self) -> list[str]:
        code = self.lowered.code
        guards = [_quoted(guard_text(guard, equation)) for guard, equation in code.guards]
        equations = [_quoted(place(equation).replace("\n ", "")) for equation in code.equations]
        updates = {output: source for source, output in self.state.items()}
        facts = [
            f"{{{type.rank}, {type.dtype.itemsize}, {updates.get(position, -1)}, "
            f"{int(position in self.lowered.program.in_place)}}}"
            for position, type in enumerate(self.outputs)
        ]
        routines = [routine.rpartition(":")[2] for routine in code.libraries]
        return [
            *(f"extern void {routine}_();" for routine in routines),
            f"static void *const library[] = {{{', '.join([*(f'(void *){r}_' for r in routines), '0'])}}};",
            f"static const char *const guards[] = {{{', '.join([*guards, '0'])}}};",
            f"static const char *const equations[] = {{{', '.join([*equations, '0'])}}};",
            f"static const output_facts facts[] = {{{', '.join([*facts, '{0, 0, -1, 0}'])}}};",
            "",
        ]

    def _entry(self) -> list[str]:
        name = self.name
        shapes: dict[int, str] = {e.position: f"inputs->{e.name}_shape" for e in self.arguments}
        data: dict[int, str] = {e.position: f"(void *)inputs->{e.name}" for e in self.arguments}
        declared = []
        for entry in self.stored:
            sizes = ", ".join(map(str, entry.data.shape)) or "0"
            declared.append(f"    static const ct_int shape{entry.position}[] = {{{sizes}}};")
            shapes[entry.position] = f"shape{entry.position}"
            data[entry.position] = f"{name}_data + {entry.offset}"
        returned = {entry.position: entry for entry in self.results}
        for position, type in enumerate(self.outputs):
            if position not in returned:
                declared.append(f"    ct_int new_shape{position}[{max(type.rank, 1)}];")
        out_shapes = [
            f"outputs->{returned[p].name}_shape" if p in returned else f"new_shape{p}"
            for p in range(len(self.outputs))
        ]
        given = [f"    outputs->{e.name} = results[{e.position}];" for e in self.results]
        freed = [f"    free(outputs->{e.name});\n    outputs->{e.name} = 0;" for e in self.results]
        return [
            f"int {name}(const {name}_inputs *inputs, {name}_outputs *outputs)",
            "{",
            "    (void)inputs, (void)outputs;",
            *declared,
            f"    void *const data[] = {{{_listed(data)}}};",
            f"    const ct_int *const shapes[] = {{{_listed(shapes)}}};",
            f"    ct_int *out_shapes[] = {{{', '.join([*out_shapes, '0'])}}};",
            f"    ct_int dims[{max(len(self.lowered.code.symbols), 1)}];",
            f"    void *results[{len(self.outputs) + 1}];",
            f"    int status = run_call(data, shapes, facts, {len(self.outputs)}, results, out_shapes, dims,",
            "                          library, guards, equations);",
            "    if (status != CT_OK)",
            "        return status;",
            *given,
            "    return CT_OK;",
            "}",
            "",
            f"void {name}_free({name}_outputs *outputs)",
            "{",
            "    (void)outputs;",
            *freed,
            "}",
            "",
            f"const char *{name}_error(void)",
            "{",
            "    return message;",
            "}",
            "",
        ]


def guard_text(guard: Guard, equation: Equation | None) -> str:
    """What a failed guard means."""
    return f"{guard.reason}{place(equation)}".replace("\n ", "")


def _listed(entries: dict[int, str]) -> str:
    """The entries in order, and one more, since C has no empty arrays."""
    return ", ".join([*(entries[position] for position in sorted(entries)), "0"])


def identifier(text: str) -> str:
    """A C name like the text."""
    found = re.sub(r"\W", "_", text, flags=re.ASCII)
    return f"_{found}" if not found or found[0].isdigit() else found


def _unique(name: str, taken: set[str]) -> str:
    chosen, number = name, 2
    while chosen in taken or f"{chosen}_shape" in taken:
        chosen, number = f"{name}{number}", number + 1
    taken.update((chosen, f"{chosen}_shape"))
    return chosen


def _struct(name: str, members: list[str]) -> list[str]:
    return ["typedef struct {", *(f"    {m}" for m in members or ["char none;"]), f"}} {name};"]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
