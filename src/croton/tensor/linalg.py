"""Linear algebra under NumPy's names."""

from croton.ops.contraction import inner, kron, matmul, outer, tensordot, vdot
from croton.ops.determinant import det, slogdet
from croton.ops.norms import euclidean_norm, norm

__all__ = [
    "det",
    "euclidean_norm",
    "inner",
    "kron",
    "matmul",
    "norm",
    "outer",
    "slogdet",
    "tensordot",
    "vdot",
]
