"""Export of Keras models as SavedModels of TensorFlow, which run without Croton and without Keras."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from keras.src import tree
from keras.src.export.saved_model_export_archive import SavedModelExportArchive
from keras.src.utils.module_utils import tensorflow as tf

from croton.frontends.eager import Variable
from croton.frontends.trace import ARRAY, ArrayPattern, Traced, trace
from croton.frontends.tree import unflatten
from croton.frontends.variables import SharedVariable
from croton.graph.dtypes import as_dtype
from keras_croton.tensorflow_graphs import Translation


class CrotonExportArchive(SavedModelExportArchive):  # type: ignore[misc]
    """An archive of endpoints, each of which is traced, and its graph translated."""

    def _backend_init(self) -> None:
        self._variables: dict[SharedVariable, Any] = {}

    def _backend_track_layer(self, layer: Any) -> None:
        trackable = self._tf_trackable
        trackable.trainable_variables += [self._tracked_variable(v) for v in layer.trainable_variables]
        trackable.non_trainable_variables += [
            self._tracked_variable(v) for v in layer.non_trainable_variables
        ]
        trackable.variables = trackable.trainable_variables + trackable.non_trainable_variables

    def _tracked_variable(self, variable: Any) -> Any:
        """TensorFlow's variable in place of one of Keras."""
        made = self._convert_to_tf_variable(variable)
        self._variables[variable._value.shared] = made
        return made

    def _backend_add_endpoint(
        self, name: str, fn: Callable[..., Any], input_signature: Any, **kwargs: Any
    ) -> Any:
        """The function of TensorFlow that computes what `fn` does of arguments with this signature.

        Raises:
            UntranslatableError: it uses an operation that has no counterpart in TensorFlow.
        """
        leaves = tree.flatten(input_signature)

        def call(arrays: Sequence[Any]) -> Any:
            return fn(*tree.pack_sequence_as(input_signature, list(arrays)))

        patterns = [ArrayPattern(as_dtype(leaf.dtype.as_numpy_dtype), tuple(leaf.shape)) for leaf in leaves]
        traced = trace(call, patterns, [f"inputs[{number}]" for number in range(len(leaves))])
        variables = {shared: self._variable(own) for shared, own in traced.variables.items()}

        def endpoint(*args: Any) -> Any:
            tensors = tree.flatten(args)
            values = dict(zip(traced.graph.inputs, tensors, strict=True))
            values.update({shared: made.value() for shared, made in variables.items()})
            outputs = Translation(values).outputs(traced.graph)
            for own, value in zip(traced.updated, outputs[traced.returned :], strict=True):
                variables[own.shared].assign(value)
            return _rebuilt(traced, outputs)

        parameters = list(inspect.signature(fn).parameters.values())[: len(input_signature)]
        endpoint.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return tf.function(endpoint, input_signature=input_signature, autograph=False)

    def _variable(self, own: Variable) -> Any:
        """TensorFlow's variable in place of one of Croton, new unless it belongs to a tracked layer."""
        if own.shared not in self._variables:
            self._variables[own.shared] = tf.Variable(own.numpy(), trainable=False, name=own.name)
        return self._variables[own.shared]

    def add_variable_collection(self, name: str, variables: Any) -> None:
        """Keeps variables of Keras under a name.

        Raises:
            ValueError: it is not a list, tuple or set of variables.
        """
        if isinstance(variables, (list, tuple, set)):
            variables = [self._of_collection(variable) for variable in variables]
        super().add_variable_collection(name, variables)

    def _of_collection(self, variable: Any) -> Any:
        own = getattr(variable, "_value", None)
        if not isinstance(own, Variable):
            return variable
        known = self._variables.get(own.shared)
        return self._tracked_variable(variable) if known is None else known


def _rebuilt(traced: Traced, outputs: Sequence[Any]) -> Any:
    """What the function returned, of TensorFlow's tensors."""
    rest = iter(outputs)
    return unflatten(traced.structure, [next(rest) if leaf is ARRAY else leaf for leaf in traced.leaves])
