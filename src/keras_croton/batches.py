"""Batches of the data that Keras's adapters hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from keras.src import tree as keras_tree
from keras.src.trainers.data_adapters import array_slicing, data_adapter_utils
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

from croton.frontends import tree

NDArray = np.ndarray[Any, Any]


class Rows:
    """The batches of one epoch over arrays in memory, as an iterator; or to be taken many at a time.

    leaves, structure: the arrays, and how a batch is made of them. size: rows of a batch, but for the last.
    shuffle: as of `keras.Model.fit`. start: how many rows have been taken.
    """

    def __init__(
        self, leaves: tuple[NDArray, ...], structure: tree.Structure, size: int, shuffle: bool | str
    ) -> None:
        self.leaves = leaves
        self.structure = structure
        self.size = size
        self.start = 0
        self.count = len(leaves[0])
        self._shuffle = shuffle

    @cached_property
    def order(self) -> NDArray | None:
        """Numbers of the rows, drawn when first asked for; None where they are taken as they lie."""
        if self._shuffle == "batch":
            sizes = [(start, min(self.size, self.count - start)) for start in range(0, self.count, self.size)]
            return np.concatenate([np.random.permutation(size) + start for start, size in sizes])
        return np.random.permutation(self.count) if self._shuffle else None

    @property
    def steps(self) -> int:
        """How many batches have been taken."""
        return -(-self.start // self.size)

    def __iter__(self) -> Rows:
        return self

    def __next__(self) -> Any:
        if self.start >= self.count:
            raise StopIteration
        stop = min(self.start + self.size, self.count)
        rows: Any = slice(self.start, stop) if self.order is None else self.order[self.start : stop]
        self.start = stop
        return tree.unflatten(self.structure, [leaf[rows] for leaf in self.leaves])


def batches_of(adapter: Any) -> Iterator[Any]:
    """The batches of one epoch, sparse ones with their zeros; those of NumPy arrays are `Rows`."""
    if isinstance(adapter, ArrayDataAdapter):
        rows = _rows(adapter)
        if rows is not None:
            return rows
    return (keras_tree.map_structure(dense, batch) for batch in adapter.get_numpy_iterator())


def dense(leaf: Any) -> Any:
    """A sparse tensor or matrix, of any library, as an array; other leaves as they are."""
    if data_adapter_utils.is_tensorflow_sparse(leaf):
        from keras.src.utils.module_utils import tensorflow as tf

        return tf.sparse.to_dense(leaf).numpy()
    return np.asarray(leaf.todense()) if hasattr(leaf, "todense") else leaf


def _rows(adapter: ArrayDataAdapter) -> Rows | None:
    """The adapter's data if all of it are NumPy arrays, in the dtypes that Keras gives them."""
    sliceables = array_slicing.convert_to_sliceable(adapter._inputs, target_backend="numpy")
    parts, structure = tree.flatten(sliceables)
    if not all(
        type(part) is array_slicing.NumpySliceable and type(part.array) is np.ndarray for part in parts
    ):
        return None
    return Rows(tuple(part.array for part in parts), structure, adapter._batch_size, adapter._shuffle)
