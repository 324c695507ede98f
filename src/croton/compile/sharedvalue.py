"""Variables whose value lives between calls."""

from croton.frontends.variables import SharedVariable, shared

__all__ = ["SharedVariable", "shared"]
