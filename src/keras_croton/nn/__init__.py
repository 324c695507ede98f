"""Keras's nn functions, one file per family."""

from keras_croton.nn.activations import (
    celu,
    elu,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
from keras_croton.nn.adaptive_pooling import adaptive_average_pool, adaptive_max_pool
from keras_croton.nn.attention import dot_product_attention
from keras_croton.nn.convolution import conv, conv_transpose, depthwise_conv, separable_conv
from keras_croton.nn.ctc import ctc_decode, ctc_loss
from keras_croton.nn.encodings import multi_hot, one_hot
from keras_croton.nn.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    psnr,
    sparse_categorical_crossentropy,
)
from keras_croton.nn.normalization import batch_normalization, moments
from keras_croton.nn.patches import depth_to_space, fold, space_to_depth, unfold
from keras_croton.nn.pooling import average_pool, max_pool
from keras_croton.sparse_functions import extend_nn

__all__ = [
    "adaptive_average_pool",
    "adaptive_max_pool",
    "average_pool",
    "batch_normalization",
    "binary_crossentropy",
    "categorical_crossentropy",
    "celu",
    "conv",
    "conv_transpose",
    "ctc_decode",
    "ctc_loss",
    "depth_to_space",
    "depthwise_conv",
    "dot_product_attention",
    "elu",
    "fold",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "max_pool",
    "moments",
    "multi_hot",
    "one_hot",
    "psnr",
    "relu",
    "relu6",
    "selu",
    "separable_conv",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "space_to_depth",
    "sparse_categorical_crossentropy",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh",
    "tanh_shrink",
    "threshold",
    "unfold",
]

extend_nn(globals())
