"""Bands: which steps they hold, and that they compute what the steps compute one by one."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.compiler.compile import Request
from croton.graph.graph import Graph
from croton.loops.members import loads
from croton.loops.program import Nest, Product
from croton.ops import base
from croton.runtime import set_threads, threads


@pytest.fixture
def any_threads():
    before = threads()
    yield
    set_threads(before)


def program_of(inputs, outputs):
    return Request(Graph.of(inputs, [base.symbolic(output) for output in outputs])).lowered.program


def kinds(program):
    """The steps of each band by their kinds."""
    return [[type(step).__name__ for step in program.steps[b.first : b.last]] for b in program.bands]


def layer(x, *sizes, name="w"):
    w, b = T.tensor("float32", shape=sizes, name=name), T.tensor("float32", shape=sizes[1:], name=name + "b")
    return T.tanh(x @ w + b), [w, b]


def two_layers(rows=None):
    x = T.tensor("float32", shape=(rows, 20), name="x")
    first, weights = layer(x, 20, 30)
    second, more = layer(first, 30, 10, name="v")
    return x, [*weights, *more], T.softmax(second, axis=1)


def attention(x, heads=2, width=12):
    """Attention of a sequence with itself, and a residual connection: output and weights."""
    weights = [T.tensor("float32", shape=(width, heads, width // heads)) for _ in range(3)]
    query, key, value = (T.einsum("btd,dhe->bthe", x, w) for w in weights)
    scores = T.softmax(T.einsum("bthe,bshe->bhts", query, key), axis=-1)
    mixed = T.einsum("bhts,bshe->bthe", scores, value)
    last = T.tensor("float32", shape=(heads, width // heads, width))
    out = x + T.einsum("bthe,hed->btd", mixed, last)
    centred = out - T.mean(out, axis=-1, keepdims=True)
    return centred / T.sqrt(T.mean(centred**2, axis=-1, keepdims=True) + 1e-6), [*weights, last]


def random(values, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=v.type.shape).astype("f4") / 4 for v in values]


def test_layers_form_one_band():
    x, weights, output = two_layers()
    program = program_of([x, *weights], [output])
    assert kinds(program) == [["Product", "Nest", "Product", "Nest"]]
    (band,) = program.bands
    assert band.count == x.type.shape[0]
    assert band.together == 64
    made = {program.root(output) for output in program.graph.outputs}
    assert len(band.local) == 3 and not band.local & made


def test_a_sample_of_several_rows_goes_alone():
    x = T.tensor("float32", shape=(None, 64, 12))
    output, weights = attention(x)
    (band,) = program_of([x, *weights], [output]).bands
    assert band.count == x.type.shape[0]
    assert band.together == 1


@pytest.mark.parametrize("outside", [0, 1])
def test_what_other_steps_write_parts_of_is_whole(outside):
    """A band reads what is joined of parts, one of which is made before it, for all samples at once."""
    rows = T.tensor("float32", shape=(None, 20)).type.shape[0]
    x, weights, output = two_layers(rows)
    steps = [T.tensor("float32", shape=(5, rows, 3), name=name) for name in "ab"]
    parts = [T.sin(values) for values in steps]
    parts[outside] = parts[outside][::-1]
    w = T.tensor("float32", shape=(6, 4))
    inputs, outputs = [x, *weights, *steps, w], [output, T.tanh(T.concatenate(parts, axis=-1) @ w)]
    (band,) = program_of(inputs, outputs).bands
    assert band.first > 0
    rng = np.random.default_rng(1)
    sizes = [(300, 20), *(value.type.shape for value in weights), (5, 300, 3), (5, 300, 3), (6, 4)]
    arrays = [rng.normal(size=size).astype("f4") for size in sizes]
    computed = ct.function(inputs, outputs)(*arrays)
    for got, expected in zip(computed, ct.function(inputs, outputs, mode="interpret")(*arrays), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_sums_over_samples_are_complete_after_the_band():
    x, weights, output = two_layers()
    total = T.sum(output, axis=0)
    program = program_of([x, *weights], [output * total, total])
    (band,) = program.bands
    final = program.steps[band.last - 1]
    assert isinstance(final, Nest)
    assert any(member.reduced for member in final.members)
    after = program.steps[band.last :]
    assert len(after) == 1


def test_samples_that_see_others_end_a_band():
    x, weights, output = two_layers()
    w = T.tensor("float32", shape=(10, 10))
    shifted = T.tanh(output[1:] @ w)
    program = program_of([x, *weights, w], [shifted])
    assert kinds(program)[0] == ["Product", "Nest", "Product", "Nest"]
    assert all(band.first > 3 for band in program.bands[1:])


def test_large_matrices_stay_outside():
    x, w = T.tensor("float32", shape=(None, 600)), T.tensor("float32", shape=(600, 600))
    assert not program_of([x, w], [T.tanh(x @ w) @ w]).bands


def test_steps_that_do_not_fit_come_before_or_after():
    x, weights, output = two_layers()
    slopes = T.matmul(x.T, output)  # sums over all samples
    other = T.sort(T.tensor("float32", shape=(7,), name="other"))
    program = program_of([x, *weights, other.owner.inputs[0]], [T.exp(output), slopes, other])
    (band,) = program.bands
    products = [n for n, step in enumerate(program.steps) if isinstance(step, Product)]
    assert products[-1] >= band.last
    for number, step in enumerate(
        program.steps
    ):  # the order is one in which everything is made before it is read
        later = [m.value for s in program.steps[number + 1 :] if isinstance(s, Nest) for m in s.members]
        read = (
            [load.data for m in step.members for load in loads(m.expression)]
            if isinstance(step, Nest)
            else []
        )
        assert not {program.root(value) for value in read} & set(later)


@pytest.mark.parametrize("rows", [0, 1, 5, 255, 256, 257, 1000, 9000])
def test_layers_compute_the_same_with_and_without(rows):
    x, weights, output = two_layers()
    outputs = [output, T.sum(output, axis=0), T.max(output), *T.grad(T.sum(output**2), weights)]
    outputs = outputs[:2] if rows == 0 else outputs
    arrays = random(weights)
    given = np.random.default_rng(1).normal(size=(rows, 20)).astype("f4")
    banded = ct.function([x, *weights], outputs)
    plain = ct.function([x, *weights], outputs, mode=ct.Mode().excluding("bands"))
    assert "ct_band_grain" in banded.c_source()
    assert "ct_band_grain" not in plain.c_source()
    for got, expected in zip(banded(given, *arrays), plain(given, *arrays), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-5 * max(1.0, rows**0.5))


@pytest.mark.parametrize("samples", [1, 4, 6, 130])
def test_attention_computes_the_same_with_and_without(samples):
    x = T.tensor("float32", shape=(None, 9, 12))
    first, weights = attention(x)
    second, more = attention(first)
    weights = [*weights, *more]
    outputs = [second, *T.grad(T.sum(T.sin(second)), [x, *weights])]
    arrays = random(weights)
    given = np.random.default_rng(1).normal(size=(samples, 9, 12)).astype("f4")
    banded = ct.function([x, *weights], outputs)
    plain = ct.function([x, *weights], outputs, mode=ct.Mode().excluding("bands"))
    for got, expected in zip(banded(given, *arrays), plain(given, *arrays), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4 * samples)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "int32"])
def test_dtypes(dtype):
    x, w = T.tensor(dtype, shape=(None, 9)), T.tensor(dtype, shape=(9, 9))
    y = (x @ w + w[0]) @ w
    outputs = [y, T.sum(y, axis=0)] if dtype != "float16" else [y]
    rng = np.random.default_rng(2)
    given, matrix = rng.integers(-2, 3, (300, 9)).astype(dtype), rng.integers(-2, 3, (9, 9)).astype(dtype)
    expected = (given @ matrix + matrix[0]) @ matrix
    for got, wanted in zip(
        ct.function([x, w], outputs)(given, matrix), [expected, expected.sum(0)], strict=False
    ):
        np.testing.assert_array_equal(got, wanted)


def test_extremes_and_truth_over_samples():
    x, weights, output = two_layers()
    outputs = [
        T.max(output),
        T.min(output, axis=0),
        T.any(output > 0.4),
        T.all(output > 0.01),
        T.prod(output + 0.9),
    ]
    arrays = random(weights)
    given = np.random.default_rng(1).normal(size=(700, 20)).astype("f4")
    banded = ct.function([x, *weights], outputs)(given, *arrays)
    plain = ct.function([x, *weights], outputs, mode=ct.Mode().excluding("bands"))(given, *arrays)
    for got, expected in zip(banded[:4], plain[:4], strict=True):
        np.testing.assert_array_equal(got, expected)
    given[433, 3] = np.nan
    assert np.isnan(ct.function([x, *weights], outputs)(given, *arrays)[0])


def test_state_is_updated_after_everything_that_reads_it():
    x, weights, output = two_layers()
    shared = [ct.shared(array) for array in random(weights)]
    given = np.random.default_rng(1).normal(size=(512, 20)).astype("f4")
    slopes = T.grad(T.mean(output[:, 0]), weights)
    updates = [(s, w - 0.5 * slope) for s, w, slope in zip(shared, weights, slopes, strict=True)]
    givens = list(zip(weights, shared, strict=True))
    before = [s.get_value() for s in shared]
    outputs = ct.function([x], output, updates=updates, givens=givens)(given)
    after = [s.get_value() for s in shared]
    plain = ct.function([x, *weights], [output, *slopes], mode=ct.Mode().excluding("bands"))(given, *before)
    np.testing.assert_allclose(outputs, plain[0], rtol=1e-5)
    for new, old, slope in zip(after, before, plain[1:], strict=True):
        np.testing.assert_allclose(new, old - 0.5 * slope, rtol=1e-4, atol=1e-6)


def test_bits_do_not_depend_on_threads(any_threads):
    x = T.tensor("float32", shape=(None, 9, 12))
    output, weights = attention(x)
    f = ct.function([x, *weights], [output, T.sum(output, axis=(0, 1)), *T.grad(T.sum(output**3), weights)])
    arrays = [np.random.default_rng(1).normal(size=(77, 9, 12)).astype("f4"), *random(weights)]
    found = set()
    for count in (1, 2, 5, 1, 3):
        set_threads(count)
        found.add(b"".join(result.tobytes() for result in f(*arrays)))
    assert len(found) == 1


def test_known_sizes():
    for rows in (100, 512):
        x, weights, output = two_layers(rows)
        f = ct.function([x, *weights], output)
        assert ("ct_band_grain" in f.c_source()) == (rows == 512)
        given, arrays = np.random.default_rng(1).normal(size=(rows, 20)).astype("f4"), random(weights)
        expected = ct.function([x, *weights], output, mode="interpret")(given, *arrays)
        np.testing.assert_allclose(f(given, *arrays), expected, rtol=1e-5)
