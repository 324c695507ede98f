"""Prediction with the least latency: a model as one compiled function of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.src import tree

from croton.frontends.function import function
from croton.frontends.inputs import In
from croton.frontends.trace import ArrayPattern, trace
from croton.graph.dtypes import as_dtype


def compile_predict(model: Any, inputs: Any = None) -> Callable[..., Any]:
    """A function from the model's inputs to its outputs, NumPy arrays both, that makes one C call.

    It takes one argument for each input, in the order of `model.inputs`, with any batch size. It returns an
    array, or a list of them where the model has several outputs. The weights are read in each call, so that
    later training is seen. Unlike `model.predict` it neither makes batches of its input nor calls callbacks.

    inputs: for models that do not know their inputs, an example batch, nested as the model takes it.

    Raises:
        ValueError: the model does not know its inputs and none are given.
        TypeError: the model needs the numbers in a tensor, so that it cannot be compiled.
    """
    given = _inputs_of(model) if inputs is None else inputs
    leaves = tree.flatten(given)
    exact = inputs is None
    patterns = [
        ArrayPattern(as_dtype(leaf.dtype), tuple(leaf.shape) if exact else (None, *leaf.shape[1:]))
        for leaf in leaves
    ]
    names = [str(getattr(leaf, "name", f"input_{position}")) for position, leaf in enumerate(leaves)]

    def call(stand_ins: Any) -> Any:
        arguments = tree.pack_sequence_as(given, list(stand_ins))
        outputs = model(arguments, training=False) if model._call_has_training_arg else model(arguments)
        flat = tree.flatten(outputs)
        return flat[0] if len(flat) == 1 else flat

    traced = trace(call, patterns, names)
    outputs = list(traced.graph.outputs[: traced.returned])
    updates = [
        (variable.shared, value)
        for variable, value in zip(traced.updated, traced.graph.outputs[traced.returned :], strict=True)
    ]
    compiled: Callable[..., Any] = function(
        [In(value, name=name) for value, name in zip(traced.graph.inputs, names, strict=True)],
        outputs[0] if traced.returned == 1 else outputs,
        updates=updates,
        on_unused_input="ignore",
        allow_input_downcast=True,
        name=f"prediction of {model.name}",
    )
    return compiled


def _inputs_of(model: Any) -> Any:
    """The symbolic inputs of a functional or sequential model, nested as it takes them."""
    struct = getattr(model, "_inputs_struct", None)
    if struct is None:
        struct = getattr(getattr(model, "_functional", None), "_inputs_struct", None)
    if struct is None:
        raise ValueError(
            f"compile_predict: model {model.name!r} does not know the shapes of its inputs; "
            "pass an example batch as inputs="
        )
    return struct
