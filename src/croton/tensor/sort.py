"""What Theano keeps in `theano.tensor.sort`; `T.sort` itself is the function."""

from croton.ops.sorting import (
    argpartition,
    argsort,
    argtopk,
    lexsort,
    partition,
    sort,
    top_k,
    topk,
    topk_and_argtopk,
)

__all__ = [
    "argpartition",
    "argsort",
    "argtopk",
    "lexsort",
    "partition",
    "sort",
    "top_k",
    "topk",
    "topk_and_argtopk",
]
