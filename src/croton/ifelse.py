"""Theano's `theano.ifelse`: both `from croton.ifelse import ifelse` and `croton.ifelse(...)` work."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from croton.frontends.ifelse import ifelse

__all__ = ["ifelse"]


class _CallableModule(ModuleType):
    """This module, which can be called like its only function."""

    def __call__(self, condition: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
        return ifelse(condition, then_branch, else_branch, name)


sys.modules[__name__].__class__ = _CallableModule
