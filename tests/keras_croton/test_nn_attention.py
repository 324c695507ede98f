"""Attention against its formula, head by head."""

import numpy as np
import pytest
import scipy.special

from keras_croton import nn

from ..ops.agreement import NDArray, check_gradients, computed, sample

QUERY, KEY, VALUE = (
    sample(shape, seed=s) for s, shape in enumerate([(2, 3, 4, 5), (2, 6, 4, 5), (2, 6, 4, 7)])
)
ALLOWED = sample((2, 4, 3, 6), "bool") | (np.arange(6) == 0)


def attended(bias: NDArray, mask: NDArray) -> NDArray:
    scores = np.einsum("bqhw,bkhw->bhqk", QUERY, KEY) / np.sqrt(5) + bias
    weights = scipy.special.softmax(np.where(mask, scores, -1e30), -1)
    return np.einsum("bhqk,bkhw->bqhw", weights, VALUE)


@pytest.mark.parametrize("static", [True, False])
def test_bias_and_mask(static: bool) -> None:
    bias = sample((2, 4, 3, 6), seed=5)
    result = computed(
        lambda q, k, v, b, m: nn.dot_product_attention(q, k, v, b, m),
        QUERY, KEY, VALUE, bias, ALLOWED, static=static,
    )  # fmt: skip
    np.testing.assert_allclose(result, attended(bias, ALLOWED))


def test_masks_with_fewer_axes() -> None:
    every = nn.dot_product_attention(QUERY, KEY, VALUE, mask=np.broadcast_to(ALLOWED[:, :1], (2, 4, 3, 6)))
    np.testing.assert_array_equal(nn.dot_product_attention(QUERY, KEY, VALUE, mask=ALLOWED[:, 0]), every)
    per_head = np.broadcast_to(ALLOWED[:, :, :1], (2, 4, 3, 6))
    expected = nn.dot_product_attention(QUERY, KEY, VALUE, mask=per_head)
    np.testing.assert_array_equal(
        nn.dot_product_attention(QUERY, KEY, VALUE, mask=ALLOWED[:, :, 0]), expected
    )


def test_causal_and_scale() -> None:
    result = nn.dot_product_attention(QUERY, KEY, VALUE, scale=1 / np.sqrt(5), is_causal=True)
    np.testing.assert_allclose(result, attended(np.zeros(1), np.tri(3, 6, dtype=bool)))


def test_heads_that_share_keys() -> None:
    shared = nn.dot_product_attention(QUERY, KEY[:, :, :2], VALUE[:, :, :2])
    repeated = (np.repeat(array[:, :, :2], 2, 2) for array in (KEY, VALUE))
    np.testing.assert_allclose(shared, nn.dot_product_attention(QUERY, *repeated))


def test_gradients() -> None:
    check_gradients(lambda q: nn.dot_product_attention(q, KEY, VALUE, mask=ALLOWED), QUERY, second=False)
    check_gradients(lambda k: nn.dot_product_attention(QUERY, k, VALUE, is_causal=True), KEY, second=False)


def test_flash_attention_is_a_way_to_compute_it() -> None:
    asked = nn.dot_product_attention(QUERY, KEY, VALUE, flash_attention=True)
    np.testing.assert_array_equal(asked, nn.dot_product_attention(QUERY, KEY, VALUE))


def test_other_numbers_of_axes() -> None:
    with pytest.raises(ValueError, match=r"only supports 4D inputs. Received: query.shape="):
        nn.dot_product_attention(QUERY[0], KEY, VALUE)
