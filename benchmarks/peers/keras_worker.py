"""One Keras model on one backend (KERAS_BACKEND) in a process of its own.

Usage: python -m peers.keras_worker MODEL. Writes JSON lines: first what starting took, then for each line it
reads the milliseconds of a training step inside `fit`, and the microseconds of a prediction of one row. What
libraries print goes to stderr.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any


def main() -> None:
    name = sys.argv[1]
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    from peers.keras_data import MODELS

    keras.utils.set_random_seed(0)
    workload = MODELS[name]()
    model, x, batch = workload.model, workload.x, workload.batch
    steps = len(x) // batch

    def epoch() -> float:
        begun = time.perf_counter()
        model.fit(x, workload.y, batch_size=batch, epochs=1, verbose=0, shuffle=False)
        return time.perf_counter() - begun

    first = epoch()
    second = epoch()
    model.predict_on_batch(x[:1])
    ready = {
        "version": keras.__version__,
        "first_epoch_extra_seconds": first - second,
        "loss": float(model.history.history["loss"][-1]),
    }
    print(json.dumps(ready), file=answers)
    for _ in sys.stdin:
        measured = {
            "step_milliseconds": min(epoch() for _ in range(2)) / steps * 1e3,
            "prediction_microseconds": predictions(model, x[:1]),
            "memory_mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        print(json.dumps(measured), file=answers)


def predictions(model: Any, row: Any) -> float:
    """The median of 100 predictions of one row."""
    times = []
    for _ in range(100):
        begun = time.perf_counter()
        model.predict_on_batch(row)
        times.append(time.perf_counter() - begun)
    return sorted(times)[len(times) // 2] * 1e6


main()
