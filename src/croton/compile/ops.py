"""Operations made of Python functions."""

from croton.frontends.op import as_op

__all__ = ["as_op"]
