"""Distributions over the one device that there is."""

import keras
import numpy as np
import pytest
from keras import distribution
from keras.src.utils import rng_utils

from keras_croton import distribution_lib


def test_there_is_one_device_and_one_process() -> None:
    assert distribution.list_devices() == distribution.list_devices("CPU") == ["cpu:0"]
    assert distribution_lib.get_device_count() == 1
    assert (distribution_lib.num_processes(), distribution_lib.process_id()) == (1, 0)


def test_other_devices_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="must be 'cpu' with the croton backend"):
        distribution.list_devices("gpu")
    mesh = distribution.DeviceMesh((2,), ["batch"], ["cpu:0", "cpu:1"])
    with pytest.raises(ValueError, match="Device not found: cpu:1"):
        distribution.distribute_tensor(keras.ops.ones(2), distribution.TensorLayout(["batch"], mesh))


@pytest.mark.parametrize("layout", ["keras", "backend"])
def test_a_tensor_is_laid_out_where_it_is(layout: str) -> None:
    of_keras = distribution.TensorLayout(["batch", None], distribution.DeviceMesh((1,), ["batch"]))
    tensor = keras.ops.ones((2, 3))
    used = of_keras if layout == "keras" else of_keras.backend_layout
    assert distribution.distribute_tensor(tensor, used) is tensor
    assert distribution_lib.distribute_data_input(tensor, used, "batch") is tensor
    assert of_keras.backend_layout.axes == ("batch", None)
    assert of_keras.backend_layout.mesh.axis_names == ("batch",)


def test_a_layout_needs_a_mesh() -> None:
    with pytest.raises(ValueError, match="needs a `device_mesh`"):
        distribution.distribute_tensor(keras.ops.ones(2), distribution.TensorLayout(["batch"]))


@pytest.mark.parametrize("arguments", [("a:1,b:2", 2, 0), (None, 2, 0), (None, 1, 1)])
def test_several_processes_are_refused(arguments: tuple[str | None, int, int]) -> None:
    with pytest.raises(ValueError, match="runs in one process"):
        distribution.initialize(*arguments)


def test_beginning_a_distributed_program_sets_a_seed_once() -> None:
    before = rng_utils.get_random_seed()
    try:
        keras.utils.set_random_seed(3)
        distribution.initialize()
        assert rng_utils.get_random_seed() == 3
        rng_utils.global_state.set_global_attribute(rng_utils.GLOBAL_RANDOM_SEED, None)
        distribution.initialize("localhost:1", 1, 0)
        assert rng_utils.get_random_seed() is not None
    finally:
        rng_utils.global_state.set_global_attribute(rng_utils.GLOBAL_RANDOM_SEED, before)


def test_data_parallel_training_is_training() -> None:
    layer = keras.layers.Dense(2, kernel_initializer="ones")
    inputs = np.ones((3, 4), np.float32)
    expected = layer(inputs)
    with distribution.DataParallel(devices=["cpu:0"]).scope():
        np.testing.assert_array_equal(layer(inputs), expected)
