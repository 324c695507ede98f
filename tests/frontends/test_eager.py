"""Eager tensors and variables."""

import copy
import pickle
import threading

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import Value


def test_functions_of_numpy_arrays_and_numbers_are_computed_at_once():
    left, right = np.arange(6.0).reshape(2, 3), np.ones((3, 2))
    assert isinstance(T.matmul(left, right), ct.Tensor)
    np.testing.assert_array_equal(T.matmul(left, right).numpy(), left @ right)
    assert isinstance(T.exp(0.0), ct.Tensor)
    assert float(T.exp(0.0)) == 1.0


def test_functions_of_symbolic_variables_stay_symbolic():
    x = T.vector("x")
    assert isinstance(T.exp(x), Value)
    assert isinstance(x + np.ones(3), Value)
    assert isinstance(ct.Tensor([1.0, 2.0]) * x, Value)


def test_an_eager_tensor_is_a_constant_of_a_symbolic_program():
    x = T.vector("x")
    f = ct.function([x], x * T.exp(np.zeros(3)) + T.full((3,), 2.0))
    np.testing.assert_array_equal(f([1.0, 2.0, 3.0]), [3.0, 4.0, 5.0])


def test_gradients_of_constants_in_symbolic_programs_stay_symbolic():
    x = T.vector("x")
    assert isinstance(ct.grad((x * 0 + 2.0).sum(), x), Value)


def test_a_tensor_reads_as_an_array_everywhere():
    tensor = ct.Tensor([[1.0, 2.0]])
    assert tensor.dtype == "float64" and tensor.shape == (1, 2) and tensor.ndim == 2 and tensor.size == 2
    np.testing.assert_array_equal(np.asarray(tensor), [[1.0, 2.0]])
    np.testing.assert_array_equal(np.from_dlpack(tensor), [[1.0, 2.0]])
    assert np.asarray(tensor, dtype=np.float32).dtype == np.float32
    assert tensor.tolist() == [[1.0, 2.0]] and len(tensor) == 1
    assert repr(tensor) == "Tensor(shape=(1, 2), dtype=float64, numpy=[[1., 2.]])"


def test_a_tensor_cannot_be_written_to():
    source = np.ones(2)
    tensor = ct.Tensor([1.0, 1.0])
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(tensor)[0] = 5
    tensor.numpy()[0] = 5
    result = T.multiply(source, 1.0)
    source[0] = 7
    assert tensor.tolist() == [1.0, 1.0] and result.tolist() == [1.0, 1.0]


def test_scalars_convert_to_python_numbers():
    assert float(ct.Tensor(2.5)) == 2.5 and int(ct.Tensor(3)) == 3 and bool(ct.Tensor(True))
    assert [10, 20, 30][ct.Tensor(1)] == 20
    assert f"{ct.Tensor(1.23456):.2f}" == "1.23"
    with pytest.raises(TypeError, match="integer scalar"):
        [1, 2][ct.Tensor(1.0)]
    with pytest.raises(ValueError):
        bool(ct.Tensor([1, 2]))


def test_numpy_arrays_leave_operators_to_tensors():
    tensor = ct.Tensor([1.0, 2.0])
    for result in (
        np.ones(2) + tensor,
        np.float64(2) * tensor,
        np.ones(2) < tensor,
        [1, 2] - tensor,
        2**tensor,
    ):
        assert isinstance(result, ct.Tensor)
    assert (np.ones(2) + tensor).tolist() == [2.0, 3.0]


def test_equality_is_elementwise_and_hashing_by_identity():
    tensor = ct.Tensor([1.0, 2.0])
    assert (tensor == [1.0, 3.0]).tolist() == [True, False]
    assert (tensor != tensor).tolist() == [False, False]
    assert (np.array([1.0, 3.0]) == tensor).tolist() == [True, False]
    assert tensor != None and tensor in {tensor}  # noqa: E711


def test_python_numbers_are_weak():
    assert (ct.Tensor(np.float32(1)) * 2.5).dtype == "float32"
    assert (ct.Variable([1, 2]) * 1.5).dtype == "float64"


def test_tensors_and_variables_pickle_and_copy():
    tensor, variable = ct.Tensor([1.0, 2.0]), ct.Variable([3.0], name="v", trainable=False)
    assert pickle.loads(pickle.dumps(tensor)).tolist() == [1.0, 2.0]
    again = pickle.loads(pickle.dumps(variable))
    assert again.tolist() == [3.0] and again.name == "v" and not again.trainable
    other = copy.deepcopy(variable)
    other.assign([4.0])
    assert variable.tolist() == [3.0]


def test_variables_are_assigned():
    v = ct.Variable(np.zeros((2, 2), np.float32), name="v")
    assert v.assign(np.ones((2, 2))) is v and v.dtype == "float32" and v.shape == (2, 2)
    v.assign_add(np.ones((2, 2)))
    v.assign_sub(ct.Tensor(0.5) * np.ones((2, 2)))
    np.testing.assert_array_equal(v.numpy(), np.full((2, 2), 1.5, np.float32))
    assert isinstance(v.value(), ct.Tensor) and isinstance(v + 1, ct.Tensor)


def test_the_initial_value_of_a_variable_is_copied():
    source = np.ones(2)
    v = ct.Variable(source)
    source[0] = 9
    assert v.tolist() == [1.0, 1.0]
    assert ct.Variable(lambda: [1, 2], dtype="float32").dtype == "float32"


def test_a_tensor_read_from_a_variable_keeps_its_value():
    v = ct.Variable([1.0, 2.0])
    before = v.value()
    step = ct.jit(lambda: v.assign_add([1.0, 1.0]).value())
    step()
    v.assign_add([1.0, 1.0])
    assert before.tolist() == [1.0, 2.0] and v.tolist() == [3.0, 4.0]


def test_in_place_operators_rebind():
    v = ct.Variable([1.0])
    w = v
    w += 1
    assert isinstance(w, ct.Tensor) and v.tolist() == [1.0]


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (np.zeros(3), ShapeError, r"variable 'v': expected a value of shape \(2,\), got \(3,\)"),
        (np.zeros(2, complex), DTypeError, "variable 'v': expected a value of float64, got complex128"),
    ],
)
def test_what_does_not_fit_is_not_assigned(value, error, message):
    v = ct.Variable([1.0, 2.0], name="v")
    with pytest.raises(error, match=message):
        v.assign(value)
    assert v.tolist() == [1.0, 2.0]


def test_a_symbolic_value_cannot_be_assigned():
    with pytest.raises(TypeError, match="symbolic"):
        ct.Variable([1.0, 2.0]).assign(T.vector("x"))


def test_a_symbolic_program_reads_a_variable_anew_in_every_call():
    v = ct.Variable([1.0, 2.0])
    x = T.vector("x")
    f = ct.function([x], x + v)
    v.assign([10.0, 20.0])
    assert f([1.0, 1.0]).tolist() == [11.0, 21.0]


def test_threads_do_not_see_each_others_traces():
    seen = []
    inside, done = threading.Event(), threading.Event()

    @ct.jit
    def slow(x):
        inside.set()
        assert done.wait(10)
        return x + 1

    def other():
        assert inside.wait(10)
        seen.append(T.exp(np.zeros(2)))
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    slow(np.zeros(2))
    thread.join()
    assert isinstance(seen[0], ct.Tensor)


def test_convert_to_tensor():
    assert ct.convert_to_tensor([1, 2], dtype="float32").dtype == "float32"
    x = T.vector("x")
    assert ct.convert_to_tensor(x) is x
    with pytest.raises(DTypeError):
        ct.convert_to_tensor(object())


def test_grad_of_a_function_is_refused():
    with pytest.raises(TypeError, match="GradientTape"):
        ct.grad(lambda x: x, T.vector("x"))
