"""Signals and images, as Theano groups them; modules are imported when first asked for."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["conv", "downsample", "pool"]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"croton.tensor.signal.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
