"""SavedModels: what TensorFlow computes from a translated graph is what Croton does.

`make conformance` runs these too, in its environment, which has TensorFlow.
"""

import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

import croton.tensor as T

tf = pytest.importorskip("tensorflow")

from croton.frontends.trace import ArrayPattern, trace  # noqa: E402
from croton.graph.dtypes import as_dtype  # noqa: E402
from croton.ops.elementwise import FUNCTIONS, elementwise  # noqa: E402
from keras_croton.tensorflow_graphs import Translation, UntranslatableError, scalars  # noqa: E402

GENERATOR = np.random.default_rng(1)
X = GENERATOR.normal(size=(3, 4)).astype(np.float32)
CUBE = GENERATOR.normal(size=(2, 3, 4)).astype(np.float32)
IMAGE = GENERATOR.normal(size=(2, 7, 6, 4)).astype(np.float32)
COUNTS = np.array([3, 0, 2], np.int64)


def in_tensorflow(function: Callable[..., Any], *arrays: np.ndarray, known: bool = False) -> list[np.ndarray]:
    """What TensorFlow computes from the graph of a function, of which no size is known unless `known`."""
    shapes = [array.shape if known else (None,) * array.ndim for array in arrays]
    patterns = [ArrayPattern(as_dtype(a.dtype), shape) for a, shape in zip(arrays, shapes, strict=True)]
    traced = trace(lambda given: function(*given), patterns, [f"x{i}" for i in range(len(arrays))])
    specs = [tf.TensorSpec(shape, array.dtype) for array, shape in zip(arrays, shapes, strict=True)]

    @tf.function(input_signature=specs, autograph=False)
    def compiled(*tensors: Any) -> Any:
        graph = traced.graph
        return Translation(dict(zip(graph.inputs, tensors, strict=True))).outputs(graph)

    return [output.numpy() for output in compiled(*(tf.constant(array) for array in arrays))]


def check(function: Callable[..., Any], *arrays: np.ndarray, rtol: float = 2e-5) -> None:
    expected = function(*map(ops.convert_to_tensor, arrays))
    expected = expected if isinstance(expected, (list, tuple)) else [expected]
    for known in (False, True):
        found = in_tensorflow(function, *arrays, known=known)
        for one, other in zip(found, expected, strict=True):
            wanted = np.asarray(other)
            assert one.dtype == wanted.dtype
            np.testing.assert_allclose(one, wanted, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize("name", sorted(scalars.functions()))
def test_scalar_functions(name: str) -> None:
    function = FUNCTIONS[name]
    kind = next(kind for kind in "fibc" if kind in function.kinds)
    values = {
        "f": np.array([0.3, 0.9, 0.5, 0.25], np.float32),
        "i": np.array([1, 3, 2, 0], np.int32),
        "b": np.array([True, False, True, False]),
        "c": np.array([1 + 2j, 0.5j, 3, -1 - 1j], np.complex64),
    }[kind]
    if name in ("arccosh", "polygamma"):
        values = np.array([1, 2, 3, 4], np.float32)
    operands = [np.roll(values, number) for number in range(function.arity)]
    if name == "polygamma":
        operands[0] = np.ones(4, np.float32)
    check(lambda *given: elementwise(name, *given), *operands)


EDGES = np.array(
    [-40, -12.3, -2.5, -1, -0.5, -0.001, -0.0, 0, 0.3, 2.5, 40, np.inf, -np.inf, np.nan], np.float32
)
WITH_EDGES = ["gamma", "digamma", "trigamma", "log_ndtr", "exprel", "log1prel", "sinc_unnormalized", "sinhc"]
WITH_EDGES += ["sqrt1pm1", "heaviside", "xlogy", "xlog1py", "floor_divide", "remainder", "fmod", "logaddexp"]


@pytest.mark.parametrize("name", WITH_EDGES)
def test_scalar_functions_of_negative_and_infinite_numbers(name: str) -> None:
    operands = [EDGES[:, None], EDGES[None, :]][: FUNCTIONS[name].arity]
    with np.errstate(all="ignore"):
        check(lambda *given: elementwise(name, *given), *operands, rtol=2e-4)


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod"])
def test_integers_divided_by_zero(name: str) -> None:
    numbers = np.arange(-3, 4, dtype=np.int32)
    with np.errstate(all="ignore"):
        check(lambda *given: elementwise(name, *given), numbers[:, None], numbers[None, :])


@pytest.mark.parametrize(
    "name", ["add", "multiply", "maximum", "minimum", "less", "bitwise_xor", "bitwise_not"]
)
def test_functions_of_bools(name: str) -> None:
    operands = [np.array([True, True, False, False]), np.array([True, False, True, False])]
    check(lambda *given: elementwise(name, *given), *operands[: FUNCTIONS[name].arity])


ARRAYS: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "cast": (lambda x: T.cast(x * 3, "int32"), (X,)),
    "real part": (lambda x: T.cast(x, "float32"), (X.astype(np.complex64),)),
    "where": (lambda x: T.where(x > 0, x, -2 * x), (X,)),
    "reshape": (lambda x: T.reshape(x, (-1, 2)), (X,)),
    "flatten": (lambda x: T.reshape(x, (x.shape[0], -1)), (CUBE,)),
    "transpose": (lambda x: T.transpose(x, (2, 0, 1)), (CUBE,)),
    "broadcast": (lambda x: T.broadcast_to(x, (5, *X.shape)), (X,)),
    "concatenate": (lambda x, y: T.concatenate([x, y], 1), (X, X[:, :2])),
    "slice": (lambda x: x[1:, ::2], (X,)),
    "slice backwards": (lambda x: x[::-1, 3:0:-2], (X,)),
    "a row": (lambda x: x[1], (X,)),
    "update": (lambda x: x.at[1:, :2].set(5.0), (X,)),
    "increment": (lambda x: x.at[::2].add(x[:2]), (X,)),
    "dynamic slice": (lambda x, i: ops.slice(x, (i, 0), (2, 4)), (X, np.array(1))),
    "gather": (lambda x, i: T.take(x, i, 1), (X, np.array([[0, -1], [2, 2]]))),
    "gather several": (lambda x, i, j: x[i, :, j], (CUBE, np.array([0, 1]), np.array([3, -1]))),
    "clipped": (lambda x, i: T.take(x, i, 0, mode="clip"), (X, np.array([-5, 9]))),
    "wrapped": (lambda x, i: T.take(x, i, 0, mode="wrap"), (X, np.array([-5, 9]))),
    "scatter": (lambda x, i: T.segment_sum(x, i, 4), (X, np.array([3, 0, 3]))),
    "scatter maximum": (lambda x, i: T.segment_max(x, i, 4), (X, np.array([3, 0, 3]))),
    "sum": (lambda x: T.sum(x, (0, 2)), (CUBE,)),
    "mean": (lambda x: T.mean(x, -1, keepdims=True), (CUBE,)),
    "variance": (lambda x: T.var(x), (CUBE,)),
    "maximum": (lambda x: T.max(x, 1), (CUBE,)),
    "product": (lambda x: T.prod(x, 0), (CUBE,)),
    "any": (lambda x: T.any(x > 1, 1), (CUBE,)),
    "all": (lambda x: T.all(x > -1, 1), (CUBE,)),
    "argmax": (lambda x: T.argmax(x, 1), (CUBE,)),
    "dot": (lambda x: T.dot(x, T.transpose(x)), (X,)),
    "batched product": (lambda x: T.matmul(x, T.swapaxes(x, 1, 2)), (CUBE,)),
    "einsum": (lambda x, y: T.einsum("ijk,lk->lij", x, y), (CUBE, X)),
    "diagonal": (lambda x: T.diagonal(x, 0, 0, 1), (CUBE[:, :2],)),
    "softmax": (lambda x: T.nnet.softmax(x), (X,)),
    "softmax over axes": (lambda x: ops.softmax(x, (0, 2)), (CUBE,)),
    "log softmax": (lambda x: ops.log_softmax(x, 1), (CUBE,)),
    "logsumexp": (lambda x: ops.logsumexp(x, 1), (CUBE,)),
    "running sum": (lambda x: T.cumsum(x, 1), (CUBE,)),
    "running product": (lambda x: T.cumprod(x, 2), (CUBE,)),
    "sort": (lambda x: T.sort(x, 1), (CUBE,)),
    "argsort": (lambda x: T.argsort(x, 0), (CUBE,)),
    "top k": (lambda x: list(T.top_k(x, 2)), (X,)),
    "nonzero": (lambda x: T.sum(T.flatnonzero(x > 0)), (X,)),
    "searchsorted": (lambda x, v: T.searchsorted(x, v), (np.sort(X[0]), X)),
    "bincount": (lambda x: ops.bincount(x, minlength=5), (COUNTS,)),
    "repeat": (lambda x, n: T.repeat(x, n, 0), (X, COUNTS)),
    "bits": (lambda x: T.bitcast(x, "int32"), (X,)),
    "smaller bits": (lambda x: T.bitcast(x, "int16"), (X,)),
    "larger bits": (lambda x: T.bitcast(x, "int64"), (X,)),
    "norm": (lambda x: ops.norm(x, axis=-1), (X,)),
    "stop gradient": (lambda x: ops.stop_gradient(x), (X,)),
}


UNORDERED = np.array([[3, np.nan, 1, 3, -np.inf, 2, 1], [0, -0.0, 5, np.nan, np.inf, 5, 2]], np.float32)
ORDERED: dict[str, np.ndarray] = {
    "floats": UNORDERED,
    "float64": UNORDERED.astype(np.float64),
    "float16": UNORDERED.astype(np.float16),
    "int32": np.array([[3, 0, -(2**31), 3, 2**31 - 1, 2]], np.int32),
    "uint8": np.array([[3, 0, 255, 3, 1]], np.uint8),
    "bool": np.array([[True, False, True, False]]),
}


@pytest.mark.parametrize("kind", sorted(ORDERED))
def test_orders_of_every_kind_of_number(kind: str) -> None:
    def orders(x: Any) -> list[Any]:
        return [T.argsort(x, axis=1), ops.sort(x, axis=1), *ops.top_k(x, 3), T.topk(x, -3), T.argtopk(x, -3)]

    check(orders, ORDERED[kind])


@pytest.mark.parametrize("kind", ["int32", "uint8", "bool"])
def test_extremes_of_every_kind_of_number(kind: str) -> None:
    check(lambda x: [ops.max(x, axis=1), ops.min(x, axis=1), ops.argmax(x, axis=1)], ORDERED[kind])


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint32", "int64"])
def test_products_of_matrices_of_every_kind_of_number(dtype: str) -> None:
    x = (np.arange(12).reshape(3, 4) * 29 % 7).astype(dtype)
    check(lambda x: ops.matmul(x, ops.transpose(x)), x)


@pytest.mark.parametrize("name", ARRAYS)
def test_functions_of_arrays(name: str) -> None:
    function, arrays = ARRAYS[name]
    check(function, *arrays)


def convolved(x: Any, filters: int = 6, kernel: tuple[int, ...] = (3, 2), **options: Any) -> Any:
    groups = options.pop("groups", 1)
    weights = np.linspace(-1, 1, int(np.prod(kernel)) * x.shape[-1] // groups * filters, dtype=np.float32)
    weights = weights.reshape(*kernel, x.shape[-1] // groups, filters)
    return ops.conv(x, weights, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"padding": "valid"},
        {"padding": "same"},
        {"padding": "same", "strides": 2},
        {"padding": "valid", "dilation_rate": 2},
        {"padding": "same", "groups": 2},
    ],
)
def test_convolutions(options: dict[str, Any]) -> None:
    (found,) = in_tensorflow(lambda x: convolved(x, **options), IMAGE, known=True)
    np.testing.assert_allclose(found, convolved(ops.array(IMAGE), **options), rtol=1e-4, atol=1e-5)


LAYERS: dict[str, tuple[Callable[[], Any], tuple[int | None, ...]]] = {
    "dense": (lambda: keras.layers.Dense(3, activation="gelu"), (None, 4)),
    "conv1d": (lambda: keras.layers.Conv1D(3, 2, padding="causal", dilation_rate=2), (None, 5, 4)),
    "conv2d": (lambda: keras.layers.Conv2D(3, 3, 2, padding="same", activation="relu"), (None, 7, None, 2)),
    "conv3d": (lambda: keras.layers.Conv3D(2, 2), (None, 4, 5, 3, 2)),
    "separable": (lambda: keras.layers.SeparableConv2D(3, 3), (None, 7, 6, 2)),
    "depthwise": (lambda: keras.layers.DepthwiseConv2D(3, padding="same"), (None, 7, 6, 2)),
    "channels first": (lambda: keras.layers.Conv2D(3, 3, data_format="channels_first"), (None, 2, 7, 6)),
    "transposed": (lambda: keras.layers.Conv2DTranspose(3, 3, 2, padding="same"), (None, 4, 5, 2)),
    "transposed 1d": (lambda: keras.layers.Conv1DTranspose(3, 4, 3, padding="valid"), (None, 5, 2)),
    "maxima": (lambda: keras.layers.MaxPooling2D(3, 2, padding="same"), (None, 7, None, 2)),
    "means": (lambda: keras.layers.AveragePooling2D(3, 2, padding="same"), (None, 7, None, 2)),
    "global": (lambda: keras.layers.GlobalAveragePooling1D(), (None, None, 2)),
    "normalised": (lambda: keras.layers.BatchNormalization(), (None, 4)),
    "layer norm": (lambda: keras.layers.LayerNormalization(), (None, 5, 4)),
    "group norm": (lambda: keras.layers.GroupNormalization(2), (None, 5, 4)),
    "lstm": (lambda: keras.layers.LSTM(3, return_sequences=True), (None, None, 4)),
    "gru": (lambda: keras.layers.GRU(3, go_backwards=True), (None, 5, 4)),
    "bidirectional": (lambda: keras.layers.Bidirectional(keras.layers.LSTM(3)), (None, 5, 4)),
    "resizing": (lambda: keras.layers.Resizing(5, 4), (None, 7, 6, 2)),
    "upsampling": (lambda: keras.layers.UpSampling2D(2), (None, 3, 4, 2)),
    "padding": (lambda: keras.layers.ZeroPadding2D(((1, 2), (0, 1))), (None, 3, 4, 2)),
    "permute": (lambda: keras.layers.Permute((2, 1)), (None, 3, 4)),
    "softmax": (lambda: keras.layers.Softmax(), (None, 4)),
    "discretization": (lambda: keras.layers.Discretization([-1.0, 0.0, 1.0]), (None, 4)),
}


def exported(model: Any, folder: Path) -> Any:
    model.export(folder, verbose=False)
    return tf.saved_model.load(str(folder))


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str, tmp_path: Path) -> None:
    make, shape = LAYERS[name]
    model = keras.Sequential([keras.Input(shape[1:]), make()])
    loaded = exported(model, tmp_path)
    for batch, unknown in ((2, 9), (3, 6)):
        sizes = [batch, *(unknown if size is None else size for size in shape[1:])]
        x = GENERATOR.normal(size=sizes).astype(np.float32)
        np.testing.assert_allclose(loaded.serve(x).numpy(), model(x), rtol=2e-4, atol=1e-5)


def test_embeddings_and_attention(tmp_path: Path) -> None:
    words = keras.Input((5,), dtype="int32")
    x = keras.layers.Embedding(7, 8, mask_zero=True)(words)
    x = keras.layers.MultiHeadAttention(2, 4)(x, x)
    model = keras.Model(words, keras.layers.Dense(2, activation="softmax")(x))
    loaded = exported(model, tmp_path)
    numbers = np.array([[1, 2, 0, 3, 6], [5, 0, 0, 0, 0]], np.int32)
    np.testing.assert_allclose(loaded.serve(numbers).numpy(), model(numbers), rtol=1e-4, atol=1e-6)


def test_random_numbers_are_the_same_bits_and_go_on(tmp_path: Path) -> None:
    class Noise(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.seed = keras.random.SeedGenerator(3)

        def call(self, x: Any) -> Any:
            shape = ops.shape(x)
            uniform = keras.random.uniform(shape, seed=self.seed)
            return (
                x + uniform,
                keras.random.normal(shape, seed=self.seed),
                keras.random.randint(shape, 0, 1000, seed=self.seed),
            )

    model = keras.Sequential([keras.Input((5,)), Noise()])
    loaded = exported(model, tmp_path)
    x = np.zeros((3, 5), np.float32)
    for _ in range(2):
        for found, expected in zip(loaded.serve(x), model(x), strict=True):
            np.testing.assert_allclose(found.numpy(), expected, rtol=2e-5, atol=1e-6)


def test_loops_and_branches() -> None:
    def function(x: Any) -> Any:
        doubled = ops.while_loop(lambda x: ops.sum(x) < 100, lambda x: (x * 2,), (x,))[0]
        chosen = ops.cond(ops.sum(x) > 0, lambda: x + 1, lambda: x - 1)
        _, totals = ops.scan(lambda total, row: (total + row, total * row), ops.zeros((4,)), x)
        return doubled, chosen, totals

    check(function, np.abs(X))


def test_an_operation_without_a_counterpart_is_named() -> None:
    with pytest.raises(UntranslatableError, match="has no counterpart in TensorFlow"):
        in_tensorflow(T.linalg.eigvalsh, X[:, :3])


def test_a_saved_model_runs_without_keras_and_croton(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.export(tmp_path / "model", verbose=False)
    script = inspect.cleandoc(
        f"""
        import sys
        import numpy as np
        import tensorflow as tf
        loaded = tf.saved_model.load({str(tmp_path / "model")!r})
        print(loaded.serve(np.ones((1, 4), np.float32)).numpy().tolist(), "croton" in sys.modules)
        """
    )
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120
    )
    expected = np.asarray(model(np.ones((1, 4), np.float32))).tolist()
    assert result.stdout.split() == [*str(expected).split(), "False"], result.stderr


def test_collections_of_variables_are_those_of_the_layers(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, [keras.InputSpec(shape=(None, 4), dtype="float32")])
    archive.add_variable_collection("kernels", [model.layers[0].kernel])
    with pytest.raises(ValueError, match="Expected `variables` to be a list"):
        archive.add_variable_collection("other", model.layers[0].kernel)
    archive.write_out(tmp_path, verbose=False)
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_array_equal(loaded.kernels[0].numpy(), model.layers[0].kernel)
    assert len(loaded.variables) == 2
