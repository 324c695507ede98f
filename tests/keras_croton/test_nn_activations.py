"""Activations: dtypes, derivatives, and the same compiled for unknown sizes as eagerly."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from keras_croton import nn

from ..ops.agreement import check_gradients, computed, sample

SMOOTH = [nn.sigmoid, nn.tanh, nn.tanh_shrink, nn.softplus, nn.softsign, nn.silu, nn.squareplus, nn.gelu]
SMOOTH += [nn.log_sigmoid, nn.elu, nn.selu, nn.celu, nn.softmax, nn.log_softmax]
KINKED = [nn.relu6, nn.leaky_relu, nn.hard_sigmoid, nn.hard_silu, nn.hard_tanh, nn.hard_shrink]
KINKED += [nn.soft_shrink, nn.sparse_plus, nn.sparse_sigmoid, nn.relu, nn.sparsemax]
FUNCTIONS = [*SMOOTH, *KINKED, nn.glu, lambda x: nn.threshold(x, 0.5, -2.0)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_compiled_as_eager(function: Callable[..., Any]) -> None:
    assert computed(function, sample((5, 6), "float32") * 4).dtype == np.float32


@pytest.mark.parametrize("function", [*SMOOTH, nn.leaky_relu, nn.sparse_plus, nn.glu, nn.sparsemax])
def test_gradients(function: Callable[..., Any]) -> None:
    check_gradients(function, sample((3, 4)), second=False, rtol=1e-5)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_floats_keep_their_dtype(function: Callable[..., Any], dtype: str) -> None:
    assert function(sample((2, 4), dtype)).dtype == dtype


@pytest.mark.parametrize("function", FUNCTIONS)
def test_integers_become_floats_of_keras_where_results_are_not_whole(function: Callable[..., Any]) -> None:
    whole = {nn.relu, nn.relu6, nn.hard_tanh}
    assert function(np.arange(4, dtype="int64")).dtype == ("int64" if function in whole else "float32")


@pytest.mark.parametrize("function", [nn.relu, nn.relu6, nn.hard_tanh])
def test_bools_become_integers_where_results_are_whole(function: Callable[..., Any]) -> None:
    result = function(np.array([True, False]))
    assert result.dtype == "int32"
    np.testing.assert_array_equal(result, [1, 0])


def test_softmax_over_several_axes() -> None:
    x = sample((3, 4, 5))
    result = computed(lambda v: nn.softmax(v, axis=(0, 2)), x)
    np.testing.assert_allclose(result.sum((0, 2)), 1)
    np.testing.assert_allclose(np.log(result), computed(lambda v: nn.log_softmax(v, axis=(0, 2)), x))


def test_an_odd_axis_has_no_halves() -> None:
    with pytest.raises(ValueError, match="glu: axis -1 must have an even size, got 3"):
        nn.glu(np.zeros((2, 3)))
