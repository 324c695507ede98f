"""Theano's place of neighbourhoods of images."""

from croton.ops.neighbourhoods import images2neibs, neibs2images

__all__ = ["images2neibs", "neibs2images"]
