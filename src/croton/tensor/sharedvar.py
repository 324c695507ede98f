"""Shared variables under the names of Theano's `tensor.sharedvar`."""

from croton.frontends.variables import SharedVariable as TensorSharedVariable
from croton.frontends.variables import shared as tensor_constructor

ScalarSharedVariable = TensorSharedVariable
scalar_constructor = tensor_constructor

__all__ = ["ScalarSharedVariable", "TensorSharedVariable", "scalar_constructor", "tensor_constructor"]
