"""Functions of neural networks."""

from __future__ import annotations

import numpy as np

import croton.tensor as T
from croton.ops.base import apply_one
from croton.ops.neighbourhoods import OfSize

from .case import Case

_random = np.random.default_rng(17)
MATRIX, OTHER = _random.standard_normal((3, 4)), _random.standard_normal((3, 4))
SHARES = np.exp(OTHER) / np.exp(OTHER).sum(1, keepdims=True)
LABELS = np.array([3, 0, 2])
IMAGES = _random.standard_normal((2, 2, 4, 5))
SCORES = _random.standard_normal((2, 5, 4))
WRITTEN, COUNTS, STEPS = np.array([[1, 1, 3], [2, 1, 0]]), np.array([3, 2]), np.array([5, 4])
QUERIES = _random.standard_normal((1, 2, 2, 3))

_ACTIVATIONS = {
    "relu": lambda x: T.nnet.relu(x, 0.3),
    "elu": T.nnet.elu,
    "selu": T.nnet.selu,
    "celu": lambda x: T.nnet.celu(x, 1.7),
    "gelu": T.nnet.gelu,
    "gelu by tanh": lambda x: T.nnet.gelu(x, approximate=True),
    "softplus": T.nnet.softplus,
    "softsign": T.nnet.softsign,
    "silu": T.nnet.silu,
    "mish": T.nnet.mish,
    "glu": T.nnet.glu,
    "hard_tanh": T.nnet.hard_tanh,
    "hard_silu": T.nnet.hard_silu,
    "hard_sigmoid": T.nnet.hard_sigmoid,
    "ultra_fast_sigmoid": T.nnet.ultra_fast_sigmoid,
    "log_sigmoid": T.nnet.log_sigmoid,
    "squareplus": T.nnet.squareplus,
    "hard_shrink": T.nnet.hard_shrink,
    "soft_shrink": T.nnet.soft_shrink,
    "tanh_shrink": T.nnet.tanh_shrink,
    "sparse_plus": T.nnet.sparse_plus,
    "sparse_sigmoid": T.nnet.sparse_sigmoid,
    "sparsemax": T.nnet.sparsemax,
    "softmax": T.nnet.softmax,
    "logsoftmax": T.nnet.logsoftmax,
    "logsumexp": lambda x: T.nnet.logsumexp(x, 1),
}


def _trained(x: object, gamma: object, beta: object) -> list[object]:
    return list(
        T.nnet.batch_normalization_train(x, gamma, beta, "spatial", running_mean=beta, running_var=gamma)
    )


CASES = [
    *(Case(name, function, (MATRIX,)) for name, function in _ACTIVATIONS.items()),
    Case("softmax_with_bias", T.nnet.softmax_with_bias, (MATRIX, OTHER[0])),
    Case("categorical_crossentropy", T.nnet.categorical_crossentropy, (SHARES, OTHER)),
    Case("crossentropy of labels", lambda p: T.nnet.categorical_crossentropy(p, LABELS), (SHARES,)),
    Case(
        "crossentropy_softmax_1hot_with_bias",
        lambda x, b: T.nnet.crossentropy_softmax_1hot_with_bias(x, b, LABELS),
        (MATRIX, OTHER[0]),
    ),
    Case("binary_crossentropy", T.nnet.binary_crossentropy, (SHARES, SHARES[::-1].copy())),
    Case("sigmoid_binary_crossentropy", T.nnet.sigmoid_binary_crossentropy, (MATRIX, OTHER)),
    Case("psnr", lambda x, y: T.nnet.psnr(x, y, 2.0), (MATRIX, OTHER)),
    Case("batch_normalization_train", _trained, (IMAGES, MATRIX[0, :2] ** 2, OTHER[0, :2])),
    Case(
        "batch_normalization_test",
        T.nnet.batch_normalization_test,
        (MATRIX, OTHER[0], OTHER[1], OTHER[2], MATRIX[0] ** 2 + 1),
    ),
    Case("layer_norm", T.nnet.layer_norm, (MATRIX, OTHER[0], OTHER[1])),
    Case("group_norm", lambda x, g: T.nnet.group_norm(x, 2, g), (IMAGES, MATRIX[0, :2])),
    Case("rms_normalization", T.nnet.rms_normalization, (MATRIX, OTHER[0])),
    Case("normalize", T.nnet.normalize, (MATRIX,)),
    Case("dot_product_attention", T.nnet.dot_product_attention, (QUERIES, QUERIES[::-1] * 0.7, QUERIES + 1)),
    Case("embedding", lambda table: T.nnet.embedding(LABELS, table) ** 2, (MATRIX.T.copy(),)),
    Case("ctc_loss", lambda x: T.nnet.ctc_loss(WRITTEN, x, COUNTS, STEPS), (SCORES,)),
    Case("images2neibs", lambda x: T.nnet.images2neibs(x, (2, 3), (1, 2)) ** 2, (IMAGES,)),
    Case(
        "images2neibs of any size", lambda x: T.nnet.images2neibs(x, (3, 3), (1, 2), "half") ** 2, (IMAGES,)
    ),
    Case("of_size", lambda x: apply_one(OfSize(4, 4, "sizes"), x) ** 2, (MATRIX,)),
    Case("neibs2images", lambda x: T.nnet.neibs2images(x, (2, 2), (1, 1, 2, 6)) ** 2, (MATRIX,)),
    Case("bilinear_upsampling", lambda x: T.nnet.bilinear_upsampling(x, 2) ** 2, (IMAGES[:1],)),
    Case("nearest_upsampling", lambda x: T.nnet.nearest_upsampling(x, 2) ** 2, (IMAGES[:1],)),
    Case(
        "h_softmax",
        lambda x, w, b, v, c: T.nnet.h_softmax(x, 3, 6, 2, 3, w, b, v, c, target=LABELS),
        (
            MATRIX,
            OTHER.T[:, :2].copy(),
            OTHER[0, :2],
            _random.standard_normal((2, 4, 3)),
            OTHER[:2, :3].copy(),
        ),
    ),
    Case(
        "sparse_block_dot",
        lambda w, h, b: T.nnet.sparse_block_dot(w, h, np.array([[0, 2]]), b, np.array([[1, 0]])),
        (_random.standard_normal((3, 2, 4, 3)), MATRIX[None, :2], OTHER[:2, :3].copy()),
    ),
]
