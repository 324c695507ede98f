"""Convolutions as C: `convolution_kernel` gives the unit of a dtype, whose functions take any geometry.

``ct_convolve_T(context, convolution, x, w, y)`` computes y, and
``ct_convolve_kernel_T(context, convolution, x, y, w)`` the derivative by the kernel; both return CT_OK or
CT_OUT_OF_MEMORY. The derivative by x is a convolution whose input is spread: the same function. See
c/convolution.h for what a convolution is.
"""

from croton.codegen.convolution.shared import convolution_kernel

__all__ = ["convolution_kernel"]
