"""Keras's backends, and the interpreters that have them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

BACKENDS = {"Croton": "croton", "TensorFlow": "tensorflow", "JAX": "jax", "PyTorch": "torch"}


def find(pythons: Sequence[str]) -> dict[str, str]:
    """Backend -> interpreter to run it with; Croton runs with this one."""
    found = {"Croton": sys.executable}
    for python in [sys.executable, *pythons]:
        code = (
            "import importlib.util as u; print(*(n for n in ('tensorflow', 'jax', 'torch') "
            "if u.find_spec('keras') and u.find_spec(n)))"
        )
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        for name, module in BACKENDS.items():
            if module in done.stdout.split():
                found.setdefault(name, python)
    return {name: found[name] for name in BACKENDS if name in found}
