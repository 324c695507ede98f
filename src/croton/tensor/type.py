"""Types of arrays, and the names of dtypes by kind."""

from croton.frontends.tensor_type import TensorType
from croton.graph import dtypes

int_dtypes = tuple(dtype.name for dtype in dtypes.ALL if dtype.kind == "i")
uint_dtypes = tuple(dtype.name for dtype in dtypes.ALL if dtype.kind == "u")
integer_dtypes = int_dtypes + uint_dtypes
float_dtypes = tuple(d.name for d in dtypes.ALL if dtypes.is_inexact(d) and not dtypes.is_complex(d))
complex_dtypes = tuple(dtype.name for dtype in dtypes.ALL if dtypes.is_complex(dtype))
continuous_dtypes = float_dtypes + complex_dtypes
discrete_dtypes = ("bool", *integer_dtypes)
all_dtypes = discrete_dtypes + continuous_dtypes

__all__ = [
    "TensorType",
    "all_dtypes",
    "complex_dtypes",
    "continuous_dtypes",
    "discrete_dtypes",
    "float_dtypes",
    "int_dtypes",
    "integer_dtypes",
    "uint_dtypes",
]
