"""The kernels built with the package."""

from croton.runtime import PREBUILT_KERNELS, _kernels


def test_generated_code_uses_every_kernel_that_is_built():
    assert frozenset(_kernels.__pyx_capi__) == PREBUILT_KERNELS
