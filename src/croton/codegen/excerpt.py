"""The C of one step of a program, to be read beside a drawing."""

from __future__ import annotations

from croton.codegen.functions import function_of
from croton.codegen.nests import NestPrinter
from croton.codegen.scalars import ScalarPrinter
from croton.loops.program import BindSize, Callback, Control, KernelCall, Nest, Product, Program, Step


def step_c(step: Step, program: Program) -> str:
    """The function that computes a step, or a comment that says what does."""
    if isinstance(step, Nest):
        body = NestPrinter(step, program, ScalarPrinter()).print().body
        heading = "static void kernel(void *const *pointers, const ct_int *sizes, ct_int begin, ct_int end)"
        return f"{heading}\n{{\n{body}\n}}\n"
    equation = step.equation
    if isinstance(step, KernelCall):
        return function_of(step).source
    if isinstance(step, Product):
        return f"/* the matrix kernel for {equation.outputs[0].type.dtype.name} */\n"
    if isinstance(step, Control):
        return "\n".join(step_c(inner, body) for body in step.bodies for inner in body.steps)
    if isinstance(step, Callback):
        return "/* Python is called back */\n"
    assert isinstance(step, BindSize)
    return "/* a number becomes a size */\n"
