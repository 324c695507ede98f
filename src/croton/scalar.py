"""What programs use of Theano's `scalar`: the rule by which dtypes are promoted."""

from __future__ import annotations

from croton.graph.dtypes import as_dtype, promote


def upcast(*dtypes: object) -> str:
    """The name of the dtype that arithmetic on arrays of these dtypes has.

    Raises:
        TypeError: no dtypes. DTypeError: not the name of a supported dtype.
    """
    if not dtypes:
        raise TypeError("upcast: expected at least one dtype")
    return promote(*map(as_dtype, dtypes)).name
