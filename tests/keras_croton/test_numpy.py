"""Keras's `numpy` where its own tests do not look: compiled code, unknown sizes, gradients, bad input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.frontends.trace import tracing
from keras_croton import numpy as knp
from keras_croton.spec import compute_output_spec

from .numpy_cases import FAMILIES, Case

# Without derivatives and arrays to trace, or with functions for arguments: tested below, or by Keras.
OTHERS = {"array", "ones", "zeros", "empty", "eye", "identity", "tri", "ndim", "size", "einsum", "vectorize"}


def is_array(argument: Any) -> bool:
    return isinstance(argument, (np.ndarray, np.generic))


def arrays(case: Case) -> Iterator[Any]:
    """The arrays among the arguments of a call, and in lists among them."""
    for argument in (*case.arguments, *case.options.values()):
        for part in argument if isinstance(argument, list) else [argument]:
            if is_array(part):
                yield part


def call(case: Case, values: Iterator[Any]) -> list[Any]:
    """What the call gives with other values in place of its arrays, in a list."""

    def replaced(argument: Any) -> Any:
        if isinstance(argument, list):
            return [replaced(part) for part in argument]
        return next(values) if is_array(argument) else argument

    arguments = [replaced(argument) for argument in case.arguments]
    options = {name: replaced(option) for name, option in case.options.items()}
    return keras.tree.flatten(getattr(knp, case.function)(*arguments, **options))


def stand_ins(case: Case, unknown: bool) -> list[Any]:
    return [T.tensor(a.dtype.name, shape=(None,) * a.ndim if unknown else a.shape) for a in arrays(case)]


def test_every_function_has_a_case() -> None:
    cases = {case.function for family in FAMILIES.values() for case in family}
    public = {name for name in vars(knp) if callable(getattr(knp, name)) and hasattr(keras.ops, name)}
    assert public - cases - OTHERS == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_compiled_is_eager(family: str) -> None:
    """One function of all calls of a family, written for unknown sizes, gives what each gives at once."""
    cases = FAMILIES[family]
    inputs: list[Any] = []
    outputs: list[list[Any]] = []
    for case in cases:
        parameters = stand_ins(case, unknown=case.sizes)
        with tracing():
            try:
                outputs.append(call(case, iter(parameters)))
            except Exception as error:
                raise AssertionError(f"{case} cannot be traced") from error
        inputs += parameters
    given = [array for case in cases for array in arrays(case)]
    flat = [output for group in outputs for output in group]
    compiled = iter(ct.function(inputs, flat, on_unused_input="ignore")(*given))
    for case in cases:
        for expected in call(case, iter([keras.ops.convert_to_tensor(a) for a in arrays(case)])):
            found = np.asarray(next(compiled))
            assert found.dtype == np.asarray(expected).dtype, str(case)
            limit = 1e-5 if found.dtype == np.float32 else 1e-9
            np.testing.assert_allclose(found, expected, rtol=limit, atol=limit, err_msg=str(case))


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_slopes(family: str) -> None:
    """By every argument that a result depends on smoothly, against central differences."""
    for case in FAMILIES[family]:
        if case.slopes:
            check_gradients(case)


def check_gradients(case: Case) -> None:
    given = list(arrays(case))
    chosen = [position for position in positions(case) if given[position].dtype.kind == "f"]
    tensors = [keras.ops.convert_to_tensor(array) for array in given]
    with ct.GradientTape() as tape:
        for position in chosen:
            tape.watch(tensors[position])
        total = weighted(case, tensors)
    for position, slope in zip(chosen, tape.gradient(total, [tensors[p] for p in chosen]), strict=True):
        wanted = differences(case, given, position)
        found = np.zeros_like(wanted) if slope is None else slope
        message = f"{case}, by array {position}"
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7, err_msg=message)


def positions(case: Case) -> list[int]:
    """Where the arrays of `case.slopes` are among all its arrays."""
    found, number = [], 0
    for place, argument in enumerate((*case.arguments, *case.options.values())):
        for part in argument if isinstance(argument, list) else [argument]:
            if is_array(part):
                if place in case.slopes:
                    found.append(number)
                number += 1
    return found


def weighted(case: Case, tensors: list[Any]) -> Any:
    """A number that every element of the result changes at a rate of its own."""
    total = keras.ops.zeros((), "float64")
    for output in call(case, iter(tensors)):
        if "float" in output.dtype:
            weights = np.cos(np.arange(output.size, dtype="float64")).reshape(output.shape)
            total = total + knp.sum(knp.where(knp.isfinite(output), output, 0.0) * weights)
    return total


def differences(case: Case, given: list[Any], position: int, step: float = 1e-6) -> Any:
    slopes = np.zeros(given[position].shape)
    for index in np.ndindex(slopes.shape):
        ends = []
        for sign in (1, -1):
            moved = [np.array(array) for array in given]
            moved[position][index] += sign * step
            ends.append(float(weighted(case, [keras.ops.convert_to_tensor(array) for array in moved])))
        slopes[index] = (ends[0] - ends[1]) / (2 * step)
    return slopes


def test_einsum() -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(knp.einsum("ij,jk->ki", x, y), (x @ y).T)
    assert knp.einsum("ij,jk", x.astype("int8"), y.astype("int8")).dtype == "int32"
    assert knp.einsum("ij,jk", x.astype("int8"), y.astype("bool")).dtype == "int8"


@pytest.mark.parametrize(
    ("operands", "dtype"),
    [
        ((np.float64(2.0), np.float32([1])), "float32"),  # NumPy's numbers that are Python's are weak too
        ((np.float64([2.0]), np.float32([1])), "float64"),
        ((np.int64([2]), np.int32([1])), "int64"),
        ((np.uint32([2]), np.int32([1])), "int32"),
        ((np.float64([2.0]), 1.5), "float64"),
        ((np.int32([2]), 1.5), "float32"),
        ((np.int8([2]), 1), "int8"),
        ((True, 1), "int32"),
        ((np.complex64([1j]), np.float64([1])), "complex128"),
        ((np.float32([1]), 1j), "complex64"),
    ],
)
def test_64_bits_come_from_operands_that_have_them(operands: Any, dtype: str) -> None:
    assert knp.add(*operands).dtype == dtype
    assert knp.add(*reversed(operands)).dtype == dtype


def test_floatx_is_the_dtype_of_what_has_none() -> None:
    before = keras.config.floatx()
    try:
        keras.config.set_floatx("float64")
        assert knp.add(np.int32([1]), 1.5).dtype == "float64"
        assert knp.sqrt(np.int32([4])).dtype == "float64"
        assert knp.zeros(2).dtype == "float64"
    finally:
        keras.config.set_floatx(before)


def test_integers_beyond_a_dtype() -> None:
    bytes_ = np.array([0, 7, 255], np.uint8)
    np.testing.assert_array_equal(knp.greater(bytes_, -1), True)
    np.testing.assert_array_equal(knp.clip(bytes_, -5, 300), bytes_)
    np.testing.assert_array_equal(knp.add(bytes_, 256), bytes_)


def test_sizes_are_numbers_and_weak() -> None:
    x = T.fmatrix("x")
    with tracing():
        rows = keras.ops.shape(x)[0]
        mean = knp.divide(knp.sum(x, 0), rows)
        grid = knp.reshape(knp.arange(rows * 2), (rows, 2))
        both = knp.stack([rows, 2])
        counted = knp.size(x)
    assert (mean.dtype, grid.dtype, both.dtype) == ("float32", "int32", "int32")
    function = ct.function([x], [mean, grid, both, knp.add(counted, 0)])
    found = function(np.ones((3, 2), "float32"))
    np.testing.assert_array_equal(found[0], [1, 1])
    np.testing.assert_array_equal(found[1], [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(found[2], [3, 2])
    assert found[3] == 6


def test_unknown_sizes_of_keras_tensors() -> None:
    x = keras.KerasTensor((None, 3, None))
    shape = compute_output_spec(lambda v: knp.reshape(v, (-1, v.shape[2] * 3)), x).shape
    assert shape == (None, None)
    assert compute_output_spec(lambda v: knp.split(v, 3, 1), x)[2].shape == (None, 1, None)
    assert compute_output_spec(lambda v: knp.mean(v, (0, 2)), x).shape == (3,)


def test_distinct_elements_of_nothing() -> None:
    values, first, counts = knp.unique(
        np.zeros(0, "float32"), return_index=True, return_counts=True, size=2, fill_value=5
    )
    np.testing.assert_array_equal([values, first, counts], [[5, 5], [0, 0], [0, 0]])


def test_functions_of_each_element() -> None:
    product = knp.vectorize(lambda x, y: x @ y, signature="(n),(n)->()")
    x, y = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    np.testing.assert_array_equal(product(x, y), x @ y)


def test_made_arrays() -> None:
    np.testing.assert_array_equal(knp.eye(2, 3, 1), np.eye(2, 3, 1))
    np.testing.assert_array_equal(knp.tri(3, k=-1), np.tri(3, k=-1))
    np.testing.assert_array_equal(knp.identity(2), np.eye(2))
    np.testing.assert_array_equal(knp.full((2,), [1, 2], "int8"), [1, 2])
    np.testing.assert_array_equal(knp.empty(3), np.zeros(3))
    for scalar in (knp.zeros(()), knp.full((), 2), knp.power(2.0, 1), knp.where(True, 1, 2), knp.add(1, 2)):
        assert isinstance(scalar, ct.Tensor)
    np.testing.assert_array_equal(knp.arange(1, 2, 0.25), np.arange(1, 2, 0.25))
    assert knp.arange(3).dtype == "int32"
    assert (knp.ndim(np.ones((2, 1))), knp.size(np.ones((2, 3)))) == (2, 6)


@pytest.mark.parametrize(
    ("call_it", "error", "message"),
    [
        (lambda: knp.add(np.ones(2), np.ones(3)), ValueError, "add.*2.*3"),
        (lambda: knp.reshape(np.ones(4), (3, -1)), ValueError, "reshape"),
        (lambda: knp.squeeze(np.ones((2, 1)), 0), ValueError, "squeeze: axis 0 has size 2"),
        (lambda: knp.rot90(np.ones(2)), ValueError, "at least 2 dimensions"),
        (lambda: knp.rot90(np.ones((2, 2)), axes=(1, 1)), ValueError, "Invalid axes"),
        (lambda: knp.split(np.ones(4), 3), ValueError, "split"),
        (lambda: knp.pad(np.ones(4), 1, "edge", 3.0), ValueError, "constant_values"),
        (lambda: knp.pad(np.ones(4), 1, "nearest"), ValueError, "nearest"),
        (lambda: knp.max(np.ones((0, 2)), 0), ValueError, "max"),
        (lambda: knp.take(np.ones(4), 7), IndexError, "7"),
        (lambda: knp.ldexp(np.ones(4), 1.5), TypeError, "integer type.*float32"),
        (lambda: knp.searchsorted(np.ones((2, 2)), 1.0), ValueError, "1-D sorted"),
        (lambda: knp.searchsorted(np.ones(2), 1.0, "middle"), ValueError, "middle"),
        (lambda: knp.correlate(np.ones(2), np.ones(2), "all"), ValueError, "all"),
        (lambda: knp.correlate(np.ones((2, 2)), np.ones(2)), ValueError, "vectors"),
        (lambda: knp.vander(np.ones((2, 2))), ValueError, "vector"),
        (lambda: knp.bincount(np.ones((2, 2, 2), "int32")), ValueError, "1 or 2 axes"),
        (lambda: knp.quantile(np.ones(2), 1.5), ValueError, "between 0 and 1"),
        (lambda: knp.diag(np.ones((2, 2, 2))), ValueError, "diag"),
        (lambda: knp.view(np.ones((2, 3), "float32"), "float64"), ValueError, "float64"),
        (lambda: knp.subtract(True, False), TypeError, "bool"),
        (lambda: knp.array(["a"]), ValueError, "not an array of numbers"),
    ],
)
def test_bad_input(call_it: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call_it()


def test_tiling_as_often_as_a_vector_of_sizes_says() -> None:
    def once_for_each_row(x: Any) -> Any:
        rows = keras.ops.shape(x)[0]
        counts = keras.ops.concatenate(
            [keras.ops.expand_dims(rows, -1), keras.ops.convert_to_tensor([1, 2])], axis=0
        )
        return keras.ops.tile(keras.ops.ones((1, 2, 2)), counts)

    spec = compute_output_spec(once_for_each_row, keras.KerasTensor((None, 4)))
    assert spec.shape == (None, 2, 4)
    assert once_for_each_row(np.zeros((3, 4))).shape == (3, 2, 4)
    assert ct.jit(once_for_each_row)(np.zeros((3, 4))).shape == (3, 2, 4)
