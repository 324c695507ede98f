"""Kernels specialised to a small B: right for every size they are chosen for."""

from __future__ import annotations

import numpy as np
import pytest
from contraction_harness import Array, arranged, kernel_for
from hypothesis import given, settings
from hypothesis import strategies as st
from test_shared import check, check_epilogue, matrix

from croton.codegen.contraction import ContractionSpec, contraction_kernel
from croton.codegen.contraction.spec import Layout

LAYOUTS: tuple[Layout, ...] = ("row", "column", "any")


def multiply(spec: ContractionSpec, m: int, k: int, threads: int = 1, seed: int = 0) -> None:
    assert spec.n is not None
    a = arranged(matrix(spec.dtype, (m, k), seed), spec.a_layout, gap=seed % 3)
    b = arranged(matrix(spec.dtype, (k, spec.n), seed + 1), spec.b_layout, gap=seed % 2)
    outcome = kernel_for(spec)(a, b, threads=threads, c_gap=seed % 4)
    check(outcome, a, b)
    check_epilogue(outcome)


@pytest.mark.parametrize(
    ("spec", "special"),
    [
        (ContractionSpec("float32", None, 5, 10, "row", "row"), True),
        (ContractionSpec("float64", 10, 5, None, "column", "row"), True),
        (ContractionSpec("float32", None, 64, 16, "row", "column"), True),
        (ContractionSpec("float32", None, 512, 784, "row", "row"), False),
        (ContractionSpec("float32", None, None, 4, "row", "row"), False),
        (ContractionSpec("float32", None, 1, 4, "row", "row"), False),
        (ContractionSpec("int32", None, 5, 10, "row", "row"), False),
        (ContractionSpec("bfloat16", None, 5, 10, "row", "row"), False),
    ],
)
def test_a_small_b_of_known_width_gets_a_kernel_of_its_own(spec: ContractionSpec, special: bool) -> None:
    assert contraction_kernel(spec).shared is not special


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [2, 3, 4, 5, 7, 8, 9, 12, 13, 16])
def test_every_width(dtype: str, n: int) -> None:
    spec = ContractionSpec(dtype, None, n, 11, "row", "row")
    for m in (0, 1, 2, 5, 8, 31):
        multiply(spec, m, 11, seed=m)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("a_layout", LAYOUTS)
@pytest.mark.parametrize("b_layout", LAYOUTS)
def test_every_layout(dtype: str, a_layout: Layout, b_layout: Layout) -> None:
    spec = ContractionSpec(dtype, None, 10, 6, a_layout, b_layout)
    assert not contraction_kernel(spec).shared
    for m in (1, 9, 40):
        multiply(spec, m, 6, seed=m)


@pytest.mark.parametrize("m", [1, 2, 3, 7, 10, 13, 50])
@pytest.mark.parametrize("a_layout", ["row", "column"])
def test_known_rows_and_unknown_steps(m: int, a_layout: Layout) -> None:
    """The gradient of a small layer: k is the batch."""
    spec = ContractionSpec("float32", m, 5, None, a_layout, "row")
    for k in (0, 1, 2, 255, 256, 257, 1000):
        multiply(spec, m, k, seed=k)


@pytest.mark.parametrize(("n", "k"), [(64, 16), (257, 3), (4096, 1), (100, 16), (40, 0)])
def test_few_steps_and_many_columns(n: int, k: int) -> None:
    spec = ContractionSpec("float32", None, n, k, "row", "row")
    assert not contraction_kernel(spec).shared
    for m in (1, 6, 20):
        multiply(spec, m, k, seed=m)


@settings(max_examples=12, deadline=None)
@given(
    dtype=st.sampled_from(["float32", "float64"]),
    m=st.integers(0, 60),
    n=st.integers(2, 16),
    k=st.integers(0, 600),
    known=st.tuples(st.booleans(), st.booleans()),
    a_layout=st.sampled_from(LAYOUTS),
)
def test_any_thin_product(
    dtype: str, m: int, n: int, k: int, known: tuple[bool, bool], a_layout: Layout
) -> None:
    spec = ContractionSpec(dtype, m if known[0] else None, n, k if known[1] else None, a_layout, "row")
    multiply(spec, m, k, seed=m)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_threads_and_runs_do_not_show_in_the_bits(dtype: str) -> None:
    spec = ContractionSpec(dtype, None, 10, 64, "row", "row")
    a, b = matrix(dtype, (3001, 64), 1), matrix(dtype, (64, 10), 2)
    first = kernel_for(spec)(a, b)
    for threads in (1, 2, 5):
        again = kernel_for(spec)(a, b, threads=threads)
        assert again.regions == 1
        assert again.c.tobytes() == first.c.tobytes()
        check_epilogue(again)
    check(first, a, b)


@pytest.mark.parametrize("count", [0, 1, 7, 130])
def test_batches(count: int) -> None:
    spec = ContractionSpec("float32", None, 16, 64, "row", "row")
    a, b = matrix("float32", (count, 64, 64), 3), matrix("float32", (count, 64, 16), 4)
    for threads in (1, 2):
        outcome = kernel_for(spec)(a, b, threads=threads)
        check(outcome, a, b)
        check_epilogue(outcome)


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("m", [1, 9])
def test_nan_and_infinity_reach_what_they_touch(special: float, m: int) -> None:
    spec = ContractionSpec("float32", None, 5, 7, "row", "row")
    a: Array = np.zeros((m, 7), np.float32)
    b: Array = np.ones((7, 5), np.float32)
    a[m - 1, 6], b[0, 3] = special, special
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(kernel_for(spec)(a, b).c, a @ b)


def test_two_kernels_share_a_unit() -> None:
    """The texts of several kernels can follow one another, whatever is built from them."""
    from contraction_harness import ABI, build

    specs = [
        ContractionSpec(dtype, None, n, 4, "row", "row") for dtype in ("float32", "float64") for n in (3, 5)
    ]
    kernels = [contraction_kernel(spec) for spec in specs]
    assert len({kernel.function for kernel in kernels}) == len(kernels)
    users = [
        f"void *use_{i}(void) {{ return (void *){kernel.function}; }}\n" for i, kernel in enumerate(kernels)
    ]
    build(ABI.read_text() + "".join(kernel.source for kernel in kernels) + "".join(users))
