"""Random arrays as functions of a key: element i depends on the key and on i alone.

A key is a uint64 array of shape (2,): the key and the stream of Philox 4x32-10. Eager draws run the very C
that compiled graphs use, so that both give the same bits; without a compiler NumPy computes words and
uniforms identically, and normals to within a few units in the last place.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from croton.codegen import vector_maths
from croton.codegen.scalars import PRELUDE
from croton.codegen.strips import DRAWN_TOGETHER
from croton.graph import dims, philox
from croton.graph.dims import Shape
from croton.graph.dtypes import FLOAT32, FLOAT64, INT64, UINT32, UINT64, DType
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.loops.expressions import Builder, Node, Operand
from croton.ops.base import Array, ElementOperation
from croton.ops.elementwise import FUNCTIONS, ScalarFunction, define
from croton.ops.kernel import CFunction, KernelOperation

# What can be drawn: the dtype of an element. The C of element i is ct_random_KIND_u64(key, stream, i).
KINDS: dict[str, DType] = {
    "word": UINT32,
    "pair": UINT64,
    "uniform32": FLOAT32,
    "uniform64": FLOAT64,
    "normal32": FLOAT32,
    "normal64": FLOAT64,
    "truncated32": FLOAT32,
    "truncated64": FLOAT64,
}
_C_TYPES = {UINT32: "ct_u32", UINT64: "ct_u64", FLOAT32: "float", FLOAT64: "double"}
_COSTS = {
    "word": 3.0,
    "pair": 3.0,
    "uniform32": 3.0,
    "uniform64": 4.0,
    "normal32": 6.0,
    "normal64": 9.0,
    "truncated32": 4.0,
    "truncated64": 7.0,
}


def check_key(name: str, key: TensorType) -> None:
    """Raises DTypeError or ShapeError unless `key` is a uint64 vector of 2."""
    if key.dtype != UINT64:
        raise DTypeError(f"{name}: a key is uint64, got {key.dtype.name}; make one with random.key(seed)")
    if key.rank != 1:
        raise ShapeError(f"{name}: a key has shape (2,), got {dims.format_shape(key.shape)}")
    dims.require_equal(key.shape[0], 2, f"{name}: a key has shape (2,)")


class Draw(ElementOperation):
    """An array of independent random elements of one kind of `KINDS`, from a key."""

    kind: str
    shape: Shape
    name = "random"

    @property
    def scalar(self) -> ScalarFunction:
        """What fusion asks for the cost of an element."""
        return FUNCTIONS["random_pair"].changed(name=f"random_{self.kind}", cost=_COSTS[self.kind])

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        check_key(f"random {self.kind}", operands[0])
        return (TensorType(KINDS[self.kind], self.shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        key, stream = (int(entry) for entry in operands[0])
        count = int(np.prod(self.shape, dtype=np.int64))
        return (fill(self.kind, key, stream, count).reshape(self.shape),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [None]

    def element(
        self, builder: Builder, operands: Sequence[Operand], index: Sequence[Node], output: TensorType
    ) -> Node:
        position = builder.integer(0)
        for size, entry in zip(self.shape, index, strict=True):
            position = builder.plus(builder.times(position, builder.dimension(size)), entry)
        key, stream = (operands[0].at([builder.integer(entry)]) for entry in (0, 1))
        return builder.call(f"random_{self.kind}", output.dtype, key, stream, builder.cast(position, UINT64))


class Permutation(KernelOperation):
    """The numbers below the last size of a shape in random order, from a key: Fisher and Yates's shuffle.

    Along the other axes, every row has an order of its own.
    """

    shape: Shape
    name = "random_permutation"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        check_key(self.name, operands[0])
        return (TensorType(INT64, self.shape),)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        key, stream = (int(entry) for entry in operands[0])
        *leading, size = (int(entry) for entry in self.shape)
        rows = int(np.prod(leading, dtype=np.int64))
        words = fill("pair", key, stream, rows * size).reshape(rows, size)
        partners = (words % np.arange(1, size + 1, dtype=np.uint64)).tolist()
        orders = [_shuffled(size, partner) for partner in partners]
        return (np.asarray(orders, np.int64).reshape(*leading, size),)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [None]

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        rank = len(self.shape)
        name = f"ct_random_permutation_{rank}"
        rows = " * ".join(f"sizes[{1 + axis}]" for axis in range(rank - 1)) or "1"
        source = _PERMUTATION % {"name": name, "rows": rows, "size": f"sizes[{rank}]"}
        return CFunction(name, source, ("ct_random_pair_u64",), cost=5.0)


def _shuffled(size: int, partners: Sequence[int]) -> list[int]:
    """The numbers below a size after exchanging each, from the last on, with its partner."""
    order = list(range(size))
    for last in range(size - 1, 0, -1):
        other = partners[last]
        order[last], order[other] = order[other], order[last]
    return order


_PERMUTATION = """\
static int %(name)s(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    (void)context;
    const ct_unsigned *key = pointers[0];
    ct_int *order = pointers[1];
    const ct_int rows = %(rows)s, n = %(size)s;
    for (ct_int row = 0; row < rows; ++row, order += n) {
        for (ct_int i = 0; i < n; ++i) order[i] = i;
        for (ct_int last = n - 1; last > 0; --last) {
            const ct_unsigned drawn = ct_random_pair_u64(key[0], key[1], (ct_unsigned)(row * n + last));
            const ct_int other = (ct_int)(drawn %% (ct_unsigned)(last + 1));
            const ct_int kept = order[last];
            order[last] = order[other];
            order[other] = kept;
        }
    }
    return CT_OK;
}
"""


def fill(kind: str, key: int, stream: int, count: int) -> NDArray:
    """The first `count` elements of a draw."""
    functions = _compiled()
    if functions is None:
        return _fill_by_numpy(kind, key, stream, count)
    result: NDArray = np.empty(count + DRAWN_TOGETHER, KINDS[kind])
    functions[kind](key, stream, result.ctypes.data, count)
    return result[:count]


def _fill_by_numpy(kind: str, key: int, stream: int, count: int) -> NDArray:
    if kind == "word":
        return philox.words(key, stream, 0, count)
    if kind == "uniform32":
        return philox.uniform_f32(philox.words(key, stream, 0, count))
    if kind == "pair":
        return philox.word_pairs(key, stream, 0, count)
    if kind == "uniform64":
        return philox.uniform_f64(philox.word_pairs(key, stream, 0, count))
    if kind == "truncated32":
        return philox.truncated_f32(philox.words(key, stream, 0, count))
    if kind == "truncated64":
        return philox.truncated_f64(philox.word_pairs(key, stream, 0, count))
    if kind == "normal32":
        words = philox.words(key, stream, 0, 2 * count)
        return philox.normal_f32(words[0::2], words[1::2])
    pairs = philox.word_pairs(key, stream, 0, 2 * count)
    return philox.normal_f64(pairs[0::2], pairs[1::2])


@lru_cache(maxsize=1)
def _compiled() -> dict[str, Any] | None:
    """The C of every kind, built once per machine; None where there is no compiler."""
    from croton.toolchain import build, find_compiler, load

    if find_compiler() is None:
        return None
    bodies, needed = "", []
    for kind, dtype in KINDS.items():
        filler = f"ct_random_fill_{kind}"
        if filler in vector_maths.available():
            needed.append(filler)
            body = f"    {filler}(key, stream, 0, count, out);\n"
        else:
            needed.append(f"ct_random_{kind}_u64")
            body = (
                "#pragma omp simd\n    for (ct_int i = 0; i < count; ++i)\n"
                f"        out[i] = ct_random_{kind}_u64(key, stream, (ct_unsigned)i);\n"
            )
        bodies += (
            f"void croton_fill_{kind}(ct_unsigned key, ct_unsigned stream,\n"
            f"    {_C_TYPES[dtype]} *out, ct_int count)\n{{\n{body}}}\n"
        )
    text = "typedef __INT64_TYPE__ ct_int;\n" + PRELUDE + vector_maths.source_for(needed) + bodies
    library = load(build([text]))
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_int64)
    functions: dict[str, Any] = {kind: prototype(library.address(f"croton_fill_{kind}")) for kind in KINDS}
    functions["library"] = library  # keeps the machine code loaded
    return functions


def _evaluate_pairs(key: NDArray, stream: NDArray, position: NDArray) -> NDArray:
    """The pair at each position, one by one: for a handful of positions."""
    broadcast = np.broadcast_arrays(key, stream, position)
    found = [
        philox.word_pairs(int(k), int(s), int(i), 1)[0]
        for k, s, i in zip(*(entry.reshape(-1) for entry in broadcast), strict=True)
    ]
    return np.asarray(found, np.uint64).reshape(broadcast[0].shape)


define("random_pair", 3, _evaluate_pairs, kinds="U", cost=3.0)
