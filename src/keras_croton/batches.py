"""Batches of the data that Keras's adapters hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from keras.src import tree
from keras.src.trainers.data_adapters import array_slicing, data_adapter_utils
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

NDArray = np.ndarray[Any, Any]


def batches_of(adapter: Any) -> Iterator[Any]:
    """The batches of one epoch, sparse ones with their zeros; those of NumPy arrays are cut out directly."""
    if isinstance(adapter, ArrayDataAdapter):
        arrays = _as_arrays(adapter)
        if arrays is not None:
            return _slices(adapter, arrays)
    return (tree.map_structure(_dense, batch) for batch in adapter.get_numpy_iterator())


def _dense(leaf: Any) -> Any:
    """A sparse tensor or matrix, of any library, as an array; other leaves as they are."""
    if data_adapter_utils.is_tensorflow_sparse(leaf):
        from keras.src.utils.module_utils import tensorflow as tf

        return tf.sparse.to_dense(leaf).numpy()
    return np.asarray(leaf.todense()) if hasattr(leaf, "todense") else leaf


def _as_arrays(adapter: ArrayDataAdapter) -> tuple[NDArray | None, ...] | None:
    """The adapter's data if it is a flat tuple of NumPy arrays, in the dtypes that Keras gives them."""
    sliceables = array_slicing.convert_to_sliceable(adapter._inputs, target_backend="numpy")
    if not isinstance(sliceables, tuple):
        return None
    arrays: list[NDArray | None] = []
    for part in sliceables:
        if part is None:
            arrays.append(None)
        elif type(part) is array_slicing.NumpySliceable and type(part.array) is np.ndarray:
            arrays.append(part.array)
        else:
            return None
    return tuple(arrays)


def _slices(adapter: ArrayDataAdapter, arrays: tuple[NDArray | None, ...]) -> Iterator[Any]:
    count, size = adapter._num_samples, adapter._batch_size
    order = np.random.permutation(count) if adapter._shuffle and adapter._shuffle != "batch" else None
    for start in range(0, count, size):
        stop = min(start + size, count)
        if adapter._shuffle == "batch":
            rows: Any = np.random.permutation(stop - start) + start
        elif order is not None:
            rows = order[start:stop]
        else:
            rows = slice(start, stop)
        yield tuple([None if array is None else array[rows] for array in arrays])
