"""The core functions of the backend: conversion, variables, shapes, control flow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from keras.src.backend.common.name_scope import name_scope as name_scope

from keras_croton.control_flow import (
    associative_scan,
    cond,
    fori_loop,
    map,
    scan,
    switch,
    vectorized_map,
    while_loop,
)
from keras_croton.conversion import convert_to_numpy, shape
from keras_croton.gradients import custom_gradient, remat, stop_gradient
from keras_croton.indexing import scatter, scatter_update, slice, slice_update, unstack
from keras_croton.sparse import cast, convert_to_tensor, is_tensor
from keras_croton.spec import compute_output_spec
from keras_croton.variable import Variable

SUPPORTS_SPARSE_TENSORS = True
SUPPORTS_RAGGED_TENSORS = False
SUPPORTS_COMPLEX_DTYPES = True
IS_THREAD_SAFE = True

__all__ = [
    "IS_THREAD_SAFE",
    "SUPPORTS_COMPLEX_DTYPES",
    "SUPPORTS_RAGGED_TENSORS",
    "SUPPORTS_SPARSE_TENSORS",
    "Variable",
    "associative_scan",
    "cast",
    "compute_output_spec",
    "cond",
    "convert_to_numpy",
    "convert_to_tensor",
    "custom_gradient",
    "device_scope",
    "fori_loop",
    "is_tensor",
    "map",
    "name_scope",
    "random_seed_dtype",
    "remat",
    "scan",
    "scatter",
    "scatter_update",
    "shape",
    "slice",
    "slice_update",
    "stop_gradient",
    "switch",
    "unstack",
    "vectorized_map",
    "while_loop",
]


@contextlib.contextmanager
def device_scope(device_name: str) -> Iterator[None]:
    """Inside, tensors are made on a device, which can only be the CPU.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(device_name, str) or device_name.lower().split(":")[0] != "cpu":
        raise ValueError(f"Invalid device name: expected 'cpu' or 'cpu:0', got {device_name!r}")
    yield


def random_seed_dtype() -> str:
    """The dtype of the two numbers that make a seed."""
    return "uint32"
