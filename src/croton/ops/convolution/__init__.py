"""Convolutions over one, two or three spatial axes: as Keras names them, and as Theano does."""

from croton.ops.convolution.general import conv, conv_transpose, depthwise_conv, separable_conv
from croton.ops.convolution.theano import (
    causal_conv1d,
    conv1d,
    conv2d,
    conv2d_grad_wrt_inputs,
    conv2d_grad_wrt_weights,
    conv2d_transpose,
    conv3d,
    conv3d_grad_wrt_inputs,
    conv3d_grad_wrt_weights,
    get_conv_output_shape,
    image_conv2d,
    separable_conv2d,
    signal_conv2d,
)

__all__ = [
    "causal_conv1d",
    "conv",
    "conv1d",
    "conv2d",
    "conv2d_grad_wrt_inputs",
    "conv2d_grad_wrt_weights",
    "conv2d_transpose",
    "conv3d",
    "conv3d_grad_wrt_inputs",
    "conv3d_grad_wrt_weights",
    "conv_transpose",
    "convolution",
    "convolution_transpose",
    "depthwise_conv",
    "depthwise_convolution",
    "get_conv_output_shape",
    "image_conv2d",
    "separable_conv",
    "separable_conv2d",
    "separable_convolution",
    "signal_conv2d",
]

# What T.nnet calls them, where `conv` is a module of Theano's.
convolution, convolution_transpose = conv, conv_transpose
depthwise_convolution, separable_convolution = depthwise_conv, separable_conv
