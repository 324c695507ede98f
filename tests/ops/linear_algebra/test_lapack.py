"""Stacks in C: sizes that several threads share, errors among many matrices, and clean C."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.compiler.compile import compile_graph

from .stacks import dense, regular

L = T.linalg


def test_long_stacks_give_the_same_bits_for_any_number_of_threads() -> None:
    from croton.runtime import set_threads, threads

    a = T.tensor3("a")
    function = ct.function([a], [L.inv(a), *L.svd(a), *L.eigh(a), L.expm(a)])
    stack = regular("float64", 6, 500)
    before = threads()
    try:
        set_threads(1)
        alone = function(stack)
        set_threads(4)
        together = function(stack)
    finally:
        set_threads(before)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(alone[0], np.linalg.inv(stack), rtol=1e-9, atol=1e-12)


def test_the_first_of_several_bad_matrices_is_named() -> None:
    a = T.tensor3("a")
    function = ct.function([a], L.inv(a))
    stack = regular("float64", 4, 3000)
    stack[[1234, 1235, 2999]] = 0
    with pytest.raises(np.linalg.LinAlgError, match="number 1234 of the stack"):
        function(stack)


def test_state_stays_as_it_was_when_a_matrix_is_singular() -> None:
    state = ct.shared(np.eye(2), name="state")
    a = T.matrix("a")
    step = ct.function([a], L.inv(a), updates=[(state, state + 1)])
    with pytest.raises(np.linalg.LinAlgError):
        step(np.zeros((2, 2)))
    np.testing.assert_array_equal(state.get_value(), np.eye(2))


def test_factors_are_made_once_for_values_and_gradients() -> None:
    a, b = T.matrix("a"), T.matrix("b")
    x = L.solve(a, b)
    outputs = [x, L.slogdet(a)[1], L.inv(a), *ct.grad(T.sum(x**2) + L.slogdet(a)[1], [a, b])]
    graph = ct.function([a, b], outputs).graph()
    assert sum(equation.op.name == "lu_factor" for equation in graph.equations) == 1


def test_large_matrices() -> None:
    a, b = regular("float64", 150), dense("float64", 150, 3)
    x, y = T.matrix("x"), T.matrix("y")
    solution, values = ct.function([x, y], [L.solve(x, y), L.svdvals(x)])(a, b)
    np.testing.assert_allclose(a @ solution, b, atol=1e-8)
    np.testing.assert_allclose(values, np.linalg.svd(a, compute_uv=False), rtol=1e-10)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="asks gcc for its warnings")
@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_the_c_has_no_warnings(dtype: str, tmp_path: Path) -> None:
    a, b, q = (T.tensor(dtype, shape=(None, None, None)) for _ in range(3))
    decompositions = [*L.qr(q), L.qr(q, "r"), *L.svd(q), L.svdvals(q), *L.eigh(a), L.eigvalsh(b), *L.eig(a)]
    systems = [
        L.solve(a, q),
        L.solve(a, q, assume_a="pos"),
        L.inv(b, on_error="nan"),
        L.solve_sylvester(a, b, q),
    ]
    others = [L.expm(a), L.slogdet(a)[1], L.solve_triangular(a, q, 1), L.cholesky(b, on_error="nan")]
    f = ct.function([a, b, q], [*decompositions, *systems, *others])
    for number, text in enumerate(compile_graph(f.graph(optimized=False)).lowered.code.units):
        source = tmp_path / f"unit{number}.c"
        source.write_text(text)
        flags = ["-fopenmp-simd", "-Wall", "-Wextra", "-Werror", "-c", "-o", str(tmp_path / "unit.o")]
        done = subprocess.run(["gcc", *flags, str(source)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:2000]
