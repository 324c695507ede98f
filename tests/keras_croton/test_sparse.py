"""Sparse tensors: their layout, what Keras's functions make of them, and that graphs may hold them."""

import keras
import numpy as np
import pytest
from keras import KerasTensor, ops

import croton as ct
import croton.tensor as T
from keras_croton.sparse import BCOO

DENSE = np.array([[0, 2, 0, -1], [0, 0, 0, 0], [3, 0, 0.5, 0]], np.float32)


@pytest.fixture
def x() -> BCOO:
    return BCOO.fromdense(DENSE)


def test_blocks_lie_at_their_places() -> None:
    scalars = BCOO(([1.0, 2.0], [[0, 0], [1, 2]]), shape=(2, 3))
    np.testing.assert_array_equal(scalars, [[1, 0, 0], [0, 0, 2]])
    assert (scalars.ndim, scalars.n_sparse, scalars.n_dense, scalars.dtype) == (2, 2, 0, "float32")
    rows = BCOO(([[1.0, 2.0]], [[1]]), shape=(3, 2))
    np.testing.assert_array_equal(rows, [[0, 0], [1, 2], [0, 0]])
    assert (rows.n_sparse, rows.n_dense) == (1, 1)


def test_blocks_at_one_place_add_up_and_those_outside_are_left_out() -> None:
    several = BCOO(([1.0, 2.0, 4.0, 8.0], [[0], [0], [5], [-1]]), shape=(2,))
    np.testing.assert_array_equal(several, [3, 0])
    np.testing.assert_array_equal(ops.square(several), [9, 0])


def test_batched_places_are_taken_apart() -> None:
    batched = BCOO(([[1.0, 2.0]], [[[0], [2]]]), shape=(2, 3))
    np.testing.assert_array_equal(batched, [[1, 0, 2], [1, 0, 2]])


def test_dense_tensors_and_back(x: BCOO) -> None:
    assert x.data.shape == (4,)
    np.testing.assert_array_equal(ops.convert_to_tensor(x, sparse=False), DENSE)
    rows = BCOO.fromdense(DENSE, n_dense=1)
    assert rows.data.shape == (2, 4)
    np.testing.assert_array_equal(rows, DENSE)
    assert keras.src.backend.is_tensor(x)


@pytest.mark.parametrize(
    "function",
    [
        ops.negative,
        ops.sin,
        lambda x: ops.sum(x, 0),
        lambda x: ops.sum(x, keepdims=True),
        lambda x: ops.mean(x, 1),
        lambda x: ops.reshape(x, (-1, 2)),
        ops.transpose,
        lambda x: ops.expand_dims(x, (0, 2)),
        lambda x: ops.squeeze(ops.expand_dims(x, 1), 1),
        lambda x: ops.concatenate([x, x], 1),
        lambda x: ops.add(x, ops.multiply(x, 2.0)),
        lambda x: ops.maximum(x, ops.negative(x)),
        lambda x: ops.multiply(x, np.arange(4, dtype=np.float32)),
        lambda x: ops.divide(x, 2.0),
        lambda x: ops.matmul(x, ops.transpose(x)),
        lambda x: -x * 2.0 + x / 4.0 - x,
    ],
)
@pytest.mark.parametrize("block", [0, 1])
def test_what_is_zero_for_zeros_stays_sparse(function: object, block: int) -> None:
    assert callable(function)
    result = function(BCOO.fromdense(DENSE, n_dense=block))
    assert isinstance(result, BCOO)
    np.testing.assert_allclose(result, function(ops.convert_to_tensor(DENSE)), rtol=1e-6)


def test_everything_else_is_dense(x: BCOO) -> None:
    for function in (ops.exp, ops.softmax, lambda x: ops.add(x, 1.0), lambda x: ops.max(x, 0)):
        result = function(x)
        assert not isinstance(result, BCOO)
        np.testing.assert_allclose(result, function(ops.convert_to_tensor(DENSE)), rtol=1e-6)


def test_larger_results_are_dense(x: BCOO) -> None:
    larger = ops.multiply(x, np.ones((2, 3, 4), np.float32))
    np.testing.assert_array_equal(larger, np.stack([DENSE, DENSE]))


def test_products_need_sizes_that_agree(x: BCOO) -> None:
    with pytest.raises(ValueError, match="matmul: inner sizes must agree"):
        ops.matmul(x, np.ones((3, 2), np.float32))


def test_squeezing_needs_size_1(x: BCOO) -> None:
    with pytest.raises(ValueError, match="squeeze: axes must have size 1"):
        ops.squeeze(x, 0)


def test_labels_become_sparse_vectors() -> None:
    labels = np.array([[0, 2], [2, 2], [1, 7]])
    for function in (ops.one_hot, ops.multi_hot):
        hot = function(labels, 3, sparse=True)
        assert isinstance(hot, BCOO)
        np.testing.assert_array_equal(hot, function(labels, 3))


def test_counting_sparse_numbers_needs_sparse_weights(x: BCOO) -> None:
    numbers = ops.cast(ops.abs(x), "int32")
    counts = ops.bincount(numbers)
    assert isinstance(counts, BCOO)
    np.testing.assert_array_equal(counts, [[0, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 1]])
    with pytest.raises(ValueError, match="`weights` must be sparse"):
        ops.bincount(numbers, weights=np.ones((3, 4)))


def test_shapes_are_inferred_with_unknown_sizes() -> None:
    spec = keras.src.backend.compute_output_spec(
        lambda x: (ops.add(x, x), ops.exp(x), ops.matmul(x, np.ones((4, 5), np.float32))),
        KerasTensor((None, 4), sparse=True),
    )
    assert [(leaf.shape, leaf.sparse) for leaf in spec] == [
        ((None, 4), True),
        ((None, 4), False),
        ((None, 5), False),
    ]


def test_a_compiled_function_may_hold_sparse_tensors(x: BCOO) -> None:
    def loss(kernel: object) -> object:
        return T.sum(ops.square(ops.matmul(x, kernel)))

    kernel = np.arange(8, dtype=np.float32).reshape(4, 2)
    np.testing.assert_allclose(ct.jit(loss)(kernel), loss(kernel), rtol=1e-6)

    def dense_loss(kernel: object) -> object:
        return T.sum(T.sqr(T.dot(DENSE, kernel)))

    for function in (loss, dense_loss):
        with ct.GradientTape() as tape:
            variable = ct.Variable(kernel)
            value = function(variable.value())
        gradient = np.asarray(tape.gradient(value, variable))
        np.testing.assert_allclose(gradient, 2 * DENSE.T @ DENSE @ kernel, rtol=1e-5)


def test_structure_may_be_found_while_a_compiled_function_runs() -> None:
    def total(array: object) -> object:
        sparse = BCOO.fromdense(array)
        other = BCOO.fromdense(T.eye(3, 4, dtype="float32"))
        return ops.convert_to_tensor(ops.add(ops.square(sparse), other), sparse=False)

    np.testing.assert_array_equal(ct.jit(total)(DENSE), DENSE**2 + np.eye(3, 4))


def test_a_layer_takes_sparse_input() -> None:
    layer = keras.layers.Dense(2)
    np.testing.assert_allclose(layer(BCOO.fromdense(DENSE)), layer(DENSE), rtol=1e-6)
