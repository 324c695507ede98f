"""Settings that hold for the whole process."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from croton.graph.reporting import Verbosity
from croton.ops import test_values


@dataclass
class Config:
    """floatX: dtype of variables made without one. mode: how functions run ("compile", "interpret").

    disabled_passes: names of compiler passes to leave out everywhere.
    on_unused_input: what `function` does about an input that no output needs: "raise", "warn", "ignore".
    profile: whether functions note what their steps take, unless they are made with profile=False.
    exception_verbosity: "low", or "high" to show the arrays that a failing operation was given.
    compute_test_value: whether operations are also computed at once, as they are written, from the
        `tag.test_value` of variables: "off"; "ignore", "warn" or "raise" say what happens without one.
    """

    floatX: str = "float64"
    mode: str = field(default_factory=lambda: os.environ.get("CROTON_MODE", "compile"))
    disabled_passes: tuple[str, ...] = ()
    on_unused_input: str = "raise"
    profile: bool = False
    exception_verbosity: str = "low"
    compute_test_value: str = "off"

    def __setattr__(self, name: str, value: object) -> None:
        allowed = _CHOICES.get(name)
        if allowed is not None and value not in allowed:
            raise ValueError(f"config.{name} must be one of {', '.join(allowed)}, got {value!r}")
        object.__setattr__(self, name, value)
        if name == "exception_verbosity":
            Verbosity.high = value == "high"
        elif name == "compute_test_value":
            test_values.set_policy(str(value))


_CHOICES = {
    "exception_verbosity": ("low", "high"),
    "compute_test_value": ("off", "ignore", "warn", "raise"),
}


config = Config()
