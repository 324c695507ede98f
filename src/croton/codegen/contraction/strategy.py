"""Which kernel a product gets."""

from __future__ import annotations

from croton.codegen.contraction.shared import shared_kernel
from croton.codegen.contraction.spec import ContractionKernel, ContractionSpec


def contraction_kernel(spec: ContractionSpec) -> ContractionKernel:
    """C text that computes the product `spec` describes."""
    return shared_kernel(spec.dtype)
