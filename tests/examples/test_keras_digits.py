"""The Keras example trains on Croton in a process of its own."""

import keras_digits


def test_one_epoch_learns() -> None:
    found = keras_digits.run("croton", epochs=2)
    assert found["accuracy"] > 0.85
    assert found["loss"] < 0.6
