/* The product for whole numbers and truth values, in an order that keeps rows of B in the cache.
 *
 * The caller defines ELEMENT and MULTIPLY_ADD(sum, x, y), the new value of `sum`.
 */
#define BLOCK_COLUMNS 64
#define BLOCK_STEPS 64
#define BLOCK_ROWS 4

/* `count` rows of C by up to BLOCK_COLUMNS columns: `steps` more products for each element. */
static inline __attribute__((always_inline)) void add_block(int count, ct_int columns, ct_int steps,
                                                            const ELEMENT *a, ct_int a_row, ct_int a_column,
                                                            const ELEMENT *right, ct_int right_step,
                                                            ELEMENT *c, ct_int c_row, int add)
{
    ELEMENT sums[BLOCK_ROWS][BLOCK_COLUMNS] = {{0}};
    for (int r = 0; add && r < count; r++)
        for (ct_int j = 0; j < columns; j++)
            sums[r][j] = c[r * c_row + j];
    for (ct_int p = 0; p < steps; p++) {
        const ELEMENT *row = right + p * right_step;
        for (int r = 0; r < count; r++) {
            ELEMENT left = a[r * a_row + p * a_column];
#pragma omp simd
            for (ct_int j = 0; j < columns; j++)
                sums[r][j] = MULTIPLY_ADD(sums[r][j], left, row[j]);
        }
    }
    for (int r = 0; r < count; r++)
        for (ct_int j = 0; j < columns; j++)
            c[r * c_row + j] = sums[r][j];
}

static void multiply_rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const product *x = (const product *)pointers[0];
    ELEMENT packed[BLOCK_STEPS * BLOCK_COLUMNS];
    for (ct_int j = 0; j < x->n; j += BLOCK_COLUMNS) {
        ct_int columns = smaller(BLOCK_COLUMNS, x->n - j);
        for (ct_int p = 0; p < x->k; p += BLOCK_STEPS) {
            ct_int steps = smaller(BLOCK_STEPS, x->k - p);
            const ELEMENT *right = (const ELEMENT *)x->b + p * x->b_row + j * x->b_column;
            ct_int right_step = x->b_row;
            if (x->b_column != 1) {
                for (ct_int column = 0; column < columns; column++)
                    for (ct_int step = 0; step < steps; step++)
                        packed[step * BLOCK_COLUMNS + column] = right[step * x->b_row + column * x->b_column];
                right = packed;
                right_step = BLOCK_COLUMNS;
            }
            ct_int i = begin;
            for (; i + BLOCK_ROWS <= end; i += BLOCK_ROWS)
                add_block(BLOCK_ROWS, columns, steps, (const ELEMENT *)x->a + i * x->a_row + p * x->a_column,
                          x->a_row, x->a_column, right, right_step, (ELEMENT *)x->c + i * x->c_row + j,
                          x->c_row, p > 0);
            for (; i < end; i++)
                add_block(1, columns, steps, (const ELEMENT *)x->a + i * x->a_row + p * x->a_column, x->a_row,
                          x->a_column, right, right_step, (ELEMENT *)x->c + i * x->c_row + j, x->c_row,
                          p > 0);
        }
    }
    finish(x, begin, end);
}

static int multiply_whole(const product *x)
{
    if (multiply_empty(x, sizeof(ELEMENT)))
        return CT_OK;
    void *const pointers[1] = {(void *)x};
    double rows = 1e5 / ((double)x->n * (double)x->k);
    run(x, multiply_rows, pointers, x->m, rows < 1e9 ? round_up(1 + (ct_int)rows, BLOCK_ROWS) : 1000000000);
    return CT_OK;
}
