"""From a graph to machine code: rewrite, lower, print, build, load; and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from croton.compiler.fingerprint import NoFingerprintError, fingerprint
from croton.graph.graph import Graph
from croton.graph.reporting import annotated
from croton.graph.values import Constant, Equation, NDArray
from croton.toolchain import build, default_cache, find_compiler, load

if TYPE_CHECKING:
    from croton.codegen.program import ProgramCode
    from croton.loops.program import Program


@dataclass(frozen=True)
class Request:
    """A graph to compile.

    disabled: passes to leave out. state: (input, output) positions of state. self_contained: the C holds the
    matrix kernels too, instead of finding those built with the package. profile: steps are timed.
    """

    graph: Graph
    disabled: tuple[str, ...] = ()
    state: tuple[tuple[int, int], ...] = ()
    self_contained: bool = False
    profile: bool = False

    @cached_property
    def lowered(self) -> Lowered:
        """The graph taken as far as C text; done when first asked for.

        A graph that was compiled before needs none of this: the stages are imported here.
        """
        from croton.codegen.program import ProgramPrinter
        from croton.compiler.sizes import unify_sizes
        from croton.loops.fusion import lower
        from croton.rewrite.pipeline import optimize
        from croton.runtime import PREBUILT_KERNELS

        graph, explanations = unify_sizes(self.graph)
        optimized = optimize(graph, self.disabled)
        state = () if "in-place" in self.disabled else self.state
        fuse, bands, beside = (name not in self.disabled for name in ("fusion", "bands", "side-by-side"))
        program = lower(optimized, fuse, state, bands and fuse, beside)
        constants = large_constants(program.graph)
        prebuilt = () if self.self_contained else PREBUILT_KERNELS
        arrays = [*optimized.inputs, *constants]
        code = ProgramPrinter(program, arrays, explanations, prebuilt, self.profile).print()
        return Lowered(optimized, program, constants, code)


@dataclass
class Lowered:
    """A graph as C: the rewritten graph, its program, the constants that are handed in, and the text."""

    graph: Graph
    program: Program
    constants: list[Constant]
    code: ProgramCode


@dataclass(frozen=True)
class Record:
    """What a call needs to know besides machine code; small, and remembered on disk.

    library: name of the shared library in the cache. sizes: number of entries of `dims`. steps: number of
    steps that are timed.
    """

    library: str
    constants: tuple[NDArray, ...]
    in_place: frozenset[int]
    sizes: int
    routines: tuple[str, ...]
    steps: int


class Executable:
    """Machine code for a graph, with the addresses of its two entries."""

    def __init__(
        self, request: Request, record: Record, path: str, callbacks: Sequence[Equation] = ()
    ) -> None:
        self.request = request
        self.record = record
        self.library = load(path)
        self.prepare = self.library.address("croton_prepare")
        self.run = self.library.address("croton_run")
        self.callbacks: list[Callable[..., object]] = [_evaluation(equation) for equation in callbacks]

    @property
    def lowered(self) -> Lowered:
        return self.request.lowered


def compile_graph(
    graph: Graph,
    disabled: Sequence[str] = (),
    state: Sequence[tuple[int, int]] = (),
    profile: bool = False,
) -> Executable:
    """Compiles a graph, or finds it compiled by this or another process before.

    disabled: names of passes to leave out (see `croton.rewrite.pipeline.PASSES`; also "fusion",
        "bands", "side-by-side" and "in-place").
    state: (input, output) positions of the old and new values of state.
    profile: whether the code notes how long its steps take.

    Raises:
        NoCompilerError: there is no C compiler.
        CompileError: the compiler refused the C.
    """
    request = Request(graph, tuple(disabled), tuple(state), profile=profile)
    key = _key(request)
    if key is not None:
        remembered = _recall(request, key)
        if remembered is not None:
            return remembered
    lowered = request.lowered
    path = build(lowered.code.units)
    record = Record(
        path.stem,
        tuple(constant.data for constant in lowered.constants),
        frozenset(lowered.program.in_place),
        len(lowered.code.symbols),
        tuple(lowered.code.libraries),
        len(lowered.code.steps),
    )
    if key is not None and not lowered.code.callbacks:
        default_cache().store_object(key, record)
    return Executable(request, record, str(path), lowered.code.callbacks)


def _key(request: Request) -> str | None:
    compiler = find_compiler()
    try:
        identity = compiler and compiler.identity
        return fingerprint(request.graph, request.disabled, request.state, request.profile, identity)
    except NoFingerprintError as error:
        import logging  # late: imports stay quick

        logging.getLogger(__name__).debug("not remembered: %s", error)
        return None


def _recall(request: Request, key: str) -> Executable | None:
    record = default_cache().load_object(key)
    if not isinstance(record, Record):
        return None
    path = default_cache().lookup(record.library)
    return None if path is None else Executable(request, record, str(path))


def _evaluation(equation: Equation) -> Callable[..., object]:
    """What a callback from compiled code runs: the reference evaluation, results as the code expects them."""

    def evaluate(*arrays: NDArray) -> tuple[NDArray, ...]:
        try:
            results = equation.op.evaluate(*arrays)
        except Exception as error:
            annotated(error, equation, arrays)
            raise
        return tuple(
            np.asarray(result, dtype=output.type.dtype, order="C")
            for result, output in zip(results, equation.outputs, strict=True)
        )

    return evaluate


def large_constants(graph: Graph) -> list[Constant]:
    """Constants that are arrays, not numbers, bodies of loops included: code reads them from memory."""
    found: dict[Constant, None] = {}
    for equation in graph.equations:
        for body in equation.op.graphs():
            found.update(dict.fromkeys(large_constants(body)))
        opaque = not hasattr(equation.op, "element") and not equation.op.name.startswith("reduce_")
        opaque = opaque or equation.op.name == "reshape"  # what reads it may be opaque
        for operand in equation.inputs:
            if isinstance(operand, Constant) and (operand.data.size != 1 or opaque):
                found[operand] = None
    for output in graph.outputs:
        if isinstance(output, Constant) and output.data.size != 1:
            found[output] = None
    return list(found)
