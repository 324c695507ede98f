"""These tests run Keras on Croton: the backend is chosen before anything imports Keras."""

import os
from collections.abc import Iterator

import pytest

os.environ["KERAS_BACKEND"] = "croton"

import keras_croton  # noqa: F401, I001

import keras.src.backend  # noqa: F401

from keras_croton import operators

# What Python's operators mean is set for the whole process, in which other tests may run too.
operators.uninstall()


@pytest.fixture(autouse=True)
def operators_of_keras() -> Iterator[None]:
    operators.install()
    yield
    operators.uninstall()
