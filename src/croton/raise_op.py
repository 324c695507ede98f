"""Assertions under Theano's name: `ct.raise_op.Assert(message)(value, *conditions)`."""

from croton.ops.checks import Assert, assert_

__all__ = ["Assert", "assert_"]
