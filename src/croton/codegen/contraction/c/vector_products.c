/* Products in which A is one row or B is one column: nothing is packed, every element is read once. */

/* A matrix times a vector, out of either operand: y[i] = sum over p of matrix(i, p) * x[p]. */
typedef struct {
    const product *whole;
    ct_int rows, steps;
    const REAL *matrix;
    ct_int row, column; /* strides of the matrix */
    const REAL *x;
    ct_int x_step;
    REAL *y;
    ct_int y_step;
    REAL *partial; /* one row of sums for each part of the steps, when those are shared out */
    ct_int part_steps;
    int finishes; /* the rows of y are rows of C: finish them as they come */
} matrix_vector;

INLINE REAL sum_lanes(vector v)
{
    REAL lane[LANES];
    *(loose_vector *)lane = v;
    UNROLL
    for (int width = LANES / 2; width > 0; width /= 2) {
        UNROLL
        for (int l = 0; l < width; l++)
            lane[l] += lane[l + width];
    }
    return lane[0];
}

/* `count` dot products at once, over contiguous rows and a contiguous x. */
INLINE void dot_rows(int count, const matrix_vector *t, ct_int i)
{
    const REAL *row[4];
    vector sums[4][2];
    UNROLL
    for (int r = 0; r < count; r++) {
        row[r] = t->matrix + (i + r) * t->row;
        sums[r][0] = sums[r][1] = (vector){0};
    }
    ct_int p = 0;
    for (; p + 2 * LANES <= t->steps; p += 2 * LANES) {
        vector x0 = *(const loose_vector *)(t->x + p), x1 = *(const loose_vector *)(t->x + p + LANES);
        UNROLL
        for (int r = 0; r < count; r++) {
            sums[r][0] += *(const loose_vector *)(row[r] + p) * x0;
            sums[r][1] += *(const loose_vector *)(row[r] + p + LANES) * x1;
        }
    }
    if (p + LANES <= t->steps) {
        UNROLL
        for (int r = 0; r < count; r++)
            sums[r][0] += *(const loose_vector *)(row[r] + p) * *(const loose_vector *)(t->x + p);
        p += LANES;
    }
    UNROLL
    for (int r = 0; r < count; r++) {
        REAL sum = sum_lanes(sums[r][0] + sums[r][1]);
        for (ct_int rest = p; rest < t->steps; rest++)
            sum += row[r][rest] * t->x[rest];
        t->y[(i + r) * t->y_step] = sum;
    }
}

static void dot_range(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const matrix_vector *t = (const matrix_vector *)pointers[0];
    ct_int i = begin;
    for (; i + 4 <= end; i += 4)
        dot_rows(4, t, i);
    for (; i < end; i++)
        dot_rows(1, t, i);
    if (t->finishes)
        finish(t->whole, begin, end);
}

/* `width` vectors of y at once, over a matrix whose columns are contiguous. */
INLINE void add_columns(int width, const matrix_vector *t, ct_int i, ct_int p_begin, ct_int p_end, REAL *y)
{
    vector sums[8];
    UNROLL
    for (int v = 0; v < width; v++)
        sums[v] = (vector){0};
    for (ct_int p = p_begin; p < p_end; p++) {
        REAL left = t->x[p * t->x_step];
        const REAL *column = t->matrix + p * t->column + i;
        UNROLL
        for (int v = 0; v < width; v++)
            sums[v] += left * *(const loose_vector *)(column + v * LANES);
    }
    UNROLL
    for (int v = 0; v < width; v++)
        *(loose_vector *)(y + v * LANES) = sums[v];
}

static void add_range(const matrix_vector *t, ct_int i_begin, ct_int i_end, ct_int p_begin, ct_int p_end,
                      REAL *y)
{
    ct_int i = i_begin;
    for (; i + 8 * LANES <= i_end; i += 8 * LANES)
        add_columns(8, t, i, p_begin, p_end, y + i);
    for (; i + 2 * LANES <= i_end; i += 2 * LANES)
        add_columns(2, t, i, p_begin, p_end, y + i);
    for (; i + LANES <= i_end; i += LANES)
        add_columns(1, t, i, p_begin, p_end, y + i);
    if (i < i_end) {
        REAL sums[LANES] = {0};
        ct_int count = i_end - i;
        for (ct_int p = p_begin; p < p_end; p++)
            for (ct_int l = 0; l < count; l++)
                sums[l] += t->x[p * t->x_step] * t->matrix[p * t->column + i + l];
        for (ct_int l = 0; l < count; l++)
            y[i + l] = sums[l];
    }
}

/* Threads take rows of y in blocks of eight vectors. */
static void add_blocks(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const matrix_vector *t = (const matrix_vector *)pointers[0];
    ct_int i_begin = begin * 8 * LANES, i_end = smaller(end * 8 * LANES, t->rows);
    add_range(t, i_begin, i_end, 0, t->steps, t->y);
    if (t->finishes)
        finish(t->whole, i_begin, i_end);
}

/* Threads take steps: each part sums into a row of its own. */
static void add_parts(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const matrix_vector *t = (const matrix_vector *)pointers[0];
    for (ct_int part = begin; part < end; part++) {
        ct_int p = part * t->part_steps;
        add_range(t, 0, t->rows, p, smaller(p + t->part_steps, t->steps), t->partial + part * t->rows);
    }
}

static void sum_parts(const matrix_vector *t, ct_int parts)
{
    for (ct_int i = 0; i < t->rows; i++) {
        REAL sum = t->partial[i];
        for (ct_int part = 1; part < parts; part++)
            sum += t->partial[part * t->rows + i];
        t->y[i * t->y_step] = sum;
    }
}

/* Multiply-adds a thread should have before another one is worth waking. */
#define VECTOR_GRAIN 65536

static int multiply_by_dots(matrix_vector *t)
{
    void *const pointers[1] = {t};
    if (t->x_step != 1) {
        REAL *x = (REAL *)workspace(t->whole, t->steps * REAL_BYTES);
        if (!x)
            return CT_OUT_OF_MEMORY;
        for (ct_int p = 0; p < t->steps; p++)
            x[p] = t->x[p * t->x_step];
        t->x = x;
        t->x_step = 1;
    }
    ct_int grain = round_up(larger(1, VECTOR_GRAIN / t->steps), 4);
    t->finishes = t->whole->n == 1;
    run(t->whole, dot_range, pointers, t->rows, grain);
    if (!t->finishes)
        finish(t->whole, 0, t->whole->m);
    return CT_OK;
}

static int multiply_by_columns(matrix_vector *t)
{
    void *const pointers[1] = {t};
    ct_int parts = 1;
    if (t->steps * t->rows > 2 * VECTOR_GRAIN && t->rows < 64 * LANES)
        parts = smaller(16, t->steps * t->rows / VECTOR_GRAIN);
    if (parts > 1 || t->y_step != 1) {
        t->partial = (REAL *)workspace(t->whole, parts * t->rows * REAL_BYTES);
        if (!t->partial)
            return CT_OUT_OF_MEMORY;
        t->part_steps = divide_up(t->steps, parts);
        parts = divide_up(t->steps, t->part_steps);
        run(t->whole, add_parts, pointers, parts, 1);
        sum_parts(t, parts);
        finish(t->whole, 0, t->whole->m);
        return CT_OK;
    }
    t->finishes = t->whole->n == 1;
    run(t->whole, add_blocks, pointers, divide_up(t->rows, 8 * LANES),
        larger(1, VECTOR_GRAIN / (t->steps * 8 * LANES)));
    if (!t->finishes)
        finish(t->whole, 0, t->whole->m);
    return CT_OK;
}

/* C = A.B where m or n is 1 and the matrix is contiguous one way; -1 where it is not. */
static int multiply_vector(const product *x)
{
    matrix_vector t = {.whole = x, .steps = x->k};
    if (x->n == 1) {
        t.rows = x->m;
        t.matrix = x->a;
        t.row = x->a_row;
        t.column = x->a_column;
        t.x = x->b;
        t.x_step = x->b_row;
        t.y_step = x->c_row;
    } else {
        t.rows = x->n;
        t.matrix = x->b;
        t.row = x->b_column;
        t.column = x->b_row;
        t.x = x->a;
        t.x_step = x->a_column;
        t.y_step = 1;
    }
    t.y = x->c;
    if (t.column == 1)
        return multiply_by_dots(&t);
    if (t.row == 1)
        return multiply_by_columns(&t);
    return -1;
}
