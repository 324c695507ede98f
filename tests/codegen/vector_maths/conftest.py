"""Makes vector_maths_harness importable from the tests beside it, and compiles each set of loops once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from vector_maths_harness import Compile, compiler_of_loops


@pytest.fixture(scope="session")
def compile_loops(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Compiles loops over vector maths functions; workers of one run share what they compiled."""
    return compiler_of_loops(tmp_path_factory.getbasetemp().parent / "vector_maths_cache")
