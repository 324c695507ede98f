"""Theano's product of chosen blocks of a large matrix."""

from __future__ import annotations

from croton.graph.errors import ShapeError
from croton.ops import base
from croton.ops.arithmetic import add
from croton.ops.base import Array
from croton.ops.einsum import einsum
from croton.ops.gathering import checked_index, gather, take
from croton.ops.shape import expand_dims

__all__ = ["sparse_block_dot"]


def sparse_block_dot(W: object, h: object, inputIdx: object, b: object, outputIdx: object) -> Array:
    """b[o] + the sum over i of h[i] W[input block i, o], for the chosen output blocks o.

    W: (input blocks, output blocks, input size, output size). h: (batch, chosen inputs, input size).
    b: (output blocks, output size). inputIdx, outputIdx: chosen blocks, (batch, chosen). Without axis of the
    batch, the result has none either: (chosen outputs, output size).

    Raises:
        ShapeError: wrong numbers of axes. IndexError: a block is out of range.
    """
    blocks, inputs = base.as_array(W), base.as_array(h)
    sources, targets = base.as_array(inputIdx), base.as_array(outputIdx)
    single = base.rank_of(inputs) == 2
    if single:
        inputs, sources, targets = (expand_dims(array, 0) for array in (inputs, sources, targets))
    ranks = [base.rank_of(array) for array in (blocks, inputs, sources, targets)]
    if ranks != [4, 3, 2, 2]:
        raise ShapeError(
            "sparse_block_dot: expected W, h, inputIdx and outputIdx with 4, 3, 2 and 2 axes, got "
            f"{', '.join(map(str, ranks))}"
        )
    rows = checked_index(sources, base.shape_of(blocks)[0], 0)
    columns = checked_index(targets, base.shape_of(blocks)[1], 1)
    chosen = gather(blocks, (0, 1), 0, [expand_dims(rows, 2), expand_dims(columns, 1)])
    result = add(einsum("nif,niofk->nok", inputs, chosen), take(b, targets, 0))
    return result if not single else result[0]
