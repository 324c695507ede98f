"""Samplers that need an unknown number of random words per number: gamma, Poisson, binomial and others.

Element i depends on the key and on i alone, whatever its neighbours needed. The C is
`codegen/include/samplers.h`; `sampling_reference` states the same in NumPy.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from croton.graph import dims
from croton.graph.dims import Shape
from croton.graph.dtypes import FLOAT64, INT64, DType
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.frozen import Frozen
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply_one
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.random_bits import check_key

Refusal = tuple[str, str]  # C that holds for a parameter x that is refused, and what is expected instead


class Sampler(Frozen):
    """What can be drawn: the dtype of an element, its parameters, what refuses each, nanoseconds it takes."""

    dtype: DType
    parameters: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    cost: float


NOT_NEGATIVE = ("!(x >= 0.0 && x < 1e300)", "a finite number that is not negative")
COUNT = ("!(x >= 0.0 && x <= 0x1p53 && x == (double)(ct_int)x)", "a whole number that is not negative")
MEAN = ("!(x >= 0.0 && x <= 9.2e18)", "a number from 0 to 9.2e18")
CHANCE = ("!(x >= 0.0 && x <= 1.0)", "a probability")

SAMPLERS: dict[str, Sampler] = {
    "log_gamma": Sampler(FLOAT64, ("shape",), (NOT_NEGATIVE,), 60.0),
    "vonmises": Sampler(FLOAT64, ("kappa",), (NOT_NEGATIVE,), 60.0),
    "poisson": Sampler(INT64, ("mean",), (MEAN,), 60.0),
    "binomial": Sampler(INT64, ("n", "p"), (COUNT, CHANCE), 60.0),
    "hypergeometric": Sampler(INT64, ("ngood", "nbad", "nsample"), (COUNT, COUNT, COUNT), 100.0),
}


def refuses(condition: Refusal, x: NDArray) -> NDArray:
    """Where a parameter is refused."""
    if condition == CHANCE:
        return np.asarray(~((x >= 0) & (x <= 1)))
    limit = {NOT_NEGATIVE: 1e300, COUNT: 2.0**53, MEAN: 9.2e18}[condition]
    refused = ~((x >= 0) & (x <= limit))
    return np.asarray(refused | (x != np.floor(x)) if condition == COUNT else refused)


class Refusing(KernelOperation):
    """A sampler that names the parameter it refuses."""

    def refusal(self, position: int, value: float) -> ValueError:
        """The error for a parameter's value."""
        raise NotImplementedError

    def failure(self, facts: Sequence[int]) -> Exception:
        """The error for what the C function reports: the parameter and the bits of its value."""
        value = np.asarray(facts[1], np.int64).view(np.float64)
        return self.refusal(facts[0], float(value))


class Sample(Refusing):
    """An array of independent numbers of one kind of `SAMPLERS`.

    Operands: the key, then float64 parameters, numbers or arrays of the shape drawn.
    """

    kind: str
    shape: Shape
    of: str  # the distribution, for messages

    @property
    def name(self) -> str:
        return f"random_{self.kind}"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        check_key(f"random.{self.of}", operands[0])
        for operand in operands[1:]:
            if operand.dtype != FLOAT64:
                raise DTypeError(f"random.{self.of}: parameters must be float64, got {operand.dtype.name}")
            if operand.rank not in (0, len(self.shape)):
                raise ShapeError(f"random.{self.of}: parameters must be numbers or have the shape drawn")
            for axis, size in enumerate(operand.shape):
                dims.require_equal(size, self.shape[axis], f"random.{self.of}: axis {axis} of a parameter")
        return (TensorType(SAMPLERS[self.kind].dtype, self.shape),)

    def refusal(self, position: int, value: float) -> ValueError:
        if position == 3:
            return ValueError(f"random.{self.of}: expected nsample at most ngood + nbad, got {value!r}")
        sampler = SAMPLERS[self.kind]
        name, expected = sampler.parameters[position], sampler.refusals[position][1]
        return ValueError(f"random.{self.of}: expected {expected} as {name}, got {value!r}")

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        refusals = SAMPLERS[self.kind].refusals
        for position, (condition, parameter) in enumerate(zip(refusals, operands[1:], strict=True)):
            refused = refuses(condition, parameter)
            if refused.any():
                raise self.refusal(position, float(parameter[refused].flat[0]))
        if self.kind == "hypergeometric":
            excess = np.asarray(operands[3] > operands[1] + operands[2])
            if excess.any():
                raise self.refusal(3, float(np.broadcast_to(operands[3], excess.shape)[excess].flat[0]))
        shape = tuple(int(size) for size in self.shape)
        count = int(np.prod(shape, dtype=np.int64))
        return (drawn(self.kind, operands[0], count, operands[1:]).reshape(shape),)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        sampler = SAMPLERS[self.kind]
        steps = [int(operand.rank > 0) for operand in operands[1:]]
        rank = outputs[0].rank
        first = sum(operand.rank for operand in operands)
        count = " * ".join(f"sizes[{first + axis}]" for axis in range(rank)) or "1"
        name = f"ct_draw_{self.kind}_{rank}_{''.join(map(str, steps))}"
        names = [f"p{position}" for position in range(len(steps))]
        checks = [
            _CHECK.format(name=parameter, position=position, refused=refused)
            for position, (parameter, (refused, _)) in enumerate(zip(names, sampler.refusals, strict=True))
        ]
        if self.kind == "hypergeometric":
            checks.append(_CHECK.format(name="p2", position=3, refused="x > p0 + p1"))
        loads = [
            f"const double {parameter} = ((const double *)pointers[{position + 1}])[{'i' if step else '0'}];"
            for position, (parameter, step) in enumerate(zip(names, steps, strict=True))
        ]
        source = _DRAW.format(
            name=name,
            count=count,
            output="double" if sampler.dtype == FLOAT64 else "ct_int",
            last=len(operands),
            body="\n        ".join([*loads, *checks]),
            kind=self.kind,
            parameters=", ".join(names),
        )
        return CFunction(name, source, (f"ct_sample_{self.kind}",), cost=sampler.cost, fallible=True)


_CHECK = """{{
            const double x = {name};
            if ({refused}) {{
                context->error[1] = {position};
                context->error[2] = (ct_int)ct_bits_f64(x);
                return CT_RUNTIME_ERROR;
            }}
        }}"""
_DRAW = """\
static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)
{{
    (void)sizes;
    const ct_u64 *key = pointers[0];
    {output} *restrict out = pointers[{last}];
    const ct_int count = {count};
    for (ct_int i = 0; i < count; ++i) {{
        if (!(i & 0xffff) && context->interrupted(context)) return CT_INTERRUPTED;
        {body}
        ct_source source = {{key[0], key[1], (ct_u64)i}};
        out[i] = ({output})ct_sample_{kind}(&source, {parameters});
    }}
    return CT_OK;
}}
"""


def drawn(kind: str, key: NDArray, count: int, parameters: Sequence[NDArray]) -> NDArray:
    """The first `count` numbers of a draw, by the C that compiled graphs use, or by NumPy without a compiler.

    parameters: float64, a number or `count` of them each.
    """
    library = _compiled()
    dtype = SAMPLERS[kind].dtype
    if library is None:
        from croton.ops import sampling_reference

        source = sampling_reference.Source(key, count)
        flat = [np.broadcast_to(parameter.reshape(-1), (count,)) for parameter in parameters]
        return sampling_reference.SAMPLERS[kind](source, np.arange(count), *flat).astype(dtype)
    result: NDArray = np.empty(count, dtype)
    flat = [np.ascontiguousarray(parameter) for parameter in parameters]  # numbers get an axis by that
    steps = [int(parameter.ndim > 0) for parameter in parameters]
    given = [entry for array, step in zip(flat, steps, strict=True) for entry in (array.ctypes.data, step)]
    library[kind](int(key[0]), int(key[1]), result.ctypes.data, count, *given)
    return result


@lru_cache(maxsize=1)
def _compiled() -> dict[str, Any] | None:
    """Functions that fill arrays, built once per machine; None where there is no compiler."""
    from croton.codegen import vector_maths
    from croton.codegen.scalars import PRELUDE
    from croton.toolchain import build, find_compiler, load

    if find_compiler() is None:
        return None
    pieces = vector_maths.source_for([f"ct_sample_{kind}" for kind in SAMPLERS])
    fills = "\n".join(_fill_text(kind) for kind in SAMPLERS)
    library = load(build(["typedef __INT64_TYPE__ ct_int;\n" + PRELUDE + pieces + fills]))
    functions: dict[str, Any] = {"library": library}  # keeps the machine code loaded
    for kind, sampler in SAMPLERS.items():
        pairs = [ctypes.c_void_p, ctypes.c_int64] * len(sampler.parameters)
        prototype = ctypes.CFUNCTYPE(
            None, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_int64, *pairs
        )
        functions[kind] = prototype(library.address(f"croton_sample_{kind}"))
    return functions


def _fill_text(kind: str) -> str:
    sampler = SAMPLERS[kind]
    number = "double" if sampler.dtype == FLOAT64 else "ct_int"
    names = [f"p{position}" for position in range(len(sampler.parameters))]
    return (
        f"void croton_sample_{kind}(ct_u64 key, ct_u64 stream, {number} *out, ct_int count, "
        + ", ".join(f"const double *{name}, ct_int {name}_step" for name in names)
        + ")\n{\n    for (ct_int i = 0; i < count; ++i) {\n"
        "        ct_source source = {key, stream, (ct_u64)i};\n"
        f"        out[i] = ({number})ct_sample_{kind}(&source, "
        + ", ".join(f"{name}[i * {name}_step]" for name in names)
        + ");\n    }\n}\n"
    )


def sample(kind: str, of: str, key: Array, shape: Shape, *parameters: Array) -> Array:
    """Numbers of one kind of `SAMPLERS`; parameters broadcast to the shape. `of`: the distribution's name."""
    from croton.ops.shape import broadcast_to

    spread = [p if base.rank_of(p) == 0 else broadcast_to(p, shape) for p in parameters]
    return apply_one(Sample(kind, shape, of), key, *spread)
