/* The product for complex numbers, as a real one twice as wide and twice as deep.
 *
 * Rows of A and C are read as rows of real numbers, re and im in turn. With B' holding, for each row p of B,
 * that row and then i times that row,
 *     C = sum over p of re(A[p]) B'[2p] + im(A[p]) B'[2p + 1].
 * The text for REAL, the type of either part, comes before.
 */
typedef struct {
    const product *x;
    REAL *a, *b;
} real_form;

static void copy_left(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const real_form *t = (const real_form *)pointers[0];
    const product *x = t->x;
    for (ct_int i = begin; i < end; i++)
        for (ct_int p = 0; p < x->k; p++) {
            const REAL *from = (const REAL *)x->a + 2 * (i * x->a_row + p * x->a_column);
            REAL *to = t->a + 2 * (i * x->k + p);
            to[0] = from[0];
            to[1] = from[1];
        }
}

static void expand_right(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const real_form *t = (const real_form *)pointers[0];
    const product *x = t->x;
    for (ct_int p = begin; p < end; p++) {
        REAL *plain = t->b + 4 * p * x->n, *turned = plain + 2 * x->n;
        for (ct_int j = 0; j < x->n; j++) {
            const REAL *from = (const REAL *)x->b + 2 * (p * x->b_row + j * x->b_column);
            plain[2 * j] = from[0];
            plain[2 * j + 1] = from[1];
            turned[2 * j] = -from[1];
            turned[2 * j + 1] = from[0];
        }
    }
}

static int multiply_complex(const product *x)
{
    if (multiply_empty(x, sizeof(ELEMENT)))
        return CT_OK;
    real_form t = {.x = x};
    void *const pointers[1] = {&t};
    product inner = *x;
    inner.n = 2 * x->n;
    inner.k = 2 * x->k;
    inner.a_row = 2 * x->a_row;
    inner.b_row = 2 * x->n;
    inner.b_column = 1;
    inner.c_row = 2 * x->c_row;
    int copied = x->a_column != 1;
    ct_int a_bytes = copied ? round_up(2 * x->m * x->k * REAL_BYTES, 64) : 0;
    ct_int b_bytes = round_up(4 * x->k * x->n * REAL_BYTES, 64);
    char *memory = (char *)workspace(x, a_bytes + b_bytes + workspace_bytes(&inner));
    if (!memory)
        return CT_OUT_OF_MEMORY;
    t.a = (REAL *)memory;
    t.b = (REAL *)(memory + a_bytes);
    inner.b = t.b;
    inner.workspace = memory + a_bytes + b_bytes;
    if (copied) {
        inner.a = t.a;
        inner.a_row = 2 * x->k;
        inner.a_column = 1;
        run(x, copy_left, pointers, x->m, larger(1, 32768 / x->k));
    }
    run(x, expand_right, pointers, x->k, larger(1, 32768 / x->n));
    return multiply_real(&inner);
}
