/* What every kernel of a unit shares: the product as its parallel bodies see it, and how bodies run.
 */
typedef struct {
    ct_context *ctx;
    ct_int m, n, k;
    const void *a;
    ct_int a_row, a_column; /* strides count elements */
    const void *b;
    ct_int b_row, b_column;
    void *c;
    ct_int c_row; /* rows of C are contiguous */
    ct_range_body epilogue;
    void *const *pointers;
    const ct_int *integers;
    ct_int first_row; /* what the epilogue calls row 0: not 0 inside a batch */
    int threaded;     /* 0 when already running inside a parallel body */
    void *workspace;  /* memory for packing; NULL: the calling thread's scratch */
    void *resident;   /* all of B as pack_right leaves it; NULL when it is not packed yet */
} product;

/* Multiply-adds in the product; floating point, so that no size overflows. */
INLINE double work_of(const product *x)
{
    return (double)x->m * (double)x->n * (double)x->k;
}

static void run(const product *x, ct_range_body body, void *const *pointers, ct_int extent, ct_int grain)
{
    static const ct_int none[1] = {0};
    if (x->threaded && extent > grain)
        x->ctx->parallel(x->ctx, body, pointers, none, extent, grain);
    else if (extent > 0)
        body(pointers, none, 0, extent);
}

/* Rows [begin, end) of C hold their final sums. */
INLINE void finish(const product *x, ct_int begin, ct_int end)
{
    if (x->epilogue && begin < end)
        x->epilogue(x->pointers, x->integers, x->first_row + begin, x->first_row + end);
}

static void finish_range(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    finish((const product *)pointers[0], begin, end);
}

/* Finishes all rows, for kernels whose threads share rows. */
static inline void finish_all(const product *x)
{
    void *const pointers[1] = {(void *)x};
    if (x->epilogue)
        run(x, finish_range, pointers, x->m, larger(1, 32768 / larger(1, x->n)));
}

/* Memory that lasts for this product. Bodies keep what they need on their stacks instead: on the
 * calling thread a body's scratch would take this one's place. */
INLINE void *workspace(const product *x, ct_int bytes)
{
    return x->workspace ? x->workspace : x->ctx->scratch(x->ctx, bytes);
}

/* The product of no rows, no columns or no steps: C is zero, which is all bits zero in every type.
 * Returns whether that was the case. */
static int multiply_empty(const product *x, ct_int element_bytes)
{
    if (x->m > 0 && x->n > 0 && x->k > 0)
        return 0;
    for (ct_int i = 0; i < x->m && x->n > 0; i++)
        __builtin_memset((char *)x->c + i * x->c_row * element_bytes, 0,
                         (unsigned long)(x->n * element_bytes));
    finish(x, 0, x->m);
    return 1;
}
