/* The two functions a unit offers. The caller defines ENTRY and KERNEL_ENTRY, their names. */
int ENTRY(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *w, REAL *y)
{
    return convolve(ctx, c, x, w, y);
}

int KERNEL_ENTRY(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *y, REAL *w)
{
    return convolve_kernel(ctx, c, x, y, w);
}
