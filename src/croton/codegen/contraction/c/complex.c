/* The product for complex numbers: the plain four products, real and imaginary parts apart.
 *
 * The caller defines REAL, the type of either part, and ELEMENT, the complex type.
 */
#define BLOCK_COLUMNS 32
#define BLOCK_STEPS 64
#define BLOCK_ROWS 2

typedef struct {
    REAL real[BLOCK_STEPS][BLOCK_COLUMNS];
    REAL imaginary[BLOCK_STEPS][BLOCK_COLUMNS];
} parts;

/* Columns from `columns` on are left as they were: their sums are never stored. */
static void separate(const product *x, ct_int p, ct_int steps, ct_int j, ct_int columns, parts *out)
{
    const REAL *from = (const REAL *)x->b + 2 * (p * x->b_row + j * x->b_column);
    for (ct_int step = 0; step < steps; step++)
        for (ct_int column = 0; column < columns; column++) {
            const REAL *element = from + 2 * (step * x->b_row + column * x->b_column);
            out->real[step][column] = element[0];
            out->imaginary[step][column] = element[1];
        }
}

/* `count` rows of C by one block of columns: `steps` more products for each element. */
static inline __attribute__((always_inline)) void add_block(int count, ct_int columns, ct_int steps,
                                                            const REAL *a, ct_int a_row, ct_int a_column,
                                                            const parts *right, REAL *c, ct_int c_row,
                                                            int add)
{
    REAL real[BLOCK_ROWS][BLOCK_COLUMNS] = {{0}}, imaginary[BLOCK_ROWS][BLOCK_COLUMNS] = {{0}};
    for (int r = 0; add && r < count; r++)
        for (ct_int j = 0; j < columns; j++) {
            real[r][j] = c[2 * (r * c_row + j)];
            imaginary[r][j] = c[2 * (r * c_row + j) + 1];
        }
    for (ct_int p = 0; p < steps; p++)
        for (int r = 0; r < count; r++) {
            REAL x = a[2 * (r * a_row + p * a_column)], y = a[2 * (r * a_row + p * a_column) + 1];
#pragma omp simd
            for (ct_int j = 0; j < columns; j++) {
                real[r][j] += x * right->real[p][j] - y * right->imaginary[p][j];
                imaginary[r][j] += x * right->imaginary[p][j] + y * right->real[p][j];
            }
        }
    for (int r = 0; r < count; r++)
        for (ct_int j = 0; j < columns; j++) {
            c[2 * (r * c_row + j)] = real[r][j];
            c[2 * (r * c_row + j) + 1] = imaginary[r][j];
        }
}

static void multiply_rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const product *x = (const product *)pointers[0];
    parts right;
    for (ct_int j = 0; j < x->n; j += BLOCK_COLUMNS) {
        ct_int columns = smaller(BLOCK_COLUMNS, x->n - j);
        for (ct_int p = 0; p < x->k; p += BLOCK_STEPS) {
            ct_int steps = smaller(BLOCK_STEPS, x->k - p);
            separate(x, p, steps, j, columns, &right);
            ct_int i = begin;
            for (; i + BLOCK_ROWS <= end; i += BLOCK_ROWS)
                add_block(BLOCK_ROWS, columns, steps,
                          (const REAL *)x->a + 2 * (i * x->a_row + p * x->a_column), x->a_row, x->a_column,
                          &right, (REAL *)x->c + 2 * (i * x->c_row + j), x->c_row, p > 0);
            for (; i < end; i++)
                add_block(1, columns, steps, (const REAL *)x->a + 2 * (i * x->a_row + p * x->a_column),
                          x->a_row, x->a_column, &right, (REAL *)x->c + 2 * (i * x->c_row + j), x->c_row,
                          p > 0);
        }
    }
    finish(x, begin, end);
}

static int multiply_complex(const product *x)
{
    if (multiply_empty(x, sizeof(ELEMENT)))
        return CT_OK;
    void *const pointers[1] = {(void *)x};
    double rows = 5e4 / ((double)x->n * (double)x->k);
    run(x, multiply_rows, pointers, x->m, rows < 1e9 ? round_up(1 + (ct_int)rows, BLOCK_ROWS) : 1000000000);
    return CT_OK;
}
