"""Labels as vectors of zeros and ones."""

import numpy as np
import pytest

from keras_croton import nn

from ..ops.agreement import computed


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_one_hot(axis: int) -> None:
    labels = np.array([[0, 2, 1], [3, -1, 4]])
    expected = np.moveaxis((labels[..., None] == np.arange(4)).astype("float32"), -1, axis)
    result = computed(lambda x: nn.one_hot(x, 4, axis), labels)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, expected)


def test_labels_of_any_dtype() -> None:
    for labels in (np.array([1, 0], "uint8"), np.array([1.0, 0.0], "float32"), [1, 0]):
        hot = nn.one_hot(labels, 300, dtype="bool")
        np.testing.assert_array_equal(hot[:, :2], [[False, True], [True, False]])


def test_multi_hot() -> None:
    rows = np.array([[0, 2, 2], [3, 1, -1]])
    result = computed(lambda x: nn.multi_hot(x, 4, dtype="int32"), rows)
    np.testing.assert_array_equal(result, [[1, 0, 1, 0], [0, 1, 0, 1]])
    np.testing.assert_array_equal(nn.multi_hot([0, 2, 2], 4), [1, 0, 1, 0])
