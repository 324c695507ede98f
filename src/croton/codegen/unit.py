"""The translation unit being written: kernels, helpers and declarations, each emitted once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path

from croton.codegen import vector_maths
from croton.codegen.contraction import ContractionKernel
from croton.codegen.prebuilt import KernelUnit
from croton.codegen.scalars import PRELUDE, ScalarPrinter, bytes_text, size_text
from croton.codegen.timing import Timers
from croton.graph.dims import Dim, Symbol
from croton.graph.values import Equation

Work = list[tuple[float, Dim]]

MOST_PIECES = 64
KERNEL_MODULE = "croton.runtime._kernels"
ABI = (Path(__file__).parent / "include" / "croton_abi.h").read_text()


class Unit:
    """Everything that blocks of statements share: functions, sizes by name, equations by number."""

    def __init__(self, prebuilt: Collection[str] = (), profile: bool = False) -> None:
        """prebuilt: kernels that the caller finds through `context->library`, not in the text.
        profile: whether steps are timed."""
        self.timers = Timers(profile)
        self.prebuilt = frozenset(prebuilt)
        self.printer = ScalarPrinter()
        self.symbols: dict[Symbol, str] = {}  # sizes of inputs, entries of `dims`
        self.runtime: dict[Symbol, str] = {}  # sizes found while running
        self.checked: dict[Symbol, str] = {}  # sizes of axes that are compared, not named
        self.kernels: dict[str, str] = {}  # C text of a kernel's body -> its name
        self.combinations: dict[str, str] = {}  # likewise for what adds up the pieces of reductions
        self.loops: dict[str, str] = {}  # C text of a loop over some rows -> its name
        self.inline: dict[str, str] = {}  # other functions of this unit by name
        self.shared_units: dict[str, str] = {}
        self.declarations: dict[str, None] = {}
        self.libraries: dict[str, int] = {}
        self.flushes = False  # whether some statements change how subnormal numbers are handled
        self.equations: list[Equation] = []
        self.callbacks: list[Equation] = []

    def name_size(self, symbol: Symbol) -> str:
        return self.symbols.setdefault(symbol, f"n{len(self.symbols)}")

    def size(self, size: Dim) -> str:
        """A size as C."""
        return size_text(size, {**self.symbols, **self.runtime, **self.checked})

    def bytes(self, size: Dim) -> str:
        """A number of bytes to allocate as C: negative where it would overflow."""
        return bytes_text(size, {**self.symbols, **self.runtime, **self.checked})

    def picoseconds(self, work: Work, share: float = 1.0) -> str:
        """What work takes as C, or a share of it: the sum of cost in nanoseconds * size."""
        total: dict[Dim, float] = {}
        for cost, size in work:
            total[size] = total.get(size, 0.0) + cost
        terms = [f"{max(1, int(cost * share * 1000))}LL * {self.size(size)}" for size, cost in total.items()]
        return " + ".join(terms) or "0"

    def kernel(self, body: str) -> str:
        """The name of the range function with this body."""
        return self.kernels.setdefault(body, f"kernel{len(self.kernels)}")

    def combination(self, body: str) -> str:
        """The name of the function with this body that makes `size` results of `count` pieces of each."""
        return self.combinations.setdefault(body, f"combination{len(self.combinations)}")

    def loop(self, body: str) -> str:
        """The name of the range function that runs a loop for some rows; its body returns a status."""
        return self.loops.setdefault(body, f"loop{len(self.loops)}")

    def function(self, name: str, source: str) -> None:
        """A function with a name of its own; the same name always comes with the same source."""
        known = self.inline.setdefault(name, source)
        if known != source:
            raise AssertionError(f"two sources for the C function {name}")

    def contraction(self, kernel: ContractionKernel, name: str) -> str:
        """What to call for one of the functions of a kernel: a function of this unit or a prebuilt one."""
        if not kernel.shared:
            self.function(kernel.function, kernel.source)
            return name
        self.declarations.setdefault(kernel.declaration)
        if name not in self.prebuilt:
            self.shared_units.setdefault(kernel.function, ABI + kernel.source)
        return self._call(name)

    def kernel_unit(self, kernel: KernelUnit) -> None:
        """Makes the functions of a unit of kernels callable, as CALL_<function>."""
        self.declarations.setdefault(kernel.declaration)
        for name in kernel.functions:
            self.declarations.setdefault(f"#define CALL_{name} {self._call(name)}")
        if not self.prebuilt.issuperset(kernel.functions):
            self.shared_units.setdefault(kernel.name, ABI + kernel.source)

    def _call(self, name: str) -> str:
        """What to call for a function of another unit, which is prebuilt or a text beside this one."""
        if name not in self.prebuilt:
            return name
        number = self.libraries.setdefault(f"{KERNEL_MODULE}:{name}", len(self.libraries))
        return f"((__typeof__(&{name}))context->library[{number}])"

    def library(self, name: str) -> None:
        """A BLAS or LAPACK routine, found at run time in context->library[LIBRARY_<routine>]."""
        number = self.libraries.setdefault(name, len(self.libraries))
        self.declarations.setdefault(f"#define LIBRARY_{name.rpartition(':')[2]} {number}")

    def equation(self, equation: Equation) -> int:
        """The number by which a failing step names its equation."""
        self.equations.append(equation)
        return len(self.equations) - 1

    def callback(self, equation: Equation) -> int:
        self.callbacks.append(equation)
        return len(self.callbacks) - 1

    def texts(self, entries: Sequence[str], parts: Mapping[str, str]) -> list[str]:
        """The C texts of this unit, the first one with the entries.

        parts: functions that the entries call, by what declares them. With any, functions are spread over
        several texts, which compilers take in parallel.
        """
        functions = {f"void {name}{_RANGE}": body for body, name in self.kernels.items()}
        functions.update((f"void {name}{_COMBINATION}", body) for body, name in self.combinations.items())
        for body, name in self.loops.items():
            functions[f"int {name}_status{_RANGE}"] = body
            functions[f"void {name}{_RANGE}"] = _LOOP.format(name=name)
        functions.update(parts)
        length = sum(map(len, functions.values()))
        whole = length + sum(map(len, entries)) + sum(map(len, self.inline.values()))
        # a loop that calls small functions is compiled together with them
        short = length < _SHORT and (whole < _MEDIUM or any(map(_repeats, entries)))
        if not parts and short:
            own = [f"static {declared}\n{{\n{body}\n}}\n" for declared, body in functions.items()]
            return [self._text(RANGE_HELPERS, own, entries)]
        helpers = RANGE_HELPERS
        if parts:
            helpers = helpers.replace("static inline", "static __attribute__((noinline, unused))")
        declarations = [f"{_HIDDEN} {declared};" for declared in functions]
        entries = [_marked(entry, entry) for entry in entries]
        written = [_marked(f"{declared}\n{{\n{body}\n}}\n", body) for declared, body in functions.items()]
        first = sum(map(_weight, entries)) + sum(
            len(source) for name, source in self.inline.items() if any(name in entry for entry in entries)
        )
        return [
            self._text(helpers, [*declarations, *chunk], own)
            for chunk, own in zip(_chunks(written, first), chain([entries], repeat(())), strict=False)
        ]

    def _text(self, helpers: str, functions: Sequence[str], entries: Sequence[str]) -> str:
        """One text: the functions and entries with what of the unit they use."""
        written = "\n".join([*functions, *entries])
        inline: list[str] = []
        for name, source in reversed(self.inline.items()):  # later functions may call earlier ones
            if name in written:
                inline.append(source)
                written += source
        return "\n".join(
            [
                ABI,
                PRELUDE,
                helpers,
                *([CONTROL_HELPERS] if self.flushes else []),
                vector_maths.source_for(name for name in self.printer.needed if name in written),
                *self.declarations,
                *inline[::-1],
                *functions,
                *entries,
            ]
        )


def _repeats(body: str) -> bool:
    return "for (" in body or "while (" in body


def _marked(function: str, body: str) -> str:
    """A function, with less care asked of the compiler for one that goes through its statements once."""
    return function if _repeats(body) else f"CT_ONCE {function}"


def _weight(function: str) -> int:
    """What a compiler takes for a function, in characters that it compiles with all its care."""
    return len(function) * 2 // 5 if function.startswith("CT_ONCE") else len(function)


def _chunks(functions: Sequence[str], first: int) -> list[list[str]]:
    """Functions in lists that take compilers equally long, where the first list begins with `first` to do.

    There are at least two.
    """
    weights = [_weight(function) for function in functions]
    loads = [0] * max(2, -(-(sum(weights) + first) // _LONG))
    loads[0] = first
    chunks: list[list[int]] = [[] for _ in loads]
    for number in sorted(range(len(functions)), key=lambda number: -weights[number]):
        least = loads.index(min(loads))
        chunks[least].append(number)
        loads[least] += weights[number]
    return [[functions[number] for number in sorted(chunk)] for chunk in chunks]


# Characters: of the functions of a unit that is one text, of all of one, and of one of several texts.
_SHORT, _MEDIUM, _LONG = 16_000, 24_000, 60_000
_HIDDEN = '__attribute__((visibility("hidden")))'
_COMBINATION = "(const void *all, void *place, ct_int size, ct_int count)"
_RANGE = "(void *const *pointers, const ct_int *sizes, ct_int begin, ct_int end)"

_LOOP = """\
    const int status = {name}_status(pointers, sizes, begin, end);
    if (status != CT_OK)
        *(int *)pointers[1] = status;"""

RANGE_HELPERS = f"""\
/* For long functions whose statements run once: what optimising them takes, they never give back. */
#ifdef __clang__
#define CT_ONCE
#else
#define CT_ONCE __attribute__((optimize("O1")))
#endif

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

CONTROL_HELPERS = """\
/* How the processor handles floating-point numbers; where it has no such word, nothing changes. */
static inline unsigned ct_control(void)
{
#ifdef __SSE__
    return __builtin_ia32_stmxcsr();
#else
    return 0;
#endif
}

static inline void ct_set_control(unsigned control)
{
#ifdef __SSE__
    __builtin_ia32_ldmxcsr(control);
    __asm__ volatile("" ::: "memory");
#else
    (void)control;
#endif
}

/* Results below the normal range become zero from now on; returns what to go back to. */
static inline unsigned ct_flush_subnormals(void)
{
    const unsigned control = ct_control();
    ct_set_control(control | 0x8000);
    return control;
}
"""
