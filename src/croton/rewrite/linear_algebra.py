"""Linear algebra: systems instead of inverses, one factorisation instead of two.

Each rule keeps values up to rounding, and what it makes fails where the original fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from croton.graph import dtypes
from croton.graph.frozen import Frozen
from croton.graph.graph import Graph, transform
from croton.graph.operation import Operation
from croton.graph.values import Equation, Value
from croton.ops.base import apply
from croton.ops.contraction import Contract
from croton.ops.shape import Reshape, Transpose, reshape
from croton.rewrite.expand import locate

Outputs = Sequence[Value]


class LinearAlgebraRule(Frozen):
    """name and reason; roots: names of operations; apply: the outputs that replace an equation's, or None."""

    name: str
    reason: str
    roots: frozenset[str]
    apply: Callable[[Equation], Outputs | None]


def simplify_linear_algebra(graph: Graph) -> Graph:
    """The graph after every rule has been tried at every equation."""
    names = {equation.op.name for equation in graph.equations}
    rules = [rule for rule in RULES if rule.roots & names]
    return transform(graph, lambda equation: _first(rules, equation)) if rules else graph


def _first(rules: Sequence[LinearAlgebraRule], equation: Equation) -> Outputs | None:
    for rule in rules:
        if equation.op.name in rule.roots:
            made = rule.apply(equation)
            if made is not None:
                locate(made, equation)
                return made
    return None


def _product_with_inverse(equation: Equation) -> Outputs | None:
    """inv(a) @ b."""
    from croton.ops.linear_algebra.solving import Inverse, Solve

    op = equation.op
    if not isinstance(op, Contract) or op.transpose_left or op.transpose_right:
        return None
    left, right = equation.inputs
    source = left
    if source.owner is not None and isinstance(source.owner.op, Reshape):
        source = source.owner.inputs[0]
    maker = source.owner
    if maker is None or maker.op != Inverse() or left.type.shape[1:] != source.type.shape[-2:]:
        return None
    return apply(Solve(), reshape(maker.inputs[0], left.type.shape), right)


def _system_with_transpose(equation: Equation) -> Outputs | None:
    """solve(a.T, b) of a real matrix a."""
    from croton.ops.linear_algebra.solving import Solve

    op, (matrix, right) = equation.op, equation.inputs
    maker = matrix.owner
    if not isinstance(op, Solve) or op.positive or dtypes.is_complex(matrix.type.dtype) or maker is None:
        return None
    rank = matrix.type.rank
    if maker.op != Transpose((*range(rank - 2), rank - 1, rank - 2)):
        return None
    return apply(Solve(False, not op.adjoint), maker.inputs[0], right)


def _determinant_of_factor(equation: Equation) -> Outputs | None:
    """det(cholesky(a)) and slogdet(cholesky(a)): the diagonal is positive."""
    from croton.ops.exponential import log
    from croton.ops.linear_algebra.cholesky import Cholesky
    from croton.ops.linear_algebra.matrices import diagonal_of
    from croton.ops.reduction import prod
    from croton.ops.reduction import sum as sum_over
    from croton.ops.shape import ones_like

    factor = equation.inputs[0]
    if factor.owner is None or not isinstance(factor.owner.op, Cholesky):
        return None
    if factor.owner.op.on_error != "raise" or dtypes.is_complex(factor.type.dtype):
        return None
    diagonal = diagonal_of(factor)
    if equation.op.name == "det":
        return [prod(diagonal, -1)]
    logarithm = sum_over(log(diagonal), -1)
    return [ones_like(logarithm), logarithm]


RULES: tuple[LinearAlgebraRule, ...] = (
    LinearAlgebraRule(
        "product-with-inverse",
        "a system is solved faster and more accurately than by an inverse",
        frozenset(("contract",)),
        _product_with_inverse,
    ),
    LinearAlgebraRule(
        "system-with-transpose",
        "factors of a matrix serve its transpose too",
        frozenset(("solve",)),
        _system_with_transpose,
    ),
    LinearAlgebraRule(
        "determinant-of-factor",
        "the determinant of a triangular matrix is the product of its diagonal",
        frozenset(("det", "slogdet")),
        _determinant_of_factor,
    ),
)

DECOMPOSITIONS = frozenset(("svd", "eigh", "eig", "qr"))


def share_decompositions(graph: Graph) -> Graph:
    """Singular values, eigenvalues or R alone are taken from a decomposition that is made anyway."""
    made = {
        (equation.op, equation.inputs[0])
        for equation in graph.equations
        if equation.op.name in DECOMPOSITIONS and equation.inputs and not _wholes(equation.op)
    }

    def share(equation: Equation) -> Outputs | None:
        for operation, position in _wholes(equation.op):
            if (operation, equation.inputs[0]) in made:
                outputs = apply(operation, equation.inputs[0])  # a later pass merges it with its equal
                locate(outputs, equation)
                return [outputs[position]]
        return None

    return transform(graph, share) if made else graph


def _wholes(op: Operation) -> list[tuple[Operation, int]]:
    """Operations that also give what this one does, each with the position of that output."""
    from croton.ops.linear_algebra.eigen import HermitianEigen
    from croton.ops.linear_algebra.general_eigen import Eigen
    from croton.ops.linear_algebra.orthogonal import QR
    from croton.ops.linear_algebra.singular_values import SingularValues

    if isinstance(op, SingularValues) and not op.vectors:
        return [(SingularValues(True, False), 1), (SingularValues(True, True), 1)]
    if isinstance(op, HermitianEigen) and not op.vectors:
        return [(HermitianEigen(op.lower, True), 0)]
    if isinstance(op, Eigen) and not op.vectors:
        return [(Eigen(True), 0)]
    if isinstance(op, QR) and op.mode == "r":
        return [(QR("reduced"), 1)]
    return []
