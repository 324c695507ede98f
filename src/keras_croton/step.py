"""One step of a model on a batch: traced once for each structure of the data, then a compiled call."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from croton.frontends import tree
from croton.frontends.eager import Tensor
from croton.frontends.jit import JittedFunction
from croton.graph.values import EagerValue
from croton.ops import base
from croton.ops.shape import specify_shape
from keras_croton.batches import Rows, dense

NDArray = np.ndarray[Any, Any]

# Many steps make one call, which returns after this time, so that progress is shown and other threads run.
SECONDS_OF_A_CALL = 0.02


class CompiledStep:
    """What `function` does with a batch, a nested structure of arrays, as compiled calls.

    Variables that it reads and assigns are state, updated in place. A function that cannot be traced (it
    needs the numbers in a tensor) runs eagerly from then on, after one warning.
    """

    def __init__(
        self, function: Callable[[Any], Any], label: str, sizes: Sequence[Sequence[int | None]] = ()
    ) -> None:
        """sizes: shapes of the first arrays of a batch, None for sizes that differ between batches."""
        self._function = function
        self._label = label
        self._sizes = {f"arrays[{position}]": tuple(shape) for position, shape in enumerate(sizes)}
        self._plain: dict[tuple[bool, ...], JittedFunction] = {}
        self._by_structure: dict[tree.Structure, JittedFunction] = {}  # all arrays have as many rows
        self._uneven: dict[tree.Structure, JittedFunction] = {}
        self._eager = False

    def __call__(self, data: Any) -> Any:
        """What the function returns for a batch: a structure of tensors."""
        if self._eager:
            return self._function(as_tensors(data))
        if type(data) is tuple and all([type(part) is np.ndarray or part is None for part in data]):
            arrays = [part for part in data if part is not None]
            even = _is_even(arrays)
            jitted = self._plain.get(tuple([part is not None for part in data])) if even else None
        else:
            leaves, structure = tree.flatten(data)
            arrays = [_array(leaf) for leaf in leaves]
            even = _is_even(arrays)
            jitted = (self._by_structure if even else self._uneven).get(structure)
        if jitted is None:
            jitted = self._jitted(data, even)
        if not all([_is_numeric(array) for array in arrays]):
            return self._function(as_tensors(data))  # texts: nothing to compile
        try:
            compiled, result = jitted.on_arrays(*arrays)
        except _TracingError as error:
            return self._fall_back(data, error.reason)
        return compiled.wrap(result)

    def on_rows(self, rows: Rows) -> Any:
        """What the function returns for the last of some batches, as many as a call takes on at once."""
        jitted = None if self._eager else self._by_structure.get(rows.structure)
        if jitted is None or not all(leaf.flags.c_contiguous and _is_numeric(leaf) for leaf in rows.leaves):
            return self(next(rows))
        try:
            rows.start, compiled, result = jitted.on_batches(
                rows.leaves, rows.size, rows.start, rows.order, SECONDS_OF_A_CALL
            )
        except _TracingError:
            return self(next(rows))
        return compiled.wrap(result)

    @property
    def traces(self) -> int:
        """How often the function was traced; each trace is a compilation."""
        return sum(jitted.traces for jitted in (*self._by_structure.values(), *self._uneven.values()))

    def _jitted(self, data: Any, even: bool) -> JittedFunction:
        """The function of the arrays in batches with the structure of `data`.

        even: whether all arrays have as many rows; then Keras, which compares such sizes, sees one size.
        """
        structure = tree.flatten(data)[1]
        known = self._by_structure if even else self._uneven
        jitted = known.get(structure)
        if jitted is None:

            def step(*arrays: Any) -> Any:
                try:
                    return self._function(tree.unflatten(structure, _of_one_size(arrays) if even else arrays))
                except Exception as error:
                    raise _TracingError(error) from error

            jitted = JittedFunction(step, name=self._label, shapes=self._sizes)
            known[structure] = jitted
        if (
            even
            and type(data) is tuple
            and all(isinstance(part, np.ndarray) or part is None for part in data)
        ):
            self._plain[tuple(part is not None for part in data)] = jitted
        return jitted

    def _fall_back(self, data: Any, reason: Exception) -> Any:
        """Does without tracing: an error of the user's is raised here again, as what it is."""
        result = self._function(as_tensors(data))
        self._eager = True
        warnings.warn(
            f"{self._label} runs eagerly, one operation after the other, since it cannot be traced: "
            f"{type(reason).__name__}: {reason}",
            stacklevel=4,
        )
        return result


class Eagerly:
    """A step without tracing, on eager tensors."""

    def __init__(self, step: Callable[[Any], Any]) -> None:
        self._step = step

    def __call__(self, data: Any) -> Any:
        """What the step returns for a batch: a structure of tensors."""
        return self._step(as_tensors(data))


class _TracingError(Exception):
    """The function raised an exception while it was traced."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


def as_tensors(data: Any) -> Any:
    """A batch with eager tensors as leaves; texts stay as they are."""

    def convert(leaf: Any) -> Any:
        array = _array(leaf)
        return Tensor(array) if _is_numeric(array) else leaf

    return tree.map_leaves(convert, data)


def _is_even(arrays: Sequence[NDArray]) -> bool:
    """Whether all arrays have as many rows."""
    rows = arrays[0].shape[:1] if arrays else ()
    return all([array.shape[:1] == rows for array in arrays])


def _of_one_size(arrays: Sequence[Any]) -> list[Any]:
    """The arrays, whose numbers of rows are one symbolic size."""
    if not arrays or not arrays[0].ndim:
        return list(arrays)
    rows = base.shape_of(arrays[0])[0]
    return [specify_shape(array, (rows, *base.shape_of(array)[1:])) for array in arrays]


def _is_numeric(array: NDArray) -> bool:
    """Whether there is something to compile; texts are no numbers."""
    return array.dtype.kind in "biufcV"


def _array(leaf: Any) -> NDArray:
    """The numbers of an array of any library; sparse ones become dense."""
    if isinstance(leaf, np.ndarray):
        return leaf
    if isinstance(leaf, EagerValue):
        data: NDArray = leaf.data
        return data
    leaf = dense(leaf)
    if hasattr(leaf, "detach"):
        leaf = leaf.detach().cpu()
    return np.asarray(leaf)
