"""Which kernel a product gets."""

from __future__ import annotations

from croton.codegen.contraction.shared import shared_kernel
from croton.codegen.contraction.spec import ContractionKernel, ContractionSpec
from croton.codegen.contraction.thin import is_thin, thin_kernel


def contraction_kernel(spec: ContractionSpec) -> ContractionKernel:
    """C text that computes the product `spec` describes.

    A small B of known width gets a kernel specialised to its sizes; everything else the shared one of its
    dtype, which picks its ways (vector times matrix, small, packed) when called.
    """
    return thin_kernel(spec) if is_thin(spec) else shared_kernel(spec.dtype)
