"""What Theano keeps in `theano.tensor.sort`; `T.sort` itself is the function."""

from croton.ops import sorting
from croton.ops.sorting import *

__all__ = sorting.__all__
