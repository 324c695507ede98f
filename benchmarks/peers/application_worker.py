"""One public model of Keras on one backend (KERAS_BACKEND) in a process of its own.

Usage: python -m peers.application_worker NAME SIZE BATCH WEIGHTS. WEIGHTS is a file: read if it is there,
else written. Writes a JSON line with seconds and results: the prediction for random images, the loss of the
first training step, and what it changes in the last layer. (Further down, and in later losses, the gradients
of such networks with random weights and few images show how rounding errors grow: by thousands, on every
backend.) What libraries print goes to stderr.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    name, size, batch, file = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import numpy as np

    keras.utils.set_random_seed(0)
    started = time.perf_counter()
    model = getattr(keras.applications, name)(weights=None, classes=10, input_shape=(size, size, 3))
    found: dict[str, object] = {"build_seconds": time.perf_counter() - started}
    if file.exists():
        with np.load(file) as arrays:
            model.set_weights([arrays[key] for key in arrays.files])
    else:
        np.savez(file, *model.get_weights())
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, size, size, 3)).astype("float32")
    y = np.arange(batch) % 10
    started = time.perf_counter()
    found["prediction"] = model.predict_on_batch(x).tolist()
    found["first_prediction_seconds"] = time.perf_counter() - started
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0  # the backends draw different numbers
    model.compile(keras.optimizers.SGD(1e-3), "sparse_categorical_crossentropy")
    before = model.get_weights()[-2]
    started = time.perf_counter()
    found["loss"] = float(np.ravel(model.train_on_batch(x, y))[0])
    found["first_step_seconds"] = time.perf_counter() - started
    found["last_kernel_change"] = (model.get_weights()[-2] - before).tolist()
    started = time.perf_counter()
    model.train_on_batch(x, y)
    found["second_step_seconds"] = time.perf_counter() - started
    print(json.dumps(found), file=answers)


main()
