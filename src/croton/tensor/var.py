"""Classes of symbolic variables. (Also the variance, so that `T.var` stays the function of this name.)"""

from croton.frontends.variables import TensorConstant, TensorVariable
from croton.ops.statistics import var

__all__ = ["TensorConstant", "TensorVariable", "var"]
