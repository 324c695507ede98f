"""`f.export(folder)`: C that builds without Python and computes the same."""

from __future__ import annotations

import ctypes
import subprocess

import numpy as np
import pytest
from typer.testing import CliRunner

import croton as ct
import croton.tensor as T
from croton.cli.commands import app
from croton.toolchain import find_compiler

STRICT = ["-O1", "-march=native", "-ffp-contract=off", "-fopenmp-simd", "-Wall", "-Wextra", "-Werror"]


def library(folder):
    """The exported files, built as strictly as can be into a shared library."""
    sources = sorted(path.name for path in folder.glob("*.c") if path.name != "main.c")
    command = [*find_compiler().command, *STRICT, "-shared", "-fPIC", "-o", "all.so", *sources]
    subprocess.run(command, cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "all.so"))


def struct(*members):
    """A struct of arrays given as (name, rank)."""
    fields = []
    for name, rank in members:
        fields += [(name, ctypes.c_void_p), (f"{name}_shape", ctypes.c_int64 * max(rank, 1))]
    return type("Struct", (ctypes.Structure,), {"_fields_": fields})


def put(inputs, name, array):
    setattr(inputs, name, array.ctypes.data)
    getattr(inputs, f"{name}_shape")[:] = array.shape or (0,)


def take(outputs, name, dtype, rank):
    shape = tuple(getattr(outputs, f"{name}_shape")[:rank])
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(ctypes.string_at(getattr(outputs, name), size), dtype).reshape(shape)


def error(compiled):
    compiled.train_error.restype = ctypes.c_char_p
    return compiled.train_error().decode()


@pytest.fixture(scope="module")
def train():
    """A training step: state, indices, a size found while running, a large constant."""
    x, t = T.fmatrix("x"), T.ivector("t")
    w, b = ct.shared(np.full((5, 2), 0.1, np.float32), "w"), ct.shared(np.zeros(2, np.float32), "b")
    y = T.nnet.softmax(T.dot(x * np.linspace(0, 1, 5, dtype=np.float32), w) + b)
    loss = -T.mean(T.log(y)[T.arange(t.shape[0]), t])
    steps = [(p, p - np.float32(0.1) * g) for p, g in zip((w, b), ct.grad(loss, [w, b]), strict=True)]
    return ct.function([x, t], [loss, y, T.nonzero(T.gt(y, 0.5))[0]], updates=steps, name="train"), w


@pytest.fixture(scope="module")
def compiled(train, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    train[0].export(folder)
    return library(folder)


X = np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32)


def test_results_and_state_are_the_same_call_after_call(train, compiled):
    f, w = train
    inputs, outputs = struct(("x", 2), ("t", 1))(), struct(("output0", 0), ("output1", 2), ("output2", 1))()
    labels = np.array([0, 1, 1, 0], np.int32)
    state = ctypes.POINTER(ctypes.c_float).in_dll(compiled, "train_w")
    for size in (4, 3, 4):
        put(inputs, "x", X[:size])
        put(inputs, "t", labels[:size])
        assert compiled.train(ctypes.byref(inputs), ctypes.byref(outputs)) == 0
        loss, y, large = f(X[:size], labels[:size])
        np.testing.assert_allclose(take(outputs, "output0", np.float32, 0), loss, rtol=1e-6)
        np.testing.assert_allclose(take(outputs, "output1", np.float32, 2), y, rtol=1e-6)
        np.testing.assert_array_equal(take(outputs, "output2", np.int64, 1), large)
        np.testing.assert_allclose(np.ctypeslib.as_array(state, (5, 2)), w.get_value(), rtol=1e-6, atol=1e-7)
        compiled.train_free(ctypes.byref(outputs))
        assert outputs.output1 is None


def test_failures_say_what_is_wrong_and_change_nothing(compiled):
    inputs, outputs = struct(("x", 2), ("t", 1))(), struct(("output0", 0), ("output1", 2), ("output2", 1))()
    state = ctypes.POINTER(ctypes.c_float).in_dll(compiled, "train_w")
    before = np.ctypeslib.as_array(state, (5, 2)).copy()
    put(inputs, "x", X)
    put(inputs, "t", np.array([0, 1, 7, 0], np.int32))
    assert compiled.train(ctypes.byref(inputs), ctypes.byref(outputs)) != 0
    assert "index 7 is out of range" in error(compiled)
    assert "test_export.py" in error(compiled)
    put(inputs, "x", X[:, :3])
    assert compiled.train(ctypes.byref(inputs), ctypes.byref(outputs)) != 0
    assert "5 and 3" in error(compiled) or "3 and 5" in error(compiled)
    np.testing.assert_array_equal(np.ctypeslib.as_array(state, (5, 2)), before)


def test_the_example_builds_with_make_and_runs(train, tmp_path):
    f, _ = train
    files = f.export(tmp_path / "new" / "folder", "my step")
    assert {path.name for path in files} >= {"my_step.h", "my_step.c", "main.c", "Makefile", "my_step.bin"}
    folder = tmp_path / "new" / "folder"
    subprocess.run(["make", "CFLAGS=-O1 -fopenmp-simd -fopenmp", "LDFLAGS=-fopenmp"], cwd=folder, check=True)
    shown = subprocess.run([folder / "example"], capture_output=True, text=True, check=True).stdout
    assert shown.startswith("output0: 0.")
    assert "output1: 0." in shown


def test_what_needs_python_is_refused(tmp_path):
    x = T.dvector("x")
    with pytest.raises(TypeError, match="export: print can only be computed by Python"):
        ct.function([x], T.print_(x)).export(tmp_path)
    with pytest.raises(TypeError, match="interpreted"):
        ct.function([x], x + 1, mode="interpret").export(tmp_path)
    assert list(tmp_path.iterdir()) == []


class TestCommand:
    PROGRAM = (
        "import croton as ct, croton.tensor as T\nx = T.dvector('x')\nf = ct.function([x], x * 2)\nn = 3\n"
    )

    def test_writes_the_files_and_names_them(self, tmp_path):
        (tmp_path / "program.py").write_text(self.PROGRAM)
        result = CliRunner().invoke(
            app, ["export", f"{tmp_path}/program.py:f", str(tmp_path / "out"), "--name", "twice"]
        )
        assert result.exit_code == 0, result.output
        assert (tmp_path / "out" / "twice.h").exists()
        assert "twice.c" in result.output

    @pytest.mark.parametrize(
        ("what", "said"),
        [
            ("{}:n", "is a int"),
            ("{}:g", "cannot load"),
            ("nowhere:f", "cannot load"),
            ("{}", "expected MODULE:NAME"),
        ],
    )
    def test_says_what_it_cannot_load(self, tmp_path, what, said):
        (tmp_path / "program.py").write_text(self.PROGRAM)
        place = what.format(tmp_path / "program.py")
        result = CliRunner().invoke(app, ["export", place, str(tmp_path / "out")])
        assert result.exit_code == 2
        assert said in " ".join(result.output.replace("│", " ").split())
