"""Sparse matrices as variables: three vectors and a shape, each an ordinary symbolic or eager array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from croton.frontends.composite import Composite
from croton.frontends.config import config
from croton.frontends.operators import ShapeTuple
from croton.frontends.variables import SharedVariable, TensorVariable
from croton.graph import dims, dtypes
from croton.graph.dims import Dim
from croton.graph.dtypes import INT32, INT64, as_dtype
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import Constant, EagerValue, NDArray, TensorType, Value, constant
from croton.ops import base
from croton.ops.base import Array

FORMATS = ("csr", "csc")


class SparseVariable(Composite):
    """A sparse matrix in compressed rows ("csr") or columns ("csc").

    data: its elements; elements at one place add up. indices: their columns (rows of a csc matrix). indptr:
    where each row (column) starts among them, one entry more than there are rows (columns). shape: sizes,
    symbolic ones for what is known when a function is called.
    """

    __array_priority__ = 2000  # NumPy arrays leave binary operators to us

    def __init__(
        self,
        format: str,
        parts: Sequence[Array],
        shape: tuple[Dim, Dim],
        name: str | None = None,
    ) -> None:
        """parts: data, indices and indptr."""
        if format not in FORMATS:
            raise ValueError(f'sparse: format must be "csr" or "csc", got {format!r}')
        self.format = format
        self.data, self.indices, self.indptr = parts
        self._shape = shape
        self.name = name

    @property
    def shape(self) -> tuple[Dim, ...]:
        return ShapeTuple(self._shape)

    @property
    def dtype(self) -> str:
        """The name of the dtype of the elements."""
        return base.dtype_of(self.data).name

    @property
    def ndim(self) -> int:
        return 2

    @property
    def major(self) -> Dim:
        """The size of the compressed axis."""
        return self._shape[0 if self.format == "csr" else 1]

    @property
    def minor(self) -> Dim:
        return self._shape[1 if self.format == "csr" else 0]

    @property
    def nnz(self) -> Dim:
        """The number of elements that are stored."""
        return base.shape_of(self.data)[0]

    def parts(self) -> list[Array]:
        """data, indices and indptr."""
        return [self.data, self.indices, self.indptr]

    def with_data(self, data: Array) -> SparseVariable:
        """Other elements at the same places."""
        return SparseVariable(self.format, [data, self.indices, self.indptr], self._shape)

    def differentiable(self) -> Array:
        return self.data

    def with_gradient(self, gradient: Array | None) -> SparseVariable | None:
        return None if gradient is None else self.with_data(gradient)

    def to_scipy(self) -> Any:
        """The SciPy matrix, where all numbers are known.

        Raises:
            TypeError: it is symbolic.
        """
        if not all(isinstance(part, (EagerValue, Constant)) for part in self.parts()):
            raise TypeError(f"{self!r} is symbolic; compile a function that returns it")
        return scipy_matrix(self.format, [part.data for part in self.parts()], cast(Any, self._shape), False)

    def __repr__(self) -> str:
        return self.name or f"<sparse {self.format} {self.dtype}{list(self._shape)}>"

    @property
    def T(self) -> SparseVariable:
        """The transpose: the same vectors in the other format."""
        other = "csc" if self.format == "csr" else "csr"
        return SparseVariable(other, self.parts(), (self._shape[1], self._shape[0]))

    def transpose(self) -> SparseVariable:
        return self.T

    def astype(self, dtype: object) -> SparseVariable:
        """With elements of another dtype."""
        return self.with_data(base.cast(self.data, dtype))

    def toarray(self) -> Array:
        """The dense matrix."""
        from croton.frontends.sparse.structure import dense_from_sparse

        return dense_from_sparse(self)

    todense = toarray

    def tocsr(self) -> SparseVariable:
        """The same matrix in compressed rows."""
        from croton.frontends.sparse.structure import converted

        return converted(self, "csr")

    def tocsc(self) -> SparseVariable:
        """The same matrix in compressed columns."""
        from croton.frontends.sparse.structure import converted

        return converted(self, "csc")

    def sum(self, axis: int | None = None) -> Array:
        from croton.frontends.sparse.structure import sp_sum

        return sp_sum(self, axis)

    def dot(self, other: object) -> Array:
        from croton.frontends.sparse.products import dot

        return dot(self, other)

    def __matmul__(self, other: object) -> Array:
        return self.dot(other)

    def __rmatmul__(self, other: object) -> Array:
        from croton.frontends.sparse.products import dot

        return dot(other, self)

    def __mul__(self, other: object) -> SparseVariable:
        from croton.frontends.sparse.elementwise import mul

        return mul(self, other)

    def __rmul__(self, other: object) -> SparseVariable:
        return self * other

    def __truediv__(self, other: object) -> SparseVariable:
        from croton.frontends.sparse.elementwise import divide

        return divide(self, other)

    def __neg__(self) -> SparseVariable:
        return self.with_data(-self.data)

    def __add__(self, other: object) -> Any:
        from croton.frontends.sparse.elementwise import add

        return add(self, other)

    def __radd__(self, other: object) -> Any:
        return self + other

    def __sub__(self, other: object) -> Any:
        from croton.frontends.sparse.elementwise import sub

        return sub(self, other)

    def __rsub__(self, other: object) -> Any:
        from croton.frontends.sparse.elementwise import sub

        return sub(other, self)


class SharedSparse(SparseVariable):
    """A sparse matrix that lives between calls; `updates` of functions change it."""

    data: SharedVariable
    indices: SharedVariable
    indptr: SharedVariable

    def get_value(self, borrow: bool = False) -> Any:
        """The current value, a SciPy matrix: of copies, or with `borrow` of the buffers themselves."""
        arrays = [part.get_value(borrow) for part in (self.data, self.indices, self.indptr)]
        return scipy_matrix(self.format, arrays, cast(Any, self._shape), False)

    def set_value(self, value: Any, borrow: bool = False) -> None:
        """Gives the variable a new value of its shape, converted to its format.

        Raises:
            TypeError: not a SciPy sparse matrix. ShapeError: another shape.
        """
        arrays, shape = scipy_parts(value, self.format, INT32, f"{self!r}")
        if shape != self._shape:
            raise ShapeError(f"{self!r}: expected shape {self._shape}, got {shape}")
        index = self.indices.type.dtype
        for part, array in zip((self.data, self.indices, self.indptr), arrays, strict=True):
            part.set_value(array if part is self.data else array.astype(index), borrow)


def is_scipy(value: object) -> bool:
    """Whether this is a sparse matrix or array of SciPy."""
    return type(value).__module__.startswith("scipy.sparse") and hasattr(value, "tocsr")


def scipy_parts(
    value: Any, format: str, index: dtypes.DType, shown: str
) -> tuple[list[NDArray], tuple[int, int]]:
    """data, indices and indptr of a SciPy matrix in a format, and its shape.

    Raises:
        TypeError: not a SciPy sparse matrix. ShapeError: not of two axes. ValueError: it does not fit int32.
    """
    if not is_scipy(value):
        raise TypeError(f"{shown}: expected a sparse matrix of SciPy, got {type(value).__name__}")
    if len(value.shape) != 2:
        raise ShapeError(f"{shown}: expected 2 axes, got shape {value.shape}")
    matrix = value if value.format == format else value.asformat(format)
    count = int(matrix.indptr[-1]) if len(matrix.indptr) else 0
    if index == INT32 and max(count, *matrix.shape) > np.iinfo(np.int32).max:
        raise ValueError(f'{shown}: too large for int32 indices; make the variable with index_dtype="int64"')
    as_dtype(matrix.data.dtype)
    arrays = [matrix.data[: max(count, 0)], matrix.indices[: max(count, 0)], matrix.indptr]
    return [arrays[0], *(array.astype(index, copy=False) for array in arrays[1:])], tuple(matrix.shape)


def scipy_matrix(format: str, arrays: Sequence[NDArray], shape: tuple[int, int], as_array: bool) -> Any:
    """The SciPy matrix of these vectors; as_array: of SciPy's newer kind."""
    from scipy import sparse

    kinds = {
        ("csr", False): sparse.csr_matrix,
        ("csc", False): sparse.csc_matrix,
        ("csr", True): sparse.csr_array,
        ("csc", True): sparse.csc_array,
    }
    return kinds[format, as_array](tuple(arrays), shape=shape, copy=False)


def sparse_variable(
    format: str,
    name: str | None = None,
    dtype: object = None,
    shape: tuple[int | None, int | None] = (None, None),
    index_dtype: object = INT32,
) -> SparseVariable:
    """A symbolic sparse matrix of a format; see `csr_matrix`."""
    shown = name or "sparse"
    if len(shape) != 2:
        raise ShapeError(f"{shown}: a sparse matrix has 2 axes, got shape {shape}")
    index = as_dtype(index_dtype)
    if index not in (INT32, INT64):
        raise DTypeError(f"{shown}: index_dtype must be int32 or int64, got {index.name}")
    rows, columns = (
        dims.symbol(f"{shown}.shape[{axis}]") if size is None else size for axis, size in enumerate(shape)
    )
    count = dims.symbol(f"{shown}.nnz")
    major = rows if format == "csr" else columns
    vectors = [
        TensorVariable(TensorType(kind, (size,)), name=f"{shown}.{part}")
        for part, kind, size in (
            ("data", as_dtype(dtype or config.floatX), count),
            ("indices", index, count),
            ("indptr", index, dims.add(major, 1)),
        )
    ]
    return SparseVariable(format, vectors, (rows, columns), name)


def csr_matrix(
    name: str | None = None,
    dtype: object = None,
    shape: tuple[int | None, int | None] = (None, None),
    index_dtype: object = INT32,
) -> SparseVariable:
    """A symbolic sparse matrix in compressed rows, of config.floatX unless `dtype` is given.

    Functions take and return SciPy's sparse matrices for it. shape: sizes, None for those known when a
    function is called. index_dtype: int32, or int64 for very large matrices.
    """
    return sparse_variable("csr", name, dtype, shape, index_dtype)


def csc_matrix(
    name: str | None = None,
    dtype: object = None,
    shape: tuple[int | None, int | None] = (None, None),
    index_dtype: object = INT32,
) -> SparseVariable:
    """A symbolic sparse matrix in compressed columns; see `csr_matrix`."""
    return sparse_variable("csc", name, dtype, shape, index_dtype)


def as_sparse_variable(x: object, name: str | None = None) -> SparseVariable:
    """A sparse variable from one, or from a sparse matrix of SciPy, which becomes a constant.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(x, SparseVariable):
        return x
    if not is_scipy(x):
        raise TypeError(f"expected a sparse matrix, got {type(x).__name__}")
    matrix = cast(Any, x)
    format = matrix.format if matrix.format in FORMATS else "csr"
    index = INT64 if max(matrix.nnz, *matrix.shape) > np.iinfo(np.int32).max else INT32
    arrays, shape = scipy_parts(matrix, format, index, name or "as_sparse_variable")
    return SparseVariable(format, [constant(array) for array in arrays], shape, name)


def is_sparse(x: object) -> bool:
    """Whether this is a sparse variable or a sparse matrix of SciPy."""
    return isinstance(x, SparseVariable) or is_scipy(x)


def _compressed(format: str, data: object, indices: object, indptr: object, shape: Any) -> SparseVariable:
    """A sparse matrix of these vectors; the shape may be a vector of two integers computed while running."""
    from croton.ops.dimension import dim_of
    from croton.ops.shape import broadcast_to, reshape

    elements, positions, starts = (base.as_array(part) for part in (data, indices, indptr))
    if any(base.rank_of(part) != 1 for part in (elements, positions, starts)):
        raise ShapeError(f"{format.upper()}: data, indices and indptr must be vectors")
    index = dtypes.promote(base.dtype_of(positions), base.dtype_of(starts))
    if not dtypes.is_integer(index):
        raise DTypeError(f"{format.upper()}: indices and indptr must be integers, got {index.name}")
    index = INT32 if index.itemsize <= 4 and index != dtypes.UINT32 else INT64
    if isinstance(shape, (tuple, list)):
        rows, columns = base.as_dims(shape)
    else:
        given = reshape(base.as_array(shape), (2,))
        rows, columns = dim_of(given[0]), dim_of(given[1])
    major = rows if format == "csr" else columns
    starts = broadcast_to(base.cast(starts, index), (dims.add(major, 1),))
    positions = broadcast_to(base.cast(positions, index), base.shape_of(elements))
    return SparseVariable(format, [elements, positions, starts], (rows, columns))


def CSR(data: object, indices: object, indptr: object, shape: Any) -> SparseVariable:
    """The sparse matrix of a shape whose row i has the elements data[indptr[i] : indptr[i + 1]].

    indices: the columns of the elements. shape: two sizes, or a vector of them.

    Raises:
        ShapeError: the sizes do not fit each other. DTypeError: indices or indptr are no integers.
    """
    return _compressed("csr", data, indices, indptr, shape)


def CSC(data: object, indices: object, indptr: object, shape: Any) -> SparseVariable:
    """As `CSR`, with columns and rows exchanged."""
    return _compressed("csc", data, indices, indptr, shape)


def csm_properties(x: object) -> tuple[Array, Array, Array, Array]:
    """data, indices, indptr and, as an int64 vector, the shape of a sparse matrix."""
    matrix = as_sparse_variable(x)
    return matrix.data, matrix.indices, matrix.indptr, base.as_array(list(matrix.shape))


def csm_data(x: object) -> Array:
    """The elements that a sparse matrix stores."""
    return as_sparse_variable(x).data


def csm_indices(x: object) -> Array:
    """The columns (rows, of a csc matrix) of the elements of a sparse matrix."""
    return as_sparse_variable(x).indices


def csm_indptr(x: object) -> Array:
    """Where the rows (columns, of a csc matrix) of a sparse matrix start among its elements."""
    return as_sparse_variable(x).indptr


def csm_shape(x: object) -> Array:
    """The shape of a sparse matrix as an int64 vector."""
    return csm_properties(x)[3]


def shared_sparse(value: Any, name: str | None = None) -> SharedSparse:
    """A shared variable that holds a SciPy matrix, in csr unless it is in csc."""
    format = value.format if value.format in FORMATS else "csr"
    index = INT64 if max(value.nnz, *value.shape) > np.iinfo(np.int32).max else INT32
    arrays, shape = scipy_parts(value, format, index, name or "shared")
    shown = name or "shared"
    parts = [
        SharedVariable(array, f"{shown}.{part}", (None,) if part != "indptr" else None)
        for array, part in zip(arrays, ("data", "indices", "indptr"), strict=True)
    ]
    return SharedSparse(format, parts, shape, name)


def carrier(matrix: SparseVariable) -> Value:
    """A variable without elements whose first two axes are those of the matrix: it brings sizes along."""
    return TensorVariable(
        TensorType(dtypes.BOOL, (*matrix.shape, 0)), name=f"{matrix.name or 'sparse'}.shape"
    )
