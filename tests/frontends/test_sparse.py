"""Sparse matrices as variables: what SciPy computes, in functions that take and return SciPy's matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse

import croton as ct
import croton.sparse as sparse
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError, UnusedInputError


def random_matrix(rows: int, columns: int, format: str = "csr", seed: int = 0, dtype: str = "float64") -> Any:
    random = np.random.default_rng(seed)
    found = scipy.sparse.random_array((rows, columns), density=0.4, rng=random, format=format)
    found.data = random.uniform(0.2, 0.9, found.nnz).astype(dtype)
    return found.astype(dtype)


def dense(found: Any) -> np.ndarray:
    return found.toarray() if scipy.sparse.issparse(found) else np.asarray(found)


x, y = sparse.csr_matrix("x"), sparse.csc_matrix("y")
d, v = T.matrix("d"), T.vector("v")
A, B = random_matrix(5, 4), random_matrix(5, 4, "csc", 1)
D, V = np.random.default_rng(2).standard_normal((4, 3)), np.random.default_rng(3).standard_normal(4)
a, b = A.toarray(), B.toarray()


@pytest.mark.parametrize("mode", ["compile", "interpret"])
def test_functions_of_matrices(mode: str) -> None:
    expected = {
        "itself": (x, a),
        "transpose": (sparse.transpose(x), a.T),
        "to csc": (x.tocsc(), a),
        "to csr": (y.tocsr(), b),
        "dense": (sparse.dense_from_sparse(y), b),
        "from dense": (sparse.csc_from_dense(x.toarray()), a),
        "sum": (sparse.sp_sum(x), a.sum()),
        "sum 0": (sparse.sp_sum(x, 0), a.sum(0)),
        "sum 1": (y.sum(-1), b.sum(1)),
        "diagonal": (sparse.diag(y), np.diag(b)),
        "of a diagonal": (sparse.square_diagonal(v), np.diag(V)),
        "beside": (sparse.hstack([x, y]), np.hstack([a, b])),
        "below": (sparse.vstack([x, y], format="csc"), np.vstack([a, b])),
        "clean": (sparse.clean(x * (T.arange(4) % 2)), a * (np.arange(4) % 2)),
        "sorted": (sparse.ensure_sorted_indices(y), b),
        "sum of two": (x + y, a + b),
        "difference": (x - y, a - b),
        "with dense": (1.0 + x * 1.0, 1 + a),
        "less dense": (v - x, V - a),
        "product of two": (y * x, a * b),
        "times number": (2.0 * x, 2 * a),
        "times scalar": (x * v[0], a * V[0]),
        "times row": (x * v, a * V),
        "over number": (x / 2.0, a / 2),
        "over row": (y / v, b / V),
        "negative": (-x, -a),
        "rows scaled": (sparse.row_scale(x.T, v), a.T * V[:, None]),
        "columns scaled": (sparse.col_scale(x, v), a * V),
        "square": (sparse.sqr(x), a**2),
        "arcsin": (sparse.arcsin(y), np.arcsin(b)),
        "sigmoid": (sparse.structured_sigmoid(x), np.where(a != 0, 1 / (1 + np.exp(-a)), 0)),
        "exp": (sparse.structured_exp(x), np.where(a != 0, np.exp(a), 0)),
        "power": (sparse.structured_pow(x, 3), a**3),
        "minimum": (sparse.structured_minimum(x, 0.5), np.minimum(a, 0.5)),
        "added": (sparse.structured_add(x, 1), np.where(a != 0, a + 1, 0)),
        "ones": (sparse.sp_ones_like(x), a != 0),
        "zeros": (sparse.sp_zeros_like(y), 0 * b),
        "vector": (csm_of(x), A.data),
    }
    function = ct.function([x, y, v], {name: output for name, (output, _) in expected.items()}, mode=mode)
    found = function(A, B, V)
    for name, (_, wanted) in expected.items():
        np.testing.assert_allclose(dense(found[name]), wanted, atol=1e-14, err_msg=name)
    assert found["clean"].nnz == np.count_nonzero(a * (np.arange(4) % 2))
    assert found["to csc"].format == found["below"].format == "csc"


def csm_of(matrix: sparse.SparseVariable) -> Any:
    return sparse.csm_properties(matrix)[0]


@pytest.mark.parametrize("mode", ["compile", "interpret"])
def test_products(mode: str) -> None:
    expected = {
        "dense": (sparse.dot(x, d), a @ D),
        "operator": (y @ d, b @ D),
        "from the left": (sparse.dot(d.T, x.T), D.T @ a.T),
        "from the left by csc": (d.T @ y.T, D.T @ b.T),
        "vector": (sparse.dot(x, v), a @ V),
        "vector from the left": (sparse.dot(v, y.T), V @ b.T),
        "two": (sparse.dot(x, y.T), a @ b.T),
        "structured": (sparse.structured_dot(x, d), a @ D),
        "sparse": (sparse.true_dot(x, y.T), a @ b.T),
        "sparse csc": (sparse.structured_dot(y, x.T), b @ a.T),
    }
    function = ct.function([x, y, d, v], {name: output for name, (output, _) in expected.items()}, mode=mode)
    found = function(A, B, D, V)
    for name, (_, wanted) in expected.items():
        np.testing.assert_allclose(dense(found[name]), wanted, atol=1e-14, err_msg=name)
    assert scipy.sparse.issparse(found["sparse"])
    assert found["sparse csc"].format == "csc"


def test_sampled_products() -> None:
    left, right = T.matrix("left"), T.matrix("right")
    outputs = [sparse.sampled_dot(left, right, x), sparse.sampled_dot(left, right, y)]
    function = ct.function([left, right, x, y], outputs)
    p, q = np.random.default_rng(0).standard_normal((5, 7)), np.random.default_rng(1).standard_normal((7, 4))
    by_rows, by_columns = function(p, q, A, B)
    np.testing.assert_allclose(by_rows.toarray(), a * (p @ q))
    np.testing.assert_allclose(by_columns.toarray(), b * (p @ q))
    with pytest.raises(ShapeError):
        function(p[:3], q, A, B)


def test_elements_at_one_place_add_up() -> None:
    doubled = scipy.sparse.csr_array((np.arange(1.0, 5), [1, 0, 1, 2], [0, 3, 4]), shape=(2, 3))
    wanted = doubled.toarray()
    outputs = [
        x.toarray(),
        x.tocsc(),
        sparse.dot(x, T.eye(3)),
        x.sum(0),
        x * x,
        x + x,
        sparse.true_dot(x, x.T),
    ]
    expected = [wanted, wanted, wanted, wanted.sum(0), wanted**2, 2 * wanted, wanted @ wanted.T]
    for found, result in zip(ct.function([x], outputs)(doubled), expected, strict=True):
        np.testing.assert_allclose(dense(found), result)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3, 4)])
def test_empty_matrices(shape: tuple[int, int]) -> None:
    outputs = [x.toarray(), x.T.tocsr(), x + x, x * x, sparse.true_dot(x, x.T), x.sum(1), sparse.diag(x)]
    found = ct.function([x], outputs)(scipy.sparse.csr_array(shape))
    for result, wanted in zip(
        found, [shape, shape[::-1], shape, shape, (shape[0],) * 2, shape[:1], (min(shape),)], strict=True
    ):
        assert result.shape == wanted
        assert not dense(result).any()


def test_dtypes_and_kinds_of_matrices() -> None:
    for dtype in ("int32", "float32", "complex128"):
        m = sparse.csc_matrix("m", dtype=dtype)
        given = (random_matrix(3, 4, "csc") * 8).astype(dtype)
        ones = np.ones((4, 2), dtype)
        found = ct.function([m], [m @ ones, m])(given)
        np.testing.assert_allclose(found[0], given @ ones, rtol=1e-6)
        assert found[0].dtype == found[1].dtype == given.dtype
    half = sparse.dot(x.astype("float16"), d.astype("float16"))
    found = ct.function([x, d], half)(A, D)
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, a @ D, atol=5e-3)
    function = ct.function([x], x * 2.0)
    assert isinstance(function(A), scipy.sparse.csr_array)
    assert isinstance(function(scipy.sparse.csr_matrix(A)), scipy.sparse.csr_matrix)
    np.testing.assert_allclose(function(scipy.sparse.coo_array(A)).toarray(), 2 * a)
    wide = sparse.csr_matrix("wide", index_dtype="int64")
    assert ct.function([wide], wide * 2.0)(A).indices.dtype == np.int64


class TestFunctions:
    def test_structures_of_outputs(self) -> None:
        both = ct.function([x, d], [x, sparse.dot(x, d)])(A, D)
        assert isinstance(both, list) and scipy.sparse.issparse(both[0])
        assert ct.function([x], None, on_unused_input="ignore")(A) is None
        assert set(ct.function([x], {"x": x})(A)) == {"x"}

    def test_names_defaults_and_static_shapes(self) -> None:
        function = ct.function([x, ct.In(y, value=B), v], [x + y, v])
        np.testing.assert_allclose(function(x=A, v=V)[0].toarray(), a + b)
        np.testing.assert_allclose(function(A, y=A, v=V)[0].toarray(), 2 * a)
        fixed = sparse.csr_matrix("fixed", shape=(5, None))
        assert fixed.shape[0] == 5
        with pytest.raises(ShapeError, match=r"argument 'fixed.indptr': axis 0 should have size 6"):
            ct.function([fixed], fixed.sum())(A[:3])

    def test_malformed_arguments(self) -> None:
        function = ct.function([x, v], sparse.dot(x, v))
        broken = A.copy()
        broken.indices = broken.indices.copy()
        broken.indices[0] = 9
        with pytest.raises(IndexError, match="index 9 is out of range for axis 1 of size 4"):
            function(broken, V)
        with pytest.raises(TypeError, match="argument 'x': expected a sparse matrix of SciPy, got ndarray"):
            function(a, V)
        with pytest.raises(DTypeError, match="expected float64, got complex128"):
            function(A.astype(complex), V)
        with pytest.raises(ShapeError, match="inner sizes"):
            function(A, V[:2])
        with pytest.raises(TypeError, match="expected 2 arguments, got 3"):
            function(A, V, V)
        with pytest.raises(TypeError, match="z"):
            function(A, V, z=1)
        with pytest.raises(ShapeError, match=r"should have size x.shape|sizes of the two matrices"):
            ct.function([x, y], x + y)(A, B[:, :3])
        with pytest.raises(ShapeError):
            ct.function([x, y], x * y)(A, B[:4])

    def test_unused_inputs(self) -> None:
        with pytest.raises(UnusedInputError, match="input y is not used"):
            ct.function([x, y], x.sum())
        with pytest.raises(UnusedInputError, match="input v is not used"):
            ct.function([x, v], x.sum())
        with pytest.warns(UserWarning, match="input y is not used"):
            ct.function([x, y], x.sum(), on_unused_input="warn")
        assert ct.function([x], T.as_tensor_variable(x.shape[1]) * 1)(A) == 4

    def test_givens(self) -> None:
        function = ct.function([v], sparse.dot(x, v), givens=[(x, sparse.square_diagonal(v))])
        np.testing.assert_allclose(function(V), V * V)

    def test_functions_explain_themselves(self) -> None:
        assert "sparse" in ct.function([x, v], sparse.dot(x, v)).c_source()


class TestSharedMatrices:
    def test_values(self) -> None:
        w = ct.shared(A, name="w")
        assert (w.get_value() != A).nnz == 0
        w.set_value(A.tocsc() * 2)
        np.testing.assert_allclose(w.get_value(borrow=True).toarray(), 2 * a)
        w.get_value().data[:] = 0
        np.testing.assert_allclose(ct.function([d], sparse.dot(w, d))(D), 2 * a @ D)
        with pytest.raises(ShapeError, match=r"w: expected shape \(5, 4\), got \(2, 4\)"):
            w.set_value(A[:2])
        with pytest.raises(TypeError, match="expected a sparse matrix of SciPy"):
            w.set_value(a)

    def test_updates(self) -> None:
        w = ct.shared(A)
        halve = ct.function([], w.sum(), updates=[(w, w * 0.5)])
        assert halve() == pytest.approx(a.sum())
        assert halve() == pytest.approx(a.sum() / 2)
        add = ct.function([y], None, updates={w: w * 0.0 + y})
        add(B)
        np.testing.assert_allclose(w.get_value().toarray(), b)
        with pytest.raises(ShapeError):
            ct.function([], None, updates=[(w, w.T)])
        with pytest.raises(TypeError, match="updates cannot change x"):
            ct.function([x], None, updates=[(x, x)])


def test_gradients_are_sparse() -> None:
    cost = T.sum(sparse.dot(x, d) ** 2)
    by_sparse, by_dense = ct.grad(cost, [x, d])
    found, other = ct.function([x, d], [by_sparse, by_dense])(A, D)
    np.testing.assert_allclose(found.toarray(), np.where(a != 0, 2 * (a @ D) @ D.T, 0))
    np.testing.assert_allclose(other, 2 * a.T @ (a @ D))
    w = ct.shared(A)
    step = ct.grad(T.sum(sparse.dot(w, d) ** 2), w)
    train = ct.function([d], None, updates=[(w, w.with_data(w.data - 0.1 * step.data))])
    train(D)
    np.testing.assert_allclose(w.get_value().toarray(), a - 0.1 * found.toarray())


def test_eager_matrices() -> None:
    np.testing.assert_allclose(sparse.dot(A, D).data, A @ D)
    np.testing.assert_allclose((sparse.as_sparse_variable(A) * 2.0).to_scipy().toarray(), 2 * a)
    np.testing.assert_allclose(sparse.true_dot(A, B.T).to_scipy().toarray(), a @ b.T)
    built = sparse.CSC([1.0, 2.0], [1, 0], [0, 1, 2], (2, 2))
    np.testing.assert_allclose(built.toarray().data, [[0, 2], [1, 0]])
    with pytest.raises(TypeError, match="is symbolic"):
        x.to_scipy()


def test_shape_computed_while_running() -> None:
    shape = T.lvector("shape")
    built = sparse.CSR(v, T.arange(v.shape[0]), T.arange(v.shape[0] + 1), shape)
    function = ct.function([v, shape], built.toarray())
    np.testing.assert_allclose(function(V, [4, 6]), np.pad(np.diag(V), ((0, 0), (0, 2))))
    with pytest.raises(ShapeError):
        function(V, [5, 6])


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(TypeError, match="neither operand is sparse"):
        sparse.dot(d, d)
    with pytest.raises(TypeError, match="expected a sparse matrix, got"):
        sparse.transpose(d)
    with pytest.raises(ShapeError, match="must be vectors"):
        sparse.CSR(d, v, v, (2, 2))
    with pytest.raises(DTypeError, match="must be integers"):
        sparse.CSR(v, v, v, (2, 2))
    with pytest.raises(ShapeError, match="expected a vector of factors"):
        sparse.row_scale(x, d)
    with pytest.raises(TypeError, match="cannot divide by a sparse matrix"):
        sparse.divide(x, y)
    with pytest.raises(ValueError, match="at least one matrix"):
        sparse.vstack([])
    with pytest.raises(ShapeError, match="numbers of columns"):
        sparse.vstack([A, A[:, :3]])
    with pytest.raises(ValueError, match="axis 2 is out of range"):
        sparse.sp_sum(x, 2)
    with pytest.raises(DTypeError, match="index_dtype must be int32 or int64"):
        sparse.csr_matrix("m", index_dtype="int8")
    with pytest.raises(ShapeError, match="2 axes"):
        sparse.csr_matrix("m", shape=(1, 2, 3))
    with pytest.raises(ShapeError, match="expected a vector or a matrix"):
        sparse.dot(x, T.tensor3("t"))
