/* Convolutions whose results lie in windows. The caller defines POOLED_ENTRY, POOLED_KERNEL_ENTRY and
 * POOLED_INPUT_ENTRY; the last one needs one group, and taps side by side along the last axis. */
int POOLED_ENTRY(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *w, REAL *y,
                 unsigned char *places)
{
    return convolve_and_pool(ctx, c, x, w, y, places);
}

int POOLED_KERNEL_ENTRY(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *y,
                        const unsigned char *places, REAL *w)
{
    if (c->batch * c->inner * c->outer * c->out[0] * c->out[1] * c->out[2] > 0 && repays_listing(c))
        return meet_listed(ctx, c, x, y, places, w);
    return unpool_and_convolve_kernel(ctx, c, x, y, places, w);
}

int POOLED_INPUT_ENTRY(ct_context *ctx, const ct_convolution *c, const REAL *y, const unsigned char *places,
                       const REAL *w, REAL *x)
{
    return add_listed(ctx, c, y, places, w, x);
}
