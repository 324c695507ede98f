"""Normalising over features, groups and batches."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, computed, sample

X = sample((6, 4, 3, 5)) + 2
N = T.nnet


def standard(x: np.ndarray, axes: tuple[int, ...], epsilon: float) -> np.ndarray:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def test_layers_groups_and_roots() -> None:
    gamma, beta = sample((4,), seed=1), sample((4,), seed=2)
    column = (4, 1, 1)
    grouped = standard(X.reshape(6, 2, 2, 3, 5), (2, 3, 4), 1e-5).reshape(X.shape)
    expected = grouped * gamma.reshape(column) + beta.reshape(column)
    np.testing.assert_allclose(computed(lambda x: N.group_norm(x, 2, gamma, beta), X), expected)
    last = sample((5,), seed=1)
    np.testing.assert_allclose(
        computed(lambda x: N.layer_norm(x, last, last), X), standard(X, (3,), 1e-5) * last + last
    )
    root = np.sqrt((X**2).mean(-1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(computed(lambda x: N.rms_normalization(x, last), X), X / root * last)
    np.testing.assert_allclose(
        computed(lambda x: N.normalize(x, 1), X), X / np.linalg.norm(X, axis=1, keepdims=True)
    )
    assert (computed(N.normalize, np.zeros((2, 3))) == 0).all()


@pytest.mark.parametrize(
    ("axes", "over"), [("per-activation", (0,)), ("spatial", (0, 2, 3)), ((0, 3), (0, 3))]
)
@pytest.mark.parametrize("short", [False, True])
def test_batches_in_training(axes: object, over: tuple[int, ...], short: bool) -> None:
    kept = tuple(1 if axis in over else size for axis, size in enumerate(X.shape))
    given = tuple(size for axis, size in enumerate(X.shape) if axis not in over) if short else kept
    gamma, beta, old_mean, old_var = (sample(given, seed=seed) ** 2 for seed in range(4))
    x = T.tensor4("x")
    outputs = N.batch_normalization_train(x, gamma, beta, axes, 1e-3, 0.2, old_mean, old_var)
    found = ct.function([x], list(outputs))(X)
    mean, var = X.mean(over, keepdims=True), X.var(over, keepdims=True)
    count = X.size / mean.size
    normal = (X - mean) / np.sqrt(var + 1e-3)
    np.testing.assert_allclose(found[0], normal * gamma.reshape(kept) + beta.reshape(kept))
    np.testing.assert_allclose(found[1], mean.reshape(given))
    np.testing.assert_allclose(found[2], 1 / np.sqrt(var + 1e-3).reshape(given))
    np.testing.assert_allclose(found[3], 0.8 * old_mean + 0.2 * mean.reshape(given))
    np.testing.assert_allclose(found[4], 0.8 * old_var + 0.2 * (var * count / (count - 1)).reshape(given))
    tested = ct.function([x], N.batch_normalization_test(x, gamma, beta, old_mean, old_var, axes, 1e-3))(X)
    old = (X - old_mean.reshape(kept)) / np.sqrt(old_var.reshape(kept) + 1e-3)
    np.testing.assert_allclose(tested, old * gamma.reshape(kept) + beta.reshape(kept))


def test_running_averages_are_updates_of_shared_variables() -> None:
    mean, var = ct.shared(np.zeros(4)), ct.shared(np.ones(4))
    x = T.tensor4("x")
    out, _, _, new_mean, new_var = N.batch_normalization_train(
        x, np.ones(4), np.zeros(4), "spatial", running_mean=mean, running_var=var
    )
    step = ct.function([x], out, updates=[(mean, new_mean), (var, new_var)])
    for _ in range(200):
        step(X)
    np.testing.assert_allclose(mean.get_value(), X.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(var.get_value(), X.var((0, 2, 3), ddof=1), rtol=1e-6)


def test_gradients_through_the_moments_of_the_batch() -> None:
    gamma, beta = sample((3,), seed=1), sample((3,), seed=2)
    check_gradients(lambda x: N.batch_normalization_train(x, gamma, beta)[0], sample((5, 3)))
    check_gradients(lambda g: N.batch_normalization_train(sample((5, 3)), g, beta)[0], gamma)
    check_gradients(lambda x: N.group_norm(x, 2), sample((2, 4, 3)))


def test_batch_normalization_takes_moments_as_they_are() -> None:
    arrays = [sample((5, 3)), *(sample((3,), seed=seed) + 3 for seed in range(1, 5))]
    x, gamma, beta, mean, std = arrays
    np.testing.assert_allclose(
        computed(N.batch_normalization, *arrays), (x - mean) * gamma / std + beta, atol=1e-12
    )


def test_half_precision_is_normalised_in_single() -> None:
    x = (sample((64, 3)) * 100).astype("float16")
    out = computed(lambda v: N.batch_normalization_train(v, np.float16(1), np.float16(0), (0, 1))[0], x)
    assert out.dtype == np.float16
    np.testing.assert_allclose(out, standard(x.astype(float), (0, 1), 1e-4), atol=4e-3)


def test_bad_arguments_are_named() -> None:
    x, v = T.tensor4("x"), T.vector("v")
    with pytest.raises(ValueError, match='axes must be "per-activation", "spatial" or a tuple'):
        N.batch_normalization_train(x, v, v, axes="rows")
    with pytest.raises(
        ValueError, match="batch_normalization_train: expected parameters with 4 or 1 axes, got 2"
    ):
        N.batch_normalization_train(x, T.matrix(), v, "spatial")
    with pytest.raises(ValueError, match="must be given together"):
        N.batch_normalization_train(x, v, v, "spatial", running_mean=v)
    with pytest.raises(ValueError, match="4 channels do not make 3 groups"):
        N.group_norm(X, 3)
