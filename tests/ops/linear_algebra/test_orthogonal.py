"""QR factorisations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .stacks import DTYPES, adjoint, all_computed, close, dense

L = T.linalg


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (5, 3), (3, 5), (0, 0), (3, 0), (0, 2), (1, 1)])
def test_every_mode_agrees_with_numpy(dtype: str, rows: int, columns: int) -> None:
    a = dense(dtype, 2, rows, columns)

    def build(a: Any) -> list[Any]:
        return [*L.qr(a), *L.qr(a, "complete"), L.qr(a, "r")]

    results = all_computed(build, a)
    wanted = [*np.linalg.qr(a), *np.linalg.qr(a, "complete"), np.linalg.qr(a, "r")]
    for number, (result, expected) in enumerate(zip(results, wanted, strict=True)):
        close(result, expected, f"output {number}", factor=5)
    close(results[2] @ results[3], a)
    close(adjoint(results[2]) @ results[2], np.broadcast_to(np.eye(rows), (2, rows, rows)))


def test_a_complete_q_of_a_tall_matrix_has_no_gradient() -> None:
    a = T.tensor("float64", shape=(4, 2))
    with pytest.raises(TypeError, match='mode "complete" has no gradient'):
        ct.grad(T.sum(L.qr(a, "complete")[0]), a)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="mode must be"):
        L.qr(np.eye(2), "economic")
    with pytest.raises(ValueError, match="expected a matrix"):
        L.qr(np.ones(2))
