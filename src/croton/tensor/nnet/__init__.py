"""Functions of neural networks, as Theano names them: cross-entropies take the output, then the target.

What Theano did not have is named as in Keras. Rarely used parts are imported when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from croton.ops import losses
from croton.ops.activations import (
    celu,
    gelu,
    glu,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    mish,
    relu6,
    silu,
    squareplus,
    swish,
    threshold,
)
from croton.ops.base import Array
from croton.ops.creation import one_hot
from croton.ops.exponential import log_sigmoid, tanh
from croton.ops.normalization import (
    batch_normalization,
    batch_normalization_test,
    batch_normalization_train,
    group_norm,
    layer_norm,
    moments,
    normalize,
    rms_normalization,
    standardize,
)
from croton.ops.random import dropout
from croton.ops.softmax import logsumexp
from croton.tensor.nnet.nnet import (
    binary_crossentropy,
    categorical_crossentropy,
    confusion_matrix,
    crossentropy_categorical_1hot,
    crossentropy_softmax_1hot,
    crossentropy_softmax_1hot_with_bias,
    crossentropy_softmax_argmax_1hot_with_bias,
    crossentropy_softmax_max_and_argmax_1hot,
    crossentropy_softmax_max_and_argmax_1hot_with_bias,
    elu,
    h_softmax,
    logsoftmax,
    prepend_0_to_each_row,
    prepend_1_to_each_row,
    prepend_scalar_to_each_row,
    relu,
    selu,
    sigmoid,
    sigmoid_binary_crossentropy,
    softmax,
    softmax_graph,
    softmax_with_bias,
    softplus,
    softsign,
)
from croton.tensor.nnet.sigm import hard_sigmoid, ultra_fast_sigmoid

# Where the rest comes from when it is first asked for.
_LATER = {
    "average_pool": "croton.ops.pooling",
    "bilinear_kernel_1D": "croton.ops.upsampling",
    "bilinear_kernel_2D": "croton.ops.upsampling",
    "bilinear_upsampling": "croton.ops.upsampling",
    "causal_conv1d": "croton.ops.convolution",
    "conv1d": "croton.ops.convolution",
    "conv2d": "croton.ops.convolution",
    "conv2d_grad_wrt_inputs": "croton.ops.convolution",
    "conv2d_grad_wrt_weights": "croton.ops.convolution",
    "conv2d_transpose": "croton.ops.convolution",
    "conv3d": "croton.ops.convolution",
    "conv3d_grad_wrt_inputs": "croton.ops.convolution",
    "conv3d_grad_wrt_weights": "croton.ops.convolution",
    "convolution": "croton.ops.convolution",
    "convolution_transpose": "croton.ops.convolution",
    "ctc_beam_search": "croton.ops.ctc_beams",
    "ctc_decode": "croton.ops.ctc",
    "ctc_loss": "croton.ops.ctc",
    "depthwise_convolution": "croton.ops.convolution",
    "dot_product_attention": "croton.ops.attention",
    "embedding": "croton.ops.encodings",
    "frac_bilinear_upsampling": "croton.ops.upsampling",
    "get_conv_output_shape": "croton.ops.convolution",
    "global_average_pool": "croton.ops.pooling",
    "global_max_pool": "croton.ops.pooling",
    "hard_shrink": "croton.ops.sparse_activations",
    "images2neibs": "croton.ops.neighbourhoods",
    "max_pool": "croton.ops.pooling",
    "multi_hot": "croton.ops.encodings",
    "nearest_upsampling": "croton.ops.upsampling",
    "neibs2images": "croton.ops.neighbourhoods",
    "separable_conv2d": "croton.ops.convolution",
    "separable_convolution": "croton.ops.convolution",
    "soft_shrink": "croton.ops.sparse_activations",
    "sparse_block_dot": "croton.tensor.nnet.blocksparse",
    "sparse_plus": "croton.ops.sparse_activations",
    "sparse_sigmoid": "croton.ops.sparse_activations",
    "sparsemax": "croton.ops.sparse_activations",
    "tanh_shrink": "croton.ops.sparse_activations",
}
_SUBMODULES = ("abstract_conv", "blocksparse", "bn", "conv", "ctc", "neighbours")

__all__ = [
    "batch_normalization",
    "batch_normalization_test",
    "batch_normalization_train",
    "binary_crossentropy",
    "categorical_crossentropy",
    "celu",
    "confusion_matrix",
    "crossentropy_categorical_1hot",
    "crossentropy_softmax_1hot",
    "crossentropy_softmax_1hot_with_bias",
    "crossentropy_softmax_argmax_1hot_with_bias",
    "crossentropy_softmax_max_and_argmax_1hot",
    "crossentropy_softmax_max_and_argmax_1hot_with_bias",
    "dropout",
    "elu",
    "gelu",
    "glu",
    "group_norm",
    "h_softmax",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "layer_norm",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "logsoftmax",
    "logsumexp",
    "mish",
    "moments",
    "normalize",
    "one_hot",
    "prepend_0_to_each_row",
    "prepend_1_to_each_row",
    "prepend_scalar_to_each_row",
    "psnr",
    "relu",
    "relu6",
    "rms_normalization",
    "selu",
    "sigmoid",
    "sigmoid_binary_crossentropy",
    "silu",
    "softmax",
    "softmax_graph",
    "softmax_with_bias",
    "softplus",
    "softsign",
    "sparse_categorical_crossentropy",
    "squareplus",
    "standardize",
    "swish",
    "tanh",
    "threshold",
    "ultra_fast_sigmoid",
    *_LATER,
]

log_softmax = logsoftmax
psnr = losses.psnr


def sparse_categorical_crossentropy(output: object, target: object, from_logits: bool = False) -> Array:
    """-log p[label] along the last axis, for p = output, or softmax(output) if `from_logits`."""
    return losses.sparse_categorical_crossentropy(target, output, from_logits)


def __getattr__(name: str) -> Any:
    """What is imported when it is first asked for."""
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_LATER[name]), name)
    return found
