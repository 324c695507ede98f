"""The products that sparse matrices are made of, and what they do with indices that lie outside."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError
from croton.ops.base import apply_one
from croton.ops.sparse import MajorPositions, SampledProduct, SparseProduct

from .agreement import computed, sample, tolerance


def matrix(rows: int, columns: int, dtype: str = "float64", index: str = "int32") -> scipy.sparse.csr_array:
    random = np.random.default_rng(0)
    found = scipy.sparse.random_array((rows, columns), density=0.3, rng=random, format="csr")
    values = sample((found.nnz,), dtype)
    return scipy.sparse.csr_array(
        (values, found.indices.astype(index), found.indptr.astype(index)), shape=found.shape
    )


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "int64", "float32", "float64", "complex128"])
def test_products_with_vectors_and_matrices(dtype: str, index: str) -> None:
    a = matrix(30, 20, dtype, index)
    for columns in (1, 3, 40):
        for transposed in (False, True):
            dense = sample((30 if transposed else 20, columns), dtype, 1)
            op = SparseProduct(20, transposed)
            found = computed(lambda *v, op=op: apply_one(op, *v), a.data, a.indices, a.indptr, dense)
            expected = (a.T if transposed else a).astype(dtype) @ dense
            np.testing.assert_allclose(found, expected, rtol=10 * tolerance(dtype), atol=tolerance(dtype))
        left, right = sample((30, columns), dtype, 2), sample((20, columns), dtype, 3)
        found = computed(lambda *v: apply_one(SampledProduct(), *v), a.indices, a.indptr, left, right)
        rows = np.repeat(np.arange(30), np.diff(a.indptr))
        expected = np.sum(left[rows] * right[a.indices], 1, dtype=dtype)
        np.testing.assert_allclose(found, expected, rtol=10 * tolerance(dtype), atol=tolerance(dtype))


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (3, 3)])
def test_nothing_stored(shape: tuple[int, int]) -> None:
    a = scipy.sparse.csr_array(shape)
    for transposed in (False, True):
        dense = np.ones((shape[not transposed], 2))
        op = SparseProduct(shape[1], transposed)
        found = computed(lambda *v, op=op: apply_one(op, *v), a.data, a.indices, a.indptr, dense)
        np.testing.assert_array_equal(found, np.zeros((shape[int(transposed)], 2)))


BROKEN = [
    ([0, 7], [0, 1, 2], r"index 7 is out of range for axis 1 of size 3"),
    ([-1, 0], [0, 1, 2], r"index -1 is out of range for axis 1 of size 3"),
    ([0, 1], [0, 9, 2], r"index 9|0 to 9"),
    ([0, 1], [0, 1, 5], r"index 5|1 to 5"),
    ([0, 1], [-4, 1, 2], r"index -4|-4 to 1"),
    ([0, 1], [2, 1, 2], r"index 2|2 to 1"),
]


@pytest.mark.parametrize(("positions", "starts", "message"), BROKEN)
def test_broken_matrices_are_errors(positions: list[int], starts: list[int], message: str) -> None:
    data, indices, indptr = T.vector("data"), T.ivector("indices"), T.ivector("indptr")
    dense = T.matrix("dense")
    operands = (data, indices, indptr)
    sampled = apply_one(SampledProduct(), indices, indptr, dense[:2], dense)
    for output in (
        apply_one(SparseProduct(3, False), *operands, dense),
        apply_one(SparseProduct(3, True), *operands, dense[:2]),
        sampled,
    ):
        for mode in ("compile", "interpret"):
            function = ct.function([*operands, dense], output, mode=mode, on_unused_input="ignore")
            for columns in (1, 2):
                arguments = ([1.0, 2.0], np.int32(positions), np.int32(starts), np.ones((3, columns)))
                with pytest.raises(IndexError, match=message):
                    function(*arguments)


def test_runs_must_follow_each_other_where_every_element_needs_a_row() -> None:
    indices, indptr = T.ivector("indices"), T.ivector("indptr")
    output = apply_one(MajorPositions(), indices, indptr)
    for mode in ("compile", "interpret"):
        function = ct.function([indices, indptr], output, mode=mode)
        np.testing.assert_array_equal(function(np.int32([5, 6, 7]), np.int32([0, 2, 2, 3])), [0, 0, 2])
        for starts in ([0, 1, 2], [1, 3], [0, 2, 1, 3], [0, 4], [0]):
            with pytest.raises(IndexError, match=r"out of range|does not divide"):
                function(np.int32([5, 6, 7]), np.int32(starts))


def test_operands_that_do_not_fit() -> None:
    data, indices, indptr = np.ones(2), np.int32([0, 1]), np.int32([0, 1, 2])
    with pytest.raises(ShapeError, match="inner sizes"):
        apply_one(SparseProduct(3, False), data, indices, indptr, np.ones((2, 1)))
    with pytest.raises(DTypeError, match="not defined for dtypes"):
        apply_one(SparseProduct(3, False), data, indices, indptr, np.ones((3, 1), np.float32))
    with pytest.raises(DTypeError, match="must both be int32 or int64"):
        apply_one(SparseProduct(3, False), data, indices.astype(np.int8), indptr, np.ones((3, 1)))
    with pytest.raises(ShapeError, match="size of indptr"):
        apply_one(MajorPositions(), indices, np.int32([]))
    with pytest.raises(ShapeError, match="expected matrices"):
        apply_one(SampledProduct(), indices, indptr, np.ones(2), np.ones(2))
