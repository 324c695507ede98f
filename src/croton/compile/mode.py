"""Ways to run functions."""

from croton.frontends.modes import Mode, get_default_mode, get_mode

__all__ = ["Mode", "get_default_mode", "get_mode"]
