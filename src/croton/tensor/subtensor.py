"""Changed copies of arrays."""

from croton.ops.gathering import take
from croton.ops.indexing import inc_subtensor, set_subtensor

__all__ = ["inc_subtensor", "set_subtensor", "take"]
