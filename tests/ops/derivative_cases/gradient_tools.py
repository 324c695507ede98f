"""Identities with a derivative of their own, where it is that of the identity; calls of graphs; the rest of
what Theano's programs use."""

from __future__ import annotations

from typing import Any

import numpy as np

import croton as ct
import croton.tensor as T
from croton.gradient import grad_clip, grad_scale

from .case import Case

random = np.random.default_rng(11)


def unchanged(x: Any) -> Any:
    return [T.exp(grad_clip(x, -1e3, 1e3)), T.sin(grad_scale(x, 1.0))]


def called(x: Any, y: Any) -> Any:
    first, second = T.dmatrix("first"), T.dmatrix("second")
    product = ct.OpFromGraph([first, second], [T.tanh(T.dot(first, second)), first * first])
    return product(T.sin(x), y)


def bessel_and_gamma(x: Any) -> Any:
    values = [T.j0(x), T.j1(x), T.jv(1.5, x), T.i0(x), T.i1(x), T.iv(0.5, x)]
    return [*values, T.gammainc(2.5, x), T.gammaincc(1.5, x), T.chi2sf(x, 3)]


def checked(x: Any) -> Any:
    """Rows whose number is found while running, told to be of a number that is known."""
    return T.exp(T.specify_shape(x[(x[:, 0] > -100).nonzero()], (3, 2)))


CASES = [
    Case("calls of graphs", called, (random.standard_normal((2, 3)), random.standard_normal((3, 2)))),
    Case("gradients in wide bounds and of scale one", unchanged, (random.standard_normal((3, 2)),)),
    Case("functions of SciPy", bessel_and_gamma, (random.uniform(0.5, 3, 4),)),
    Case("checked shapes", checked, (random.standard_normal((3, 2)),)),
]
