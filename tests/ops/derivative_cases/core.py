"""Views, reductions, products, indexing, recurrences: the operations that everything else is made of."""

from __future__ import annotations

import numpy as np

import croton as ct
import croton.tensor as T
from croton.ops.base import apply_one
from croton.ops.einsum import TakeDiagonal
from croton.ops.linear_algebra.solving import Inverse
from croton.rewrite.derived import FORMULAS, derived
from croton.rewrite.powers import PowerNorm

from .case import Case, NDArray


def normal(*shape: int, seed: int = 0) -> NDArray:
    return np.random.default_rng(seed).standard_normal(shape)


def positive(*shape: int, seed: int = 0) -> NDArray:
    return np.random.default_rng(seed).uniform(0.4, 2.4, shape)


def tangled(*shape: int) -> NDArray:
    return normal(*shape, seed=3) + 1j * normal(*shape, seed=4)


MASK = np.array([[True, False, True], [False, False, True]])
ROWS = np.array([0, 2, 2, -1])

VIEWS = [
    Case("reshape", lambda x: T.tanh(T.reshape(x, (3, 4))), (normal(2, 6),)),
    Case("transpose", lambda x: T.exp(T.transpose(x, (2, 0, 1))), (normal(2, 3, 4),)),
    Case("broadcast", lambda x: T.square(T.broadcast_to(x, (4, 2, 3))), (normal(2, 1),)),
    Case("concatenate", lambda x, y: T.exp(T.concatenate([x, y, x], 1)), (normal(2, 3), normal(2, 1))),
    Case("slices", lambda x: T.sin(x[1:, ::-2]) * x[0, 1], (normal(4, 5),)),
    Case("slice set", lambda x, y: T.square(T.set_subtensor(x[1:3], y)), (normal(4, 2), normal(2, 2))),
    Case("slice added to", lambda x, y: T.exp(T.inc_subtensor(x[::2], y)), (normal(4, 2), normal(2, 2))),
    Case("taken diagonal", lambda x: T.exp(apply_one(TakeDiagonal(0, 2), x)), (normal(3, 2, 3),)),
    Case("einsum with traces", lambda x, y: T.einsum("iij,jk->ik", x, y), (normal(3, 3, 2), normal(2, 2))),
    Case("cast", lambda x: T.real(T.cast(x, "complex128") * (1 + 2j)) ** 2, (normal(3),)),
    Case("where", lambda x, y: T.where(MASK, T.exp(x), x * y), (normal(2, 3), normal(2, 3, seed=1))),
    Case("complex parts", lambda z: T.abs(z) * T.real(z) + T.imag(z * z), (tangled(3),)),
    Case("stopped", lambda x: x * ct.stop_gradient(T.floor(x)) + T.exp(x), (normal(3),)),
    Case("pad", lambda x: T.square(T.pad(x, ((1, 0), (2, 1)), mode="reflect")), (normal(3, 4),)),
]
REDUCTIONS = [
    Case("sum", lambda x: T.exp(T.sum(x, axis=1)) * T.sum(x), (normal(2, 3),)),
    Case("product", lambda x: T.prod(x, axis=0), (normal(4, 3),)),
    Case(
        "product with a zero", lambda x: T.prod(x, axis=0), (np.array([[1.5, 0.0], [0.7, 2.0], [-2.0, 0.3]]),)
    ),
    Case("maximum", lambda x: T.exp(T.max(x, axis=1)), (normal(3, 4),)),
    Case("minimum", lambda x: T.square(T.min(x)), (normal(3, 4),)),
    Case("argument", lambda x: x[T.argmax(x)] * x, (normal(5),)),
    Case("softmax", lambda x: T.softmax(x, axis=1), (normal(2, 4),)),
    Case("log softmax", lambda x: T.log_softmax(x, axis=0) * x, (normal(3, 2),)),
    Case("logsumexp", lambda x: T.logsumexp(x, axis=1), (normal(2, 4),)),
    Case("norm", lambda x: T.norm(x, axis=1), (normal(3, 4),)),
    Case("complex norm", lambda z: T.norm(z), (tangled(4),)),
    Case("norm of an order", lambda x: apply_one(PowerNorm(3.0, (1,)), x), (positive(3, 4),)),
    Case("cumulative sum", lambda x: T.exp(T.cumsum(x, 1)), (normal(2, 4),)),
    Case("cumulative product", lambda x: T.cumprod(x, 0), (normal(4, 2),)),
    Case("running maximum", lambda x: T.square(T.cummax(x, 0)), (normal(5, 2),)),
    Case("running minimum", lambda x: T.square(T.cummin(x, 1)), (normal(2, 5),)),
    Case(
        "recurrence",
        lambda a, b: T.linear_recurrence(a, b, 0, reverse=True),
        (normal(5, 2), normal(5, 2, seed=1)),
    ),
]
PRODUCTS = [
    Case("product of matrices", lambda x, y: T.dot(x, y), (normal(2, 3), normal(3, 4))),
    Case("batched product", lambda x, y: T.matmul(T.tanh(x), y), (normal(2, 2, 3), normal(2, 3, 2))),
    Case("complex product", lambda x, y: T.dot(x, y), (tangled(2, 3), tangled(3, 2))),
    Case("determinant", lambda x: T.det(x), (normal(5, 5),)),
    Case("small determinant", lambda x: T.det(x), (normal(2, 3, 3),)),
    Case("logarithm of a determinant", lambda x: T.linalg.slogdet(x)[1], (normal(5, 5),)),
    Case("inverse", lambda x: apply_one(Inverse(), x), (normal(3, 3) + 3 * np.eye(3),)),
]
INDEXING = [
    Case("gather", lambda x: T.exp(x[ROWS]), (normal(3, 2),)),
    Case("gather on two axes", lambda x: T.square(x[ROWS, :, ROWS]), (normal(3, 2, 3),)),
    Case("rows set", lambda x, y: T.exp(T.set_subtensor(x[[2, 0]], y)), (normal(3, 2), normal(2, 2))),
    Case("rows added to", lambda x, y: T.exp(T.inc_subtensor(x[ROWS], y)), (normal(3, 2), normal(4, 2))),
    Case(
        "products of segments",
        lambda x: T.segment_prod(x, T.constant(np.array([0, 1, 1, 0])), 3),
        (normal(4, 2),),
    ),
    Case(
        "extremes of segments",
        lambda x: [
            T.segment_max(x, T.constant(np.array([0, 1, 1, 0])), 2),
            T.square(T.segment_min(x, T.constant(np.array([0, 1, 1, 0])), 2)),
        ],
        (normal(4, 2),),
    ),
    Case("mask", lambda x: T.exp(x[MASK]), (normal(2, 3),)),
    Case("repeat", lambda x: T.square(T.repeat(x, T.constant(np.array([2, 0, 1])), axis=0)), (normal(3, 2),)),
]
TWO_OPERANDS = {"fraction", "component", "parallel", "log_ratio"}
FORMULA_CASES = [
    Case(
        f"formula {name}",
        lambda *x, name=name: derived(name, *x, parameter=1.5),
        (positive(4),)
        if name not in TWO_OPERANDS | {"exp_difference"}
        else (positive(4), positive(4, seed=1)),
    )
    for name in FORMULAS
    if name != "exp_difference"
]

CASES = [*VIEWS, *REDUCTIONS, *PRODUCTS, *INDEXING, *FORMULA_CASES]
