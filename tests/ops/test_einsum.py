"""Einstein summation as NumPy's einsum does it."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

from .agreement import check_gradients, computed, sample

CASES = [
    ("ij,jk->ik", (3, 4), (4, 5)),
    ("ij,jk", (3, 4), (4, 5)),
    ("ba", (3, 4)),
    ("ij->", (3, 4)),
    ("i...->...", (3, 4, 2)),
    ("ii->i", (4, 4)),
    ("ii", (4, 4)),
    ("iji->j", (3, 4, 3)),
    ("iij->ij", (3, 3, 2)),
    ("iij,jk->ik", (3, 3, 2), (2, 2)),
    ("ij,ij->i", (3, 4), (3, 4)),
    ("i,j->ij", (3,), (4,)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("...ij,...jk->...ik", (2, 3, 4), (4, 5)),
    ("ij,jk,kl->il", (3, 4), (4, 5), (5, 2)),
    ("ij,jk,ki->", (3, 4), (4, 5), (5, 3)),
    ("a,b,c->abc", (2,), (3,), (4,)),
    ("ij,jk,kl,lm,mi->", (3, 4), (4, 5), (5, 3), (3, 4), (4, 3)),
]


@pytest.mark.parametrize(("subscripts", "shapes"), [(case[0], case[1:]) for case in CASES])
def test_values(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    arrays = [sample(shape, seed=number) for number, shape in enumerate(shapes)]
    result = computed(lambda *v: T.einsum(subscripts, *v), *arrays)
    np.testing.assert_allclose(result, np.einsum(subscripts, *arrays), rtol=1e-10, atol=1e-12)


def test_an_axis_of_1_stretches() -> None:
    a, b = sample((3, 1)), sample((4, 5))
    result = computed(lambda x, y: T.einsum("ij,jk->ik", x, y), a, b, static=True)
    np.testing.assert_allclose(result, np.einsum("ij,jk->ik", a, b))


def test_lists_of_axes() -> None:
    a, b = sample((3, 4)), sample((4, 5))
    result = computed(lambda x, y: T.einsum(x, [0, 1], y, [1, 2], [2, 0]), a, b)
    np.testing.assert_allclose(result, np.einsum(a, [0, 1], b, [1, 2], [2, 0]))


@pytest.mark.parametrize("subscripts", ["ij,ij->i", "ii->i", "ij,jk,ki->"])
def test_gradients(subscripts: str) -> None:
    count = subscripts.split("->")[0].count(",") + 1
    check_gradients(lambda v: T.einsum(subscripts, *[v] * count), sample((3, 3)))


@pytest.mark.parametrize(
    ("subscripts", "message"),
    [
        ("ij,jk", "names 2 operands"),
        ("i", "names 1 axes"),
        ("ij->k", "no operand has"),
        ("ij->ii", "repeats"),
    ],
)
def test_malformed_subscripts(subscripts: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        T.einsum(subscripts, T.matrix())


def test_sizes_of_one_letter_must_agree() -> None:
    with pytest.raises(ValueError, match="3 and 4 of 'j' differ"):
        T.einsum("ij,jk", T.tensor("float64", shape=(2, 3)), T.tensor("float64", shape=(4, 2)))
    x = T.matrix("x")
    with pytest.raises(ValueError, match="2 and 3 differ"):
        ct.function([x], T.einsum("ii->i", x))(np.ones((2, 3)))
