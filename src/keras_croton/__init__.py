"""Croton as a backend of Keras 3: `KERAS_BACKEND=croton python train.py`.

Importing this package, which a start-up file in site-packages does for unmodified scripts, installs the
import hook that lets Keras find the backend; everything else is loaded when Keras selects it.
"""

from typing import Any

from keras_croton import hook

hook.install()

__all__ = ["compile_predict"]


def __getattr__(name: str) -> Any:
    if name == "compile_predict":
        from keras_croton.predict import compile_predict

        return compile_predict
    raise AttributeError(f"module 'keras_croton' has no attribute {name!r}")
