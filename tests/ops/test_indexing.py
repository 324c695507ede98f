"""x[...] with index arrays and masks by NumPy's rules, and changed copies: set, add, multiply, max, min."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import croton as ct
import croton.tensor as T
from croton.graph.errors import ShapeError
from croton.graph.values import EagerValue

from .agreement import check_gradients, sample
from .many_cases import check_cases

SHAPE = (4, 3, 5)
INDICES = [[0, 1, -1], [[2, 0, -2]], [1], [[0], [2]], [-3, 2, 2]]
ENTRIES = [
    *map(np.asarray, INDICES),
    slice(None),
    slice(None, None, -1),
    slice(1, None),
    None,
    Ellipsis,
    -3,
    0,
    2,
]


def random_keys(random: Random, count: int) -> list[tuple[object, ...]]:
    """Legal keys for an array of SHAPE with an index array in each."""
    keys: list[tuple[object, ...]] = []
    while len(keys) < count:
        key = tuple(random.choice(ENTRIES) for _ in range(random.randint(1, 5)))
        try:
            np.empty(SHAPE)[key]
        except IndexError:
            continue
        if any(isinstance(entry, np.ndarray) for entry in key):
            keys.append(key)
    return keys


@given(st.randoms(use_true_random=False))
@settings(max_examples=4, deadline=None)
def test_index_arrays_mix_with_everything_as_in_numpy(random: Random) -> None:
    x = T.tensor3("x")
    keys = random_keys(random, 16)
    cases = [(str(key), lambda x, k=key: x[k], lambda x, k=key: x[k]) for key in keys]
    check_cases(cases, [x], [[sample(shape)] for shape in (SHAPE, (6, 4, 5))])


def test_index_arrays_that_are_inputs() -> None:
    x, i, j = T.tensor3("x"), T.lvector("i"), T.imatrix("j")
    keys = {
        "x[i]": lambda x, i, j: x[i],
        "x[:, j]": lambda x, i, j: x[:, j],
        "x[i, :, i]": lambda x, i, j: x[i, :, i],
        "x[..., i, j]": lambda x, i, j: x[..., i, j],
        "x[0, :, j]": lambda x, i, j: x[0, :, j],
        "x[0, j]": lambda x, i, j: x[0, j],
        "x[i, None, 1:, j]": lambda x, i, j: x[i, None, 1:, j],
        "x[i[0], j[0, 0]]": lambda x, i, j: x[i[0], j[0, 0]],
        "x[i[:, None], [0, 1]]": lambda x, i, j: x[i[:, None], [0, 1]],
    }
    cases = [(name, formula, formula) for name, formula in keys.items()]
    calls = [[sample((n, n, n)), np.array([0, -1, 2]), np.array([[1, 0, -2]], np.int32)] for n in (3, 6)]
    check_cases(cases, [x, i, j], calls)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "uint32", "uint64"])
def test_indices_of_every_integer_dtype(dtype: str) -> None:
    x, i = T.vector("x"), T.tensor(dtype, shape=(None,), name="i")
    function = ct.function([x, i], x[i])
    np.testing.assert_array_equal(function(np.arange(5.0), np.array([4, 0, 4], dtype)), [4, 0, 4])
    with pytest.raises(IndexError):
        function(np.arange(5.0), np.array([np.iinfo(dtype).max], dtype))


def test_an_index_outside_is_an_error_before_anything_is_changed() -> None:
    state = ct.shared(np.arange(3.0))
    i = T.lvector("i")
    for mode in ("compile", "interpret"):
        function = ct.function([i], state[i], updates=[(state, T.set_subtensor(state[i], 9.0))], mode=mode)
        for wrong in ([0, 3], [-4], [2**62], [-(2**63)]):
            with pytest.raises(IndexError, match="out of range for axis 0 of size 3"):
                function(np.array(wrong))
            np.testing.assert_array_equal(state.get_value(), np.arange(3.0))
    with pytest.raises(IndexError, match="index 5 is out of range for axis 1 of size 4"):
        EagerValue.factory(np.zeros((2, 4)))[:, [0, 5]]
    with pytest.raises(IndexError, match="index -5 is out of range for axis 1 of size 4"):
        T.tensor(shape=(None, 4))[:, [0, -5]]


def test_an_empty_axis_has_no_elements_but_may_be_indexed_by_nothing() -> None:
    x, i = T.matrix("x"), T.lvector("i")
    function = ct.function([x, i], x[i])
    assert function(np.zeros((0, 3)), np.zeros(0, int)).shape == (0, 3)
    assert function(np.zeros((2, 3)), np.zeros(0, int)).shape == (0, 3)
    with pytest.raises(IndexError):
        function(np.zeros((0, 3)), np.zeros(1, int))


@pytest.mark.parametrize(
    "key",
    [
        np.s_[[0, 2, 0]],
        np.s_[:, [1, 1]],
        np.s_[[0, 1], :, [2, 2]],
        np.s_[..., [[0], [3]]],
        np.s_[1, :, [0, 0, 1]],
        np.s_[[0, 1, 1], [2, 2, 2]],
    ],
)
def test_gradients_of_index_arrays_add_up_over_repeated_indices(key: object) -> None:
    check_gradients(lambda x: x[key] ** 3, sample((3, 3, 4)))


def test_masks_select_as_in_numpy() -> None:
    x, v = T.matrix("x"), T.vector("v")
    keys = {
        "x[x > 0]": lambda x, v: x[x > 0],
        "x[v > 0]": lambda x, v: x[v > 0],
        "x[v > 0, 1]": lambda x, v: x[v > 0, 1],
        "x[v > 0, 1:]": lambda x, v: x[v > 0, 1:],
        "x.T[:, v > 0]": lambda x, v: x.T[:, v > 0],
        "x[x > 0] * x[x > 0]": lambda x, v: x[x > 0] * x[x > 0],
        "x[x > 0].sum()": lambda x, v: x[x > 0].sum(),
        "x[True]": lambda x, v: x[True],
        "x[False]": lambda x, v: x[False],
    }
    calls = [[sample((n, 3), seed=n), sample((n,), seed=n)] for n in (4, 7, 0, 1)]
    check_cases([(name, formula, formula) for name, formula in keys.items()], [x, v], calls)


def test_gradients_of_masks() -> None:
    check_gradients(lambda x: T.sum(x[x > 0] ** 3) * x[0, 0], sample((4, 3)))


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(
        IndexError, match="the mask has size 2 on its axis 0, but axis 0 of the array has size 3"
    ):
        T.tensor(shape=(3, 4))[np.array([True, False])]
    x, v = T.matrix("x"), T.vector("v")
    with pytest.raises(ValueError, match="differ"):
        ct.function([x, v], x[v > 0])(np.zeros((3, 2)), np.zeros(2))


def test_things_that_cannot_index_are_refused() -> None:
    x = T.matrix("x")
    for key in ("a", 1j, [0.5], T.vector("v"), np.array([1.0])):
        with pytest.raises(IndexError):
            x[key]


UPDATES = [
    np.s_[1:3],
    np.s_[::-2, 1],
    np.s_[-1],
    np.s_[None, ..., ::2],
    np.s_[[0, 2, 2]],
    np.s_[:, [1, 0, 1]],
    np.s_[1:, [0, 2], ::-1],
    np.s_[[0, 1], :, [3, 3]],
    np.s_[[0, 0, 1], [1, 1, 2]],
    np.s_[np.array([True, False, True, True])],
    np.s_[:, np.array([False, True, True])],
]
NUMPY_UPDATES = {"add": np.add, "multiply": np.multiply, "max": np.maximum, "min": np.minimum}


def numpy_update(x: np.ndarray, key: object, v: np.ndarray, op: str) -> np.ndarray:
    result = x.copy()
    if op == "set":
        result[key] = v
    else:
        NUMPY_UPDATES[op].at(result, key, v)
    return result


@pytest.mark.parametrize("op", ["set", "add", "multiply", "max", "min"])
def test_updates_agree_with_numpy(op: str) -> None:
    x = T.tensor3("x")
    cases = []
    for key in UPDATES:
        shape = np.empty((4, 3, 4))[key].shape
        for v in (sample(shape, seed=1), sample(shape[1:], seed=2), np.asarray(0.25)):
            cases.append(
                (
                    f"{key} with {v.shape}",
                    lambda x, k=key, v=v: T.index_update(x, k, v, op),
                    lambda x, k=key, v=v: numpy_update(x, k, v, op),
                )
            )
    check_cases(cases, [x], [[sample((4, 3, 4))]])


@pytest.mark.parametrize("op", ["set", "add", "multiply", "max", "min"])
@pytest.mark.parametrize("key", [np.s_[1:, ::-2], np.s_[[0, 2, 0]], np.s_[[0, 1], [1, 1]]])
def test_gradients_of_updates_flow_to_array_and_values(op: str, key: object) -> None:
    shape = np.empty((3, 3))[key].shape
    size = int(np.prod(shape))

    def formula(p: T.tensor) -> object:
        return T.index_update(p[:9].reshape((3, 3)), key, p[9:].reshape(shape), op) ** 2

    check_gradients(formula, sample((9 + size,), seed=3), static=True)


def test_a_product_with_zeros_among_the_factors_has_the_right_gradient() -> None:
    factors = np.array([0.0, 2.0, 0.0, 0.0, 3.0])
    check_gradients(
        lambda v: T.index_update(np.array([2.0, 3.0]), [0, 0, 1, 1, 1], v, "multiply"), factors, second=False
    )


def test_theanos_subtensor_forms() -> None:
    x, i = T.matrix("x"), T.lvector("i")
    array = sample((3, 4))
    outputs = [
        T.set_subtensor(x[1:], 0.0),
        T.inc_subtensor(x[i], 1.0),
        T.inc_subtensor(x[:, 0], x[:, 1]),
        T.set_subtensor(x[:], 2.0),
        x[0].set(5.0),
        x[0].inc(5.0),
        x.at[i, 0].add(1.0),
        T.set_subtensor(x[x > 0], 0.0),
    ]
    found = ct.function([x, i], outputs)(array, np.array([0, 0, 2]))
    wanted = [array.copy() for _ in outputs]
    wanted[0][1:] = 0
    np.add.at(wanted[1], [0, 0, 2], 1.0)
    wanted[2][:, 0] += array[:, 1]
    wanted[3][:] = 2
    wanted[4][0] = 5
    wanted[5][0] += 5
    np.add.at(wanted[6], ([0, 0, 2], 0), 1.0)
    wanted[7][array > 0] = 0
    for result, expected in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(result, expected)


def test_a_mask_with_one_value_per_element_it_selects() -> None:
    x = T.vector("x")
    function = ct.function([x], T.index_update(x, x > 0, x[x > 0] * 10))
    array = sample((9,))
    np.testing.assert_array_equal(function(array), np.where(array > 0, array * 10, array))


def test_updates_that_do_not_fit_are_refused() -> None:
    x = T.tensor(shape=(3, 4), name="x")
    with pytest.raises(ShapeError):
        T.set_subtensor(x[1:], np.zeros((3, 4)))
    with pytest.raises(ShapeError, match="does not broadcast"):
        x.at[0].set(np.zeros((2, 4)))
    with pytest.raises(TypeError, match="expected an indexed symbolic array"):
        T.set_subtensor(x, 0.0)
    with pytest.raises(ValueError, match="op must be one of"):
        T.index_update(x, 0, 1.0, "divide")


def test_the_first_value_of_repeated_indices_is_overwritten_and_gets_no_gradient() -> None:
    v = T.vector("v")
    changed = T.index_update(np.zeros(3), [1, 1], v)
    function = ct.function([v], [changed, ct.grad(T.sum(changed * changed), v)])
    result, slope = function([3.0, 4.0])
    np.testing.assert_array_equal(result, [0, 4, 0])
    np.testing.assert_array_equal(slope, [0, 8])
