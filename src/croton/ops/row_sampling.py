"""Samplers of whole rows: counts of outcomes, and outcomes drawn without putting back.

Row r depends on the key and on r alone. The C of a row is in `codegen/include/samplers.h`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from croton.graph.dims import Dim, require_equal
from croton.graph.dtypes import INT64
from croton.graph.values import NDArray, TensorType
from croton.ops import sampling_reference
from croton.ops.kernel import CFunction
from croton.ops.random_bits import check_key
from croton.ops.sampling import COUNT, NOT_NEGATIVE, Refusing, refuses

_CHECK_WEIGHTS = """\
    for (ct_int i = 0; i < rows * outcomes; ++i)
        if (!(weights[i] >= 0.0 && weights[i] < 1e300)) {
            context->error[1] = 1;
            context->error[2] = (ct_int)ct_bits_f64(weights[i]);
            return CT_RUNTIME_ERROR;
        }
"""


def _check_weights(operation: Refusing, weights: NDArray) -> NDArray:
    """Weights as rows, which are finite and not negative."""
    refused = refuses(NOT_NEGATIVE, weights)
    if refused.any():
        raise operation.refusal(1, float(weights[refused].flat[0]))
    return weights.reshape(int(np.prod(weights.shape[:-1], dtype=np.int64)), weights.shape[-1])


class Multinomial(Refusing):
    """How often each outcome occurs: int64 (..., outcomes).

    Operands: the key, trials (...) and weights (..., outcomes), float64; weights need not add up to 1.
    """

    name = "random_multinomial"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        key, trials, weights = operands
        check_key("random.multinomial", key)
        for axis, size in enumerate(trials.shape):
            require_equal(size, weights.shape[axis], f"random.multinomial: axis {axis} of n and pvals")
        return (TensorType(INT64, weights.shape),)

    def refusal(self, position: int, value: float) -> ValueError:
        expected = (
            "n to be whole and not negative",
            "finite pvals that are not negative",
            "pvals with a positive sum",
        )[position]
        return ValueError(f"random.multinomial: expected {expected}, got {value!r}")

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        rows = _check_weights(self, operands[2])
        trials = operands[1].reshape(-1)
        wrong = refuses(COUNT, trials)
        if wrong.any():
            raise self.refusal(0, float(trials[wrong][0]))
        if (rows.sum(axis=1) <= 0).any():
            raise self.refusal(2, 0.0)
        if not rows.size:
            return (np.zeros(operands[2].shape, np.int64),)
        source = sampling_reference.Source(operands[0], len(rows))
        return (sampling_reference.multinomial(source, trials, rows).reshape(operands[2].shape),)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        rank = outputs[0].rank
        name = f"ct_draw_multinomial_{rank}"
        sizes = [f"sizes[{1 + axis}]" for axis in range(rank - 1)]
        source = _MULTINOMIAL % {
            "name": name,
            "rows": " * ".join(sizes) or "1",
            "outcomes": f"sizes[{2 * rank - 1}]",
            "check": _CHECK_WEIGHTS,
            "refused": COUNT[0],
        }
        return CFunction(name, source, ("ct_sample_multinomial",), cost=30.0, fallible=True)


_MULTINOMIAL = """\
static int %(name)s(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    const ct_u64 *key = pointers[0];
    const double *trials = pointers[1], *weights = pointers[2];
    ct_int *out = pointers[3];
    const ct_int rows = %(rows)s, outcomes = %(outcomes)s;
%(check)s
    for (ct_int row = 0; row < rows; ++row) {
        if (context->interrupted(context)) return CT_INTERRUPTED;
        const double x = trials[row];
        double total = 0.0;
        for (ct_int k = 0; k < outcomes; ++k) total += weights[row * outcomes + k];
        const int refused = %(refused)s;
        if (refused || !(total > 0.0)) {
            context->error[1] = refused ? 0 : 2;
            context->error[2] = (ct_int)ct_bits_f64(refused ? x : total);
            return CT_RUNTIME_ERROR;
        }
        ct_source source = {key[0], key[1], (ct_u64)row};
        ct_sample_multinomial(&source, x, weights + row * outcomes, outcomes, out + row * outcomes);
    }
    return CT_OK;
}
"""


class Urn(Refusing):
    """Indices of `count` different outcomes in the order drawn: int64 (..., count).

    Operands: the key and weights (..., outcomes), float64.
    """

    count: Dim
    name = "random_without_replacement"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        check_key("random.choice", operands[0])
        return (TensorType(INT64, (*operands[1].shape[:-1], self.count)),)

    def refusal(self, position: int, value: float) -> ValueError:
        if position == 1:
            return ValueError(
                f"random.choice: expected finite probabilities that are not negative, got {value!r}"
            )
        return ValueError(
            f"random.choice: expected at least as many outcomes of positive probability as are drawn, "
            f"{self.count}, got {int(value)}"
        )

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        weights = operands[1]
        rows, count = _check_weights(self, weights), int(self.count)
        possible = np.count_nonzero(rows, axis=1)
        if (possible < count).any():
            raise self.refusal(2, float(possible[possible < count][0]))
        source = sampling_reference.Source(operands[0], len(rows))
        return (sampling_reference.urn(source, rows, count).reshape(*weights.shape[:-1], count),)

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        rank = outputs[0].rank
        name = f"ct_draw_urn_{rank}"
        sizes = [f"sizes[{1 + axis}]" for axis in range(rank)]
        source = _URN % {
            "name": name,
            "rows": " * ".join(sizes[:-1]) or "1",
            "outcomes": sizes[-1],
            "count": f"sizes[{2 * rank}]",
            "check": _CHECK_WEIGHTS,
        }
        return CFunction(name, source, ("ct_sample_urn",), cost=30.0, fallible=True)


_URN = """\
static int %(name)s(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    const ct_u64 *key = pointers[0];
    const double *weights = pointers[1];
    ct_int *out = pointers[2];
    const ct_int rows = %(rows)s, outcomes = %(outcomes)s, count = %(count)s;
%(check)s
    double *left = context->scratch(context, outcomes * 8 + 64);
    if (!left) return CT_OUT_OF_MEMORY;
    for (ct_int row = 0; row < rows; ++row) {
        if (context->interrupted(context)) return CT_INTERRUPTED;
        ct_int possible = 0;
        for (ct_int k = 0; k < outcomes; ++k) {
            left[k] = weights[row * outcomes + k];
            possible += left[k] > 0.0;
        }
        if (possible < count) {
            context->error[1] = 2;
            context->error[2] = (ct_int)ct_bits_f64((double)possible);
            return CT_RUNTIME_ERROR;
        }
        ct_source source = {key[0], key[1], (ct_u64)row};
        ct_sample_urn(&source, left, outcomes, count, out + row * count);
    }
    return CT_OK;
}
"""
