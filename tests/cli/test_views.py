"""Numbers of bytes as people read them."""

from __future__ import annotations

import pytest

from croton.cli.views import size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (20 * 1024, "20 KiB"),
        (1.5 * 1024**2, "1.5 MiB"),
        (1 << 30, "1.0 GiB"),
        (5000 << 30, "5000 GiB"),
    ],
)
def test_size(count: float, text: str) -> None:
    assert size(count) == text
