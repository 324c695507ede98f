"""These tests run Keras on Croton: the backend is chosen before anything imports Keras."""

import os

os.environ["KERAS_BACKEND"] = "croton"

import keras_croton  # noqa: E402, F401
