"""The namespace `croton.tensor`: what is imported late is there all the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

import croton.tensor as T

CODE = """
import sys
import croton.tensor as T
late = [name for name in sys.modules if name.startswith(("croton.ops.fourier", "scipy.sparse"))]
assert not late, late
assert T.fft.fft(T.ones(2)).tolist() == [2, 0]
assert T.median([3, 1, 2]).item() == 2
import croton.tensor.sort
assert T.sort([2, 1]).tolist() == [1, 2]
"""


def test_late_names_are_found_and_listed() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True, timeout=60)
    for name in ("unique", "bincount", "quantile", "unravel_index", "fft", "extra_ops"):
        assert name in dir(T)
        assert getattr(T, name) is getattr(T, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        T.nothing  # noqa: B018


def test_theanos_modules_hold_the_same_functions() -> None:
    assert T.extra_ops.unique is T.unique
    assert T.extra_ops.bartlett is T.bartlett
    assert T.extra_ops.to_one_hot is T.to_one_hot
