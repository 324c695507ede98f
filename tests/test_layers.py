"""Imports between the stages of the compiler point one way (the contract is in pyproject.toml)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# The linter reads the source tree, so an editable installation must not get in its way.
CODE = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in type(finder).__module__]
sys.path.insert(0, "src")
from importlinter.cli import lint_imports
sys.exit(lint_imports(cache_dir=None))
"""


def test_stages_import_only_earlier_stages() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
