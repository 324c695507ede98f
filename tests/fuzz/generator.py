"""Random programs: whole symbolic graphs over all dtypes, with inputs to run them on.

A program is drawn from a seed, so that a failure can be drawn again. Values are kept bounded, so that two
correct evaluations agree to rounding; functions with jumps are only applied to values that every correct
evaluation computes exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

import croton as ct
import croton.tensor as T

Array = np.ndarray[Any, Any]
AXES = "abc"  # names of sizes; every call binds each name to a number
FLOATS = ("float64", "float32", "float16", "bfloat16")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = (*FLOATS, *INTEGERS, "bool", "complex64", "complex128")
WEIGHTS = np.array([8, 6, 2, 2, 1, 1, 3, 3, 1, 1, 1, 1, 3, 2, 2], float)


@dataclass
class Drawn:
    """A value of the program: its variable, the names of its sizes ("1" for 1), dtype, exactness."""

    variable: Any
    sizes: tuple[str, ...]
    dtype: str
    exact: bool

    @property
    def kind(self) -> str:
        if self.dtype in FLOATS:
            return "f"
        return "b" if self.dtype == "bool" else "c" if self.dtype.startswith("complex") else "i"


@dataclass
class Program:
    """Inputs with the names of their sizes, outputs, and for even seeds gradients of a sum of outputs."""

    seed: int
    inputs: list[Drawn] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    history: list[str] = field(default_factory=list)

    def variables(self) -> list[Any]:
        return [drawn.variable for drawn in self.inputs]


class Generator:
    """Draws one program."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.program = Program(seed)
        self.pool: list[Drawn] = []

    def draw(self, operations: int = 6) -> Program:
        for number in range(int(self.rng.integers(2, 5))):
            self._input(number)
        for _ in range(operations):
            step = STEPS[int(self.rng.integers(len(STEPS)))]
            made = step(self)
            if made is not None:
                self.program.history.append(step.__name__)
                self.pool.append(made)
        made_values = self.pool[len(self.program.inputs) :] or self.pool
        count = min(len(made_values), 3)
        chosen = self.rng.choice(len(made_values), size=count, replace=False)
        outputs = [made_values[int(position)] for position in chosen]
        self.program.outputs = [drawn.variable for drawn in outputs]
        if self.program.seed % 2:
            return self.program
        self._add_gradients(
            [drawn for drawn in outputs if drawn.kind in "fc" and drawn.dtype not in FLOATS[2:]]
        )
        return self.program

    def _add_gradients(self, outputs: list[Drawn]) -> None:
        wrt = [drawn.variable for drawn in self.program.inputs if drawn.dtype in ("float64", "float32")]
        if not outputs or not wrt:
            return
        cost = None
        for drawn in outputs:
            real = T.real(drawn.variable) if drawn.kind == "c" else drawn.variable
            total = T.sum(real * real, dtype="float64")
            cost = total if cost is None else cost + total
        self.program.outputs += ct.grad(cost, wrt, disconnected_inputs="ignore")

    def _input(self, number: int) -> None:
        rank = int(self.rng.choice([0, 1, 2, 2, 3]))
        sizes = tuple(
            str(size) for size in self.rng.choice([*AXES, "1"], size=rank, p=[0.3, 0.3, 0.25, 0.15])
        )
        dtype = str(self.rng.choice(DTYPES, p=WEIGHTS / WEIGHTS.sum()))
        shape = tuple(1 if size == "1" else None for size in sizes)
        drawn = Drawn(T.tensor(dtype, shape=shape, name=f"x{number}"), sizes, dtype, True)
        self.program.inputs.append(drawn)
        self.pool.append(drawn)

    def pick(self, want: Callable[[Drawn], bool] = lambda drawn: True) -> Drawn | None:
        """A value that fits, recent ones more often."""
        fitting = [drawn for drawn in self.pool if want(drawn)]
        if not fitting:
            return None
        weights = np.arange(1, len(fitting) + 1, dtype=float)
        return fitting[int(self.rng.choice(len(fitting), p=weights / weights.sum()))]

    def choose(self, names: list[str]) -> str:
        return str(self.rng.choice(names))


def bind_sizes(rng: np.random.Generator) -> dict[str, int]:
    """A number for each name of a size; now and then 0 or 1."""
    return {
        name: int(rng.choice([0, 1, 2, 3, 5, 8, 17, 33], p=[0.06, 0.1, 0.2, 0.2, 0.14, 0.1, 0.1, 0.1]))
        for name in AXES
    }


def make_array(rng: np.random.Generator, drawn: Drawn, sizes: dict[str, int]) -> Array:
    """Numbers of moderate size for an input; sometimes in strided memory."""
    shape = tuple(1 if name == "1" else sizes[name] for name in drawn.sizes)
    if drawn.dtype == "bool":
        array: Array = rng.random(shape) < 0.5
    elif drawn.kind == "i":
        array = np.asarray(rng.integers(0 if drawn.dtype[0] == "u" else -9, 10, shape), dtype=drawn.dtype)
    elif drawn.kind == "c":
        array = np.asarray(rng.normal(size=shape) + 1j * rng.normal(size=shape), dtype=drawn.dtype)
    else:
        dtype = ml_dtypes.bfloat16 if drawn.dtype == "bfloat16" else drawn.dtype
        array = np.asarray(rng.normal(size=shape)).astype(dtype)
    if array.ndim and rng.random() < 0.3:
        wide = np.zeros((*array.shape[:-1], array.shape[-1] * 2), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    return array


# Steps: each draws operands and returns a new value, or None when nothing fits.

SMOOTH = [
    "tanh",
    "sigmoid",
    "sin",
    "cos",
    "exp",
    "softplus",
    "square",
    "negative",
    "expm1",
    "arctan",
    "erf",
    "log1p_abs",
]
JUMPING = ["floor", "sign", "absolute", "rint"]


def smooth_unary(g: Generator) -> Drawn | None:
    drawn = g.pick(lambda d: d.kind == "f")
    if drawn is None:
        return None
    name = g.choose(SMOOTH)
    x = T.clip(drawn.variable, -3, 3) if name in ("exp", "expm1", "square") else drawn.variable
    made = T.log1p(T.abs(x)) if name == "log1p_abs" else getattr(T, name)(x)
    return Drawn(made, drawn.sizes, drawn.dtype, False)


def jumping_unary(g: Generator) -> Drawn | None:
    drawn = g.pick(lambda d: d.exact and d.kind in "fi")
    if drawn is None:
        return None
    name = g.choose(JUMPING if drawn.kind == "f" else ["sign", "absolute", "negative"])
    return Drawn(getattr(T, name)(drawn.variable), drawn.sizes, drawn.dtype, True)


def _broadcast(first: Drawn, second: Drawn) -> tuple[str, ...] | None:
    rank = max(len(first.sizes), len(second.sizes))
    padded = [("1",) * (rank - len(d.sizes)) + d.sizes for d in (first, second)]
    result = []
    for left, right in zip(*padded, strict=True):
        if left != right and "1" not in (left, right):
            return None
        result.append(right if left == "1" else left)
    return tuple(result)


def _pair(g: Generator, kinds: str) -> tuple[Drawn, Drawn, tuple[str, ...]] | None:
    first = g.pick(lambda d: d.kind in kinds)
    if first is None:
        return None
    second = g.pick(lambda d: d.kind in kinds and _broadcast(first, d) is not None)
    assert second is not None
    sizes = _broadcast(first, second)
    assert sizes is not None
    return first, second, sizes


def binary(g: Generator) -> Drawn | None:
    pair = _pair(g, "fic")
    if pair is None:
        return None
    first, second, sizes = pair
    name = g.choose(["add", "subtract", "multiply", "maximum", "minimum", "hypot", "arctan2"])
    if "c" in (first.kind, second.kind):
        name = g.choose(["add", "subtract", "multiply"])
    elif name in ("hypot", "arctan2"):
        if not (first.kind == second.kind == "f"):
            name = "add"
    elif name in ("maximum", "minimum") and not (first.exact and second.exact):
        name = "multiply"
    made = getattr(T, name)(first.variable, second.variable)
    if made.dtype in FLOATS and name == "multiply":
        made = T.tanh(made)
    exact = (
        first.exact
        and second.exact
        and made.dtype not in FLOATS[2:]
        and name in ("add", "subtract", "maximum", "minimum")
    )
    return Drawn(made, sizes, made.dtype, exact)


def compare_and_choose(g: Generator) -> Drawn | None:
    condition = _pair(g, "fi")
    if condition is None or not (condition[0].exact and condition[1].exact):
        return None
    first, second, sizes = condition
    test = getattr(T, g.choose(["less", "greater_equal", "equal", "not_equal"]))(
        first.variable, second.variable
    )
    if g.rng.random() < 0.3:
        return Drawn(test, sizes, "bool", True)
    made = T.where(test, first.variable, second.variable)
    return Drawn(made, sizes, made.dtype, False)


def reduce(g: Generator) -> Drawn | None:
    drawn = g.pick(lambda d: len(d.sizes) > 0)
    if drawn is None:
        return None
    count = int(g.rng.integers(1, len(drawn.sizes) + 1))
    axes = tuple(int(axis) for axis in g.rng.choice(len(drawn.sizes), size=count, replace=False))
    keep = bool(g.rng.random() < 0.3)
    name = {"b": g.choose(["any", "all", "sum"]), "i": g.choose(["sum", "prod"]), "c": "sum"}.get(drawn.kind)
    name = name or g.choose(["sum", "mean", "sum", "logsumexp"])
    x = drawn.variable
    if name in ("mean", "logsumexp"):  # of nothing: an error or NaN, tested elsewhere
        x = (
            T.concatenate([x, T.ones_like(x[tuple(slice(0, 1) for _ in drawn.sizes)])], axis=0)
            if len(drawn.sizes) == 1
            else x
        )
        name = name if len(drawn.sizes) == 1 else "sum"
    made = getattr(T, name)(x, axis=axes, keepdims=keep)
    sizes = tuple("1" if a in axes else s for a, s in enumerate(drawn.sizes) if keep or a not in axes)
    if made.dtype in FLOATS:
        made = T.tanh(made)
    return Drawn(made, sizes, made.dtype, drawn.kind in "bi")


def shape_work(g: Generator) -> Drawn | None:
    drawn = g.pick(lambda d: len(d.sizes) > 0)
    if drawn is None:
        return None
    rank = len(drawn.sizes)
    name = g.choose(["transpose", "flip", "expand", "concatenate", "roll", "pad_slice"])
    axis = int(g.rng.integers(rank))
    x = drawn.variable
    if name == "transpose":
        order = [int(a) for a in g.rng.permutation(rank)]
        return Drawn(T.transpose(x, order), tuple(drawn.sizes[a] for a in order), drawn.dtype, drawn.exact)
    if name == "flip":
        return Drawn(T.flip(x, axis), drawn.sizes, drawn.dtype, drawn.exact)
    if name == "roll":
        return Drawn(T.roll(x, int(g.rng.integers(-3, 4)), axis), drawn.sizes, drawn.dtype, drawn.exact)
    if name == "expand":
        return Drawn(
            T.expand_dims(x, axis), (*drawn.sizes[:axis], "1", *drawn.sizes[axis:]), drawn.dtype, drawn.exact
        )
    if drawn.sizes[axis] == "1":
        return None
    if name == "pad_slice":
        widths = [(0, 0)] * rank
        widths[axis] = (1, 2)
        key = tuple(slice(2, -1) if a == axis else slice(None) for a in range(rank))
        return Drawn(T.pad(x, widths)[key], drawn.sizes, drawn.dtype, drawn.exact)
    both = T.concatenate([x, x], axis=axis)
    step = tuple(slice(None, None, 2) if a == axis else slice(None) for a in range(rank))
    return Drawn(both[step], drawn.sizes, drawn.dtype, drawn.exact)


def reshape(g: Generator) -> Drawn | None:
    drawn = g.pick(lambda d: len(d.sizes) >= 2)
    if drawn is None:
        return None
    shape = drawn.variable.shape
    flat = T.reshape(drawn.variable, (shape[0] * shape[1], *shape[2:]))
    if drawn.kind == "f":
        flat = T.tanh(flat)
    elif drawn.kind in "ic":
        flat = flat + flat
    made = T.reshape(flat, shape)
    return Drawn(made, drawn.sizes, made.dtype, False)


def cast(g: Generator) -> Drawn | None:
    drawn = g.pick(lambda d: d.kind in "fib" and (d.kind != "f" or d.exact))
    if drawn is None:
        return None
    x = drawn.variable
    if drawn.kind == "i":
        x = x % 7 if drawn.dtype[0] == "u" else x % 11
    elif drawn.kind == "f":
        x = T.clip(x, 0, 9)
    dtype = g.choose([*FLOATS, "int32", "int64", "uint8", "complex64"])
    return Drawn(T.cast(x, dtype), drawn.sizes, dtype, True)


def product(g: Generator) -> Drawn | None:
    first = g.pick(lambda d: d.kind in "fc" and len(d.sizes) == 2)
    if first is None:
        return None
    second = g.pick(lambda d: d.kind in "fc" and len(d.sizes) == 2 and d.sizes[0] == first.sizes[1])
    x, y = first.variable, second.variable if second is not None else first.variable.T
    sizes = (first.sizes[0], second.sizes[1] if second is not None else first.sizes[0])
    made = T.dot(x, y)
    made = T.tanh(made * 0.1) if made.dtype in FLOATS else made * 0.1
    return Drawn(made, sizes, made.dtype, False)


def softmax(g: Generator) -> Drawn | None:
    drawn = g.pick(lambda d: d.kind == "f" and len(d.sizes) >= 1)
    if drawn is None:
        return None
    name = g.choose(["softmax", "log_softmax", "cumsum"])
    axis = int(g.rng.integers(len(drawn.sizes)))
    made = getattr(T, name)(drawn.variable, axis=axis)
    return Drawn(T.tanh(made), drawn.sizes, drawn.dtype, False)


def gather(g: Generator) -> Drawn | None:
    index = g.pick(lambda d: d.kind == "i" and len(d.sizes) == 1)
    source = g.pick(lambda d: len(d.sizes) >= 1)
    if index is None or source is None:
        return None
    first = T.concatenate(
        [source.variable, T.zeros_like(source.variable[:1]), T.zeros_like(source.variable[:1])], axis=0
    )
    padded = T.concatenate([first, T.zeros((2, *source.variable.shape[1:]), dtype=source.dtype)], axis=0)
    places = T.cast(index.variable, "int64") % 2
    if g.rng.random() < 0.4:
        return Drawn(
            T.set_subtensor(padded[0], padded[1])[:-2][: source.variable.shape[0]],
            source.sizes,
            source.dtype,
            source.exact,
        )
    return Drawn(padded[places], (*index.sizes, *source.sizes[1:]), source.dtype, source.exact)


def loop(g: Generator) -> Drawn | None:
    drawn = g.pick(lambda d: d.dtype in ("float64", "float32") and len(d.sizes) >= 1)
    if drawn is None:
        return None
    start = T.zeros_like(T.sum(drawn.variable, axis=0))
    final, every = ct.scan_loop(lambda s, e: (T.tanh(s * 0.5 + e), s), start, drawn.variable)
    if g.rng.random() < 0.5:
        return Drawn(final, drawn.sizes[1:], drawn.dtype, False)
    return Drawn(every, drawn.sizes, drawn.dtype, False)


def branch(g: Generator) -> Drawn | None:
    drawn = g.pick(lambda d: d.dtype in ("float64", "float32"))
    test = g.pick(lambda d: d.kind in "ib" and d.sizes == ())
    if drawn is None or test is None:
        return None
    made = ct.cond(T.cast(test.variable, "bool"), lambda x: T.sin(x), lambda x: x * 0.5, drawn.variable)
    return Drawn(made, drawn.sizes, drawn.dtype, False)


STEPS: list[Callable[[Generator], Drawn | None]] = [
    smooth_unary,
    smooth_unary,
    jumping_unary,
    binary,
    binary,
    compare_and_choose,
    reduce,
    reduce,
    shape_work,
    shape_work,
    reshape,
    cast,
    product,
    softmax,
    gather,
    loop,
    branch,
]
