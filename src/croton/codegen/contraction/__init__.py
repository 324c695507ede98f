"""Matrix products as C: the compiler asks `contraction_kernel` for the text and calls what it names.

Every kernel has one signature, whatever its dtype T::

    int NAME(ct_context *ctx, ct_int m, ct_int n, ct_int k,
             const T *a, ct_int a_row, ct_int a_column, const T *b, ct_int b_row, ct_int b_column,
             T *c, ct_int c_row, ct_range_body epilogue, void *const *pointers, const ct_int *integers)

It returns CT_OK or CT_OUT_OF_MEMORY. ``epilogue``, when not NULL, is called for disjoint ranges of
finished rows that together are all rows; it must not use the context's scratch memory. The batch
variant takes ``count`` and three batch strides and numbers rows through the batch: index * m + row.
"""

from croton.codegen.contraction.spec import ContractionKernel, ContractionSpec
from croton.codegen.contraction.strategy import contraction_kernel

__all__ = ["ContractionKernel", "ContractionSpec", "contraction_kernel"]
