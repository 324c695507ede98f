"""Updates of shared variables, under the name of Theano's `updates` module."""

from croton.frontends.updates import OrderedUpdates

__all__ = ["OrderedUpdates"]
