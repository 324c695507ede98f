"""What `keras.src.backend` re-exports of a backend."""

from keras_croton import (
    core,
    distribution_lib,
    image,
    linalg,
    math,
    nn,
    numpy,
    operators,
    random,
    tensorboard,
)
from keras_croton.core import (
    IS_THREAD_SAFE,
    SUPPORTS_COMPLEX_DTYPES,
    SUPPORTS_RAGGED_TENSORS,
    SUPPORTS_SPARSE_TENSORS,
    Variable,
    cast,
    compute_output_spec,
    cond,
    convert_to_numpy,
    convert_to_tensor,
    device_scope,
    is_tensor,
    name_scope,
    random_seed_dtype,
    scatter,
    shape,
    stop_gradient,
    vectorized_map,
)
from keras_croton.locations import name_layers
from keras_croton.rnn import bidirectional_gru, bidirectional_lstm, cudnn_ok, gru, lstm, rnn
from keras_croton.signatures import hide_annotations

hide_annotations(core, image, linalg, math, nn, numpy, random)
operators.install()

name_layers()
