"""A cache of its own for every test, and a count of what was compiled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from croton.toolchain import Cache
from croton.toolchain.compilers import forget_compilers


@pytest.fixture
def cache_root(tmp_path: Path) -> Path:
    return tmp_path / "croton"


@pytest.fixture
def cache(cache_root: Path) -> Cache:
    return Cache(cache_root)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, cache_root: Path) -> Iterator[None]:
    """The user's settings play no part in these tests, and these tests leave no trace in the user's cache."""
    for name in ("CROTON_CC", "CC", "CROTON_CFLAGS", "CROTON_CACHE_SIZE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CROTON_CACHE_DIR", str(cache_root))
    forget_compilers()
    yield
    forget_compilers()
