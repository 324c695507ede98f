/* The two functions a unit offers: one product, and a batch of them.
 *
 * The caller defines ENTRY and BATCH_ENTRY (their names), ELEMENT (the type of what A, B and C store)
 * and MULTIPLY (the function that does it) before this text.
 */
int ENTRY(ct_context *ctx, ct_int m, ct_int n, ct_int k, const ELEMENT *a, ct_int a_row, ct_int a_column,
          const ELEMENT *b, ct_int b_row, ct_int b_column, ELEMENT *c, ct_int c_row, ct_range_body epilogue,
          void *const *pointers, const ct_int *integers)
{
    const product x = {.ctx = ctx,
                       .m = m,
                       .n = n,
                       .k = k,
                       .a = a,
                       .a_row = a_row,
                       .a_column = a_column,
                       .b = b,
                       .b_row = b_row,
                       .b_column = b_column,
                       .c = c,
                       .c_row = c_row,
                       .epilogue = epilogue,
                       .pointers = pointers,
                       .integers = integers,
                       .threaded = 1};
    return MULTIPLY(&x);
}

typedef struct {
    product first;
    ct_int a_batch, b_batch, c_batch;
    int status;
} batch;

static int multiply_member(const batch *t, ct_int index, int threaded)
{
    product x = t->first;
    x.a = (const ELEMENT *)x.a + index * t->a_batch;
    x.b = (const ELEMENT *)x.b + index * t->b_batch;
    x.c = (ELEMENT *)x.c + index * t->c_batch;
    x.first_row = index * x.m;
    x.threaded = threaded;
    return MULTIPLY(&x);
}

static void multiply_members(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    batch *t = (batch *)pointers[0];
    for (ct_int index = begin; index < end; index++) {
        int status = multiply_member(t, index, 0);
        if (status != CT_OK)
            __atomic_store_n(&t->status, status, __ATOMIC_RELAXED);
    }
}

int BATCH_ENTRY(ct_context *ctx, ct_int count, ct_int m, ct_int n, ct_int k, const ELEMENT *a, ct_int a_batch,
                ct_int a_row, ct_int a_column, const ELEMENT *b, ct_int b_batch, ct_int b_row,
                ct_int b_column, ELEMENT *c, ct_int c_batch, ct_int c_row, ct_range_body epilogue,
                void *const *pointers, const ct_int *integers)
{
    batch t = {.first = {.ctx = ctx,
                         .m = m,
                         .n = n,
                         .k = k,
                         .a = a,
                         .a_row = a_row,
                         .a_column = a_column,
                         .b = b,
                         .b_row = b_row,
                         .b_column = b_column,
                         .c = c,
                         .c_row = c_row,
                         .epilogue = epilogue,
                         .pointers = pointers,
                         .integers = integers,
                         .threaded = 1},
               .a_batch = a_batch,
               .b_batch = b_batch,
               .c_batch = c_batch,
               .status = CT_OK};
    double work = work_of(&t.first);
    /* Few large products share their threads inside; otherwise whole products are shared out. */
    if (count < 16 && work > 4e6) {
        for (ct_int index = 0; index < count && t.status == CT_OK; index++)
            t.status = multiply_member(&t, index, 1);
        return t.status;
    }
    double grain = 2e5 / (work + 1);
    void *const members[1] = {&t};
    run(&t.first, multiply_members, members, count, grain < 1e6 ? larger(1, (ct_int)grain) : 1000000);
    return t.status;
}
