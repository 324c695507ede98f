"""A small program that calls an exported function, and the Makefile that builds both."""

from __future__ import annotations

from croton.frontends.exporting.interface import Entry, Interface
from croton.graph import dims, dtypes

_SIZE = 3  # what the example takes for sizes that are not fixed


def makefile(interface: Interface) -> str:
    name = interface.name
    objects = [f"{name}.o", *(f"{name}_code{n}.o" for n in range(len(interface.lowered.code.units)))]
    libraries = " -llapack -lblas" if interface.lowered.code.libraries else ""
    data = f"{name}.o: {name}.bin\n" if interface.stored else ""
    return f"""\
# Add -fopenmp to CFLAGS and LDFLAGS for threads; set ARCH to build for other processors than this one.
ARCH ?= -march=native
CFLAGS ?= -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -fopenmp-simd
OBJECTS = {" ".join(objects)}

example: main.o lib{name}.a
\t$(CC) $(LDFLAGS) -o $@ main.o lib{name}.a{libraries} -lm

lib{name}.a: $(OBJECTS)
\t$(AR) rcs $@ $(OBJECTS)

%.o: %.c {name}.h croton_abi.h
\t$(CC) $(CFLAGS) $(ARCH) -c -o $@ $<

{data}
clean:
\trm -f example lib{name}.a main.o $(OBJECTS)

.PHONY: clean
"""


def example(interface: Interface) -> str:
    name = interface.name
    lines = []
    for entry in interface.arguments:
        lines += _argument(entry)
    shown = [line for entry in interface.results for line in _result(entry)]
    return "\n".join(
        [
            f'#include "{name}.h"',
            "#include <stdio.h>",
            "#include <stdlib.h>",
            "",
            f"/* Calls {name} with some numbers and prints the first ones of each result. */",
            "int main(void)",
            "{",
            f"    {name}_inputs inputs;",
            f"    {name}_outputs outputs;",
            *lines,
            f"    if ({name}(&inputs, &outputs) != 0) {{",
            f'        fprintf(stderr, "{name}: %s\\n", {name}_error());',
            "        return 1;",
            "    }",
            *shown,
            f"    {name}_free(&outputs);",
            "    return 0;",
            "}",
            "",
        ]
    )


def _argument(entry: Entry) -> list[str]:
    sizes = [dims.evaluate(size, dict.fromkeys(dims.symbols(size), _SIZE)) for size in entry.type.shape]
    total = 1
    for size in sizes:
        total *= size
    number = "0.5" if entry.type.dtype in (dtypes.FLOAT32, dtypes.FLOAT64) else "0"
    return [
        f"    {entry.c_type} *{entry.name} = calloc({max(total, 1)}, sizeof *{entry.name});",
        f"    for (int i = 0; i < {total}; i++)",
        f"        {entry.name}[i] = {number};",
        f"    inputs.{entry.name} = {entry.name};",
        *(f"    inputs.{entry.name}_shape[{axis}] = {size};" for axis, size in enumerate(sizes)),
    ]


def _result(entry: Entry) -> list[str]:
    count = " * ".join(f"outputs.{entry.name}_shape[{axis}]" for axis in range(entry.type.rank)) or "1"
    return [
        f'    printf("{entry.name}:");',
        f"    for (int64_t i = 0; i < {count} && i < 6; i++)",
        f'        printf(" %g", (double)outputs.{entry.name}[i]);',
        '    printf("\\n");',
    ]
