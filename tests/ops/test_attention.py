"""Attention by dot products."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import croton as ct
import croton.tensor as T

from .agreement import NDArray, check_gradients, computed, sample

Q, K, V = sample((2, 3, 4, 5)), sample((2, 6, 4, 5), seed=1), sample((2, 6, 4, 5), seed=2)
attention = T.nnet.dot_product_attention


def attended(q: NDArray, k: NDArray, v: NDArray, bias: object = 0.0, mask: object = True) -> NDArray:
    scores = np.einsum("btnh,bsnh->bnts", q, k) / np.sqrt(q.shape[-1]) + bias
    return np.einsum("bnts,bsnh->btnh", scipy.special.softmax(np.where(mask, scores, -1e300), -1), v)


def test_values() -> None:
    bias, mask = sample((1, 4, 3, 6), seed=3), sample((2, 1, 3, 6), "bool", seed=4)
    np.testing.assert_allclose(computed(attention, Q, K, V), attended(Q, K, V))
    np.testing.assert_allclose(
        computed(lambda q, k, v: attention(q, k, v, bias, mask), Q, K, V), attended(Q, K, V, bias, mask)
    )
    np.testing.assert_allclose(
        computed(lambda q, k, v: attention(q, k, v, scale=2.0, is_causal=True), Q, K, V),
        attended(Q * 2 * np.sqrt(5), K, V, mask=np.tri(3, 6, dtype=bool)),
    )


def test_several_heads_may_share_a_key() -> None:
    k, v = K[:, :, :2], V[:, :, :2]
    expected = attended(Q, np.repeat(k, 2, 2), np.repeat(v, 2, 2))
    np.testing.assert_allclose(computed(attention, Q, k, v, static=True), expected)


def test_a_query_that_sees_no_key_takes_the_mean() -> None:
    result = computed(lambda q, k, v: attention(q, k, v, mask=np.zeros((1, 1, 3, 6), bool)), Q, K, V)
    np.testing.assert_allclose(result, np.broadcast_to(V.mean(1, keepdims=True), Q.shape))


def test_half_precision_calculates_in_single() -> None:
    arrays = [array.astype("float16") for array in (Q * 30, K * 30, V)]
    result = computed(attention, *arrays)
    assert result.dtype == np.float16
    np.testing.assert_allclose(result, attended(*(a.astype(float) for a in arrays)), atol=5e-3)


def test_gradients() -> None:
    q, k, v = (a[:1, :2, :2, :2] for a in (Q, K, V))
    check_gradients(lambda x: attention(x, k, v, is_causal=True), q)
    check_gradients(lambda x: attention(q, x, v), k)
    check_gradients(lambda x: attention(q, k, x), v)


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="dot_product_attention: expected key with 4 axes, got 3"):
        attention(Q, K[0], V)
    with pytest.raises(ValueError, match="4 heads are no multiple of 3 key heads"):
        attention(Q, K[:, :, :3], V[:, :, :3])
    q, k, v = (T.tensor4(name) for name in "qkv")
    with pytest.raises(ValueError, match="5 and 3 differ"):
        ct.function([q, k, v], attention(q, k, v))(Q, K[..., :3], V)
