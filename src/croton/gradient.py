"""Derivatives and their tools, under the names of Theano's `gradient` module."""

from croton.frontends.directional import Lop, Rop, hessian_vector_product, subgraph_grad
from croton.frontends.gradient import grad, hessian, jacobian
from croton.frontends.numeric_gradient import GradientError, numeric_grad, verify_grad
from croton.graph.errors import DisconnectedInputError, NullTypeGradError
from croton.ops.gradient_control import (
    consider_constant,
    disconnected_grad,
    grad_clip,
    grad_scale,
    stop_gradient,
    undefined_grad,
    zero_grad,
)
from croton.ops.missing_gradients import DisconnectedType, grad_not_implemented, grad_undefined

__all__ = [
    "DisconnectedInputError",
    "DisconnectedType",
    "GradientError",
    "Lop",
    "NullTypeGradError",
    "Rop",
    "consider_constant",
    "disconnected_grad",
    "grad",
    "grad_clip",
    "grad_not_implemented",
    "grad_scale",
    "grad_undefined",
    "hessian",
    "hessian_vector_product",
    "jacobian",
    "numeric_grad",
    "stop_gradient",
    "subgraph_grad",
    "undefined_grad",
    "verify_grad",
    "zero_grad",
]
