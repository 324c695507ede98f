"""Losses of 50 steps agree with those that the JAX backend gives for equal weights and data.

`agreement/programs.py` has the models; `agreement/jax.json` what it wrote on JAX 0.10 with Keras 3.15.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent / "agreement"
sys.path.insert(0, str(HERE))

import programs  # noqa: E402

JAX = json.loads((HERE / "jax.json").read_text())


@pytest.mark.parametrize("name", list(programs.PROGRAMS))
def test_losses_are_those_of_jax(name: str) -> None:
    expected = JAX[name]
    rounding = 3e-5 * max(expected)  # of the first losses, which later ones inherit
    np.testing.assert_allclose(programs.losses(name), expected, rtol=2e-4, atol=rounding)
