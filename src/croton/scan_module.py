"""Theano's `theano.scan_module`: loops over sequences."""

from croton.frontends.scan import foldl, foldr, map, reduce, scan, until

__all__ = ["foldl", "foldr", "map", "reduce", "scan", "until"]
