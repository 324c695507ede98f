"""Shapes and dtypes of what a function would return, without computing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.src import tree
from keras.src.backend.common.keras_tensor import KerasTensor
from keras.src.backend.common.stateless_scope import StatelessScope
from keras.src.backend.common.symbolic_scope import SymbolicScope

from croton.frontends.trace import tracing
from croton.frontends.variables import TensorVariable
from croton.graph import dims
from croton.graph.dtypes import as_dtype
from croton.graph.values import EagerValue, TensorType, Value
from croton.ops import base
from keras_croton.conversion import shape
from keras_croton.sparse import BCOO

# Two sizes that stand for unknown ones where a function cannot be traced without knowing them.
_TRIAL_SIZES = (83, 89)


def compute_output_spec(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `fn` returns for these arguments, as Keras tensors where it returns tensors.

    Unknown sizes are one symbolic size, so that functions may take it that they agree (as images are often
    square). A function that needs numbers is run for two sizes; what differs between them is unknown.
    """
    with StatelessScope(), SymbolicScope():
        if not any(
            isinstance(leaf, KerasTensor) and None in leaf.shape for leaf in tree.flatten((args, kwargs))
        ):
            return _spec(_outputs(fn, args, kwargs, 1))
        try:
            return _spec(_outputs(fn, args, kwargs, dims.symbol("size")))
        except Exception as error:
            try:
                first, second = (_spec(_outputs(fn, args, kwargs, size)) for size in _TRIAL_SIZES)
                return tree.map_structure(_common, first, second)
            except Exception:
                raise error from None


def _outputs(fn: Callable[..., Any], args: Any, kwargs: Any, unknown: dims.Dim) -> Any:
    def stand_in(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        sizes = tuple(unknown if size is None else size for size in leaf.shape)
        if leaf.sparse:
            places = dims.symbol("places")
            data = TensorVariable(TensorType(as_dtype(leaf.dtype), (places,)))
            return BCOO(
                (data, TensorVariable(TensorType(as_dtype("int64"), (places, len(sizes))))), shape=sizes
            )
        return TensorVariable(TensorType(as_dtype(leaf.dtype), sizes))

    with tracing(), StatelessScope():
        args, kwargs = tree.map_structure(stand_in, (args, kwargs))
        return fn(*args, **kwargs)


def _spec(outputs: Any) -> Any:
    def describe(leaf: Any) -> Any:
        sparse = isinstance(leaf, BCOO)
        if not sparse and not isinstance(leaf, (Value, EagerValue)):
            return leaf
        sizes = tuple(size if isinstance(size, int) else None for size in shape(leaf))
        return KerasTensor(sizes, leaf.dtype if sparse else base.dtype_of(leaf).name, sparse=sparse)

    return tree.map_structure(describe, outputs)


def _common(first: Any, second: Any) -> Any:
    if not isinstance(first, KerasTensor):
        return first
    sizes = (a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
    return KerasTensor(tuple(sizes), first.dtype, sparse=first.sparse)
