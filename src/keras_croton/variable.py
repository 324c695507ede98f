"""Keras's variables: an array owned by the runtime, which compiled functions update in place."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras.src.backend.common import KerasVariable
from keras.src.backend.common.stateless_scope import get_stateless_scope, in_stateless_scope

from croton.frontends import eager
from croton.ops import base
from keras_croton.conversion import convert_to_tensor


class Variable(KerasVariable):  # type: ignore[misc]
    """A variable of Keras over one of Croton, which a trace reads and assigns.

    `_value` is the Croton variable, None until it is initialised. Tapes take one for the other.
    """

    _value: eager.Variable | None

    def _initialize_with_initializer(self, initializer: Any) -> None:
        # A layer or optimiser that is built while a step is traced: its first values are no part of the step.
        with base.outside_of_traces():
            super()._initialize_with_initializer(initializer)

    def _initialize(self, value: Any) -> None:
        self._shape = self._validate_shape(value.shape)
        self._value = eager.Variable(value, trainable=self._trainable, name=self.path, dtype=self._dtype)

    @property
    def trainable(self) -> bool:
        """Whether optimisers change it, and whether tapes watch it without being told."""
        return bool(self._trainable)

    @trainable.setter
    def trainable(self, value: Any) -> None:
        self._trainable = bool(value)
        if self._value is not None:
            self._value.trainable = self._trainable

    def _direct_assign(self, value: Any) -> None:
        if self._value is None:
            self._initialize(value)
        else:
            self._value.assign(value)

    def _convert_to_tensor(self, value: Any, dtype: Any = None) -> Any:
        return convert_to_tensor(value, dtype=dtype)

    @property
    def value(self) -> Any:
        """The current value: that of a stateless scope if there is one, else what the variable holds."""
        if in_stateless_scope():
            value = get_stateless_scope().get_current_value(self)
            if value is not None:
                return self._maybe_autocast(value)
        if self._value is None:
            return self._maybe_autocast(self._initializer(self._shape, dtype=self._dtype))
        return self._maybe_autocast(self._value.value())

    def numpy(self) -> np.ndarray[Any, Any]:
        return np.array(self.value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.asarray(self.value, dtype=dtype)


eager.holders.append((Variable, lambda variable: variable._value))
