/* The product of two matrices, blocked for the caches. A panel of B is packed when the first tile
 * meets it and serves all tiles of a block of rows; A is packed only where its rows lie badly. */

#define LEFT_BYTES 98304   /* packed A of one block of rows: a good part of the second-level cache */
#define BLOCK_BYTES 196608 /* the same for A where it lies */
#define DEPTH 320          /* most steps of k in a block: a panel of B fits the first-level cache */

typedef struct {
    const product *x;
    int pack_left;
    int direct_right;            /* B is read where it lies, but for its last, narrow panel */
    ct_int depth;                /* steps in a block of k */
    ct_int block_rows;           /* rows that share one packing of B */
    ct_int part_rows, row_parts; /* what threads take: a range of rows by a range of panels */
    ct_int part_panels, column_parts;
} plan;

static void pack_left_block(const product *x, ct_int i_begin, ct_int i_end, ct_int p, ct_int steps, REAL *left)
{
    ct_int height;
    for (ct_int i = i_begin; i < i_end; i += height) {
        height = tile_height(i_end - i);
        const REAL *from = (const REAL *)x->a + i * x->a_row + p * x->a_column;
        (height == FULL_ROWS ? pack_full : pack_short)(smaller(height, i_end - i), steps, from, x->a_row,
                                                       x->a_column, left + (i - i_begin) * steps);
    }
}

/* The tiles of one block: rows of A (packed in `left`, or where they lie) against one panel of B. */
static void multiply_panel(const plan *t, ct_int i_begin, ct_int i_end, ct_int p, ct_int steps, ct_int q,
                           const REAL *left, REAL *copy)
{
    const product *x = t->x;
    ct_int j = q * PANEL, height;
    target to = {0, x->c_row, 0, smaller(PANEL, x->n - j), p > 0};
    const REAL *right = (const REAL *)x->b + p * x->b_row + j * x->b_column;
    ct_int right_step = x->b_row;
    int whole = x->b_column == 1 && to.columns == PANEL;
    int copy_first = whole && !t->direct_right && tile_height(i_end - i_begin) == FULL_ROWS;
    if (!copy_first && !(whole && t->direct_right)) {
        pack_panel(to.columns, steps, right, x->b_column, x->b_row, copy);
        right = copy;
        right_step = PANEL;
    }
    for (ct_int i = i_begin; i < i_end; i += height) {
        height = tile_height(i_end - i);
        to.c = (REAL *)x->c + i * x->c_row + j;
        to.rows = smaller(height, i_end - i);
        const REAL *a = (const REAL *)x->a + i * x->a_row + p * x->a_column;
        ct_int a_row = x->a_row, a_step = x->a_column;
        if (t->pack_left) {
            a = left + (i - i_begin) * steps;
            a_row = 1;
            a_step = height;
        }
        if (copy_first) {
            tile_and_copy(steps, a, a_row, a_step, right, right_step, copy, &to);
            copy_first = 0;
            right = copy;
            right_step = PANEL;
        } else
            tile_functions[height == FULL_ROWS][to.columns > LANES](steps, a, a_row, a_step, right,
                                                                    right_step, &to);
    }
}

static void multiply_parts(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const plan *t = (const plan *)pointers[0];
    const product *x = t->x;
    ct_int panels = divide_up(x->n, PANEL);
    REAL left[LEFT_BYTES / REAL_BYTES + SQUARE] __attribute__((aligned(64)));
    REAL copy[DEPTH * PANEL] __attribute__((aligned(64)));
    for (ct_int part = begin; part < end; part++) {
        ct_int i_begin = part / t->column_parts * t->part_rows;
        ct_int i_end = smaller(i_begin + t->part_rows, x->m);
        ct_int q_begin = part % t->column_parts * t->part_panels;
        ct_int q_end = smaller(q_begin + t->part_panels, panels);
        for (ct_int i = i_begin; i < i_end; i += t->block_rows) {
            ct_int i_next = smaller(i + t->block_rows, i_end);
            for (ct_int p = 0; p < x->k; p += t->depth) {
                ct_int steps = smaller(t->depth, x->k - p);
                if (t->pack_left)
                    pack_left_block(x, i, i_next, p, steps, left);
                for (ct_int q = q_begin; q < q_end; q++)
                    multiply_panel(t, i, i_next, p, steps, q, left, copy);
            }
            if (t->column_parts == 1)
                finish(x, i, i_next);
        }
    }
}

/* How threads share the product: by its sizes alone. Rows are divided first, but not below what
 * repays the packing of B, then columns. */
static void share(plan *t)
{
    const product *x = t->x;
    ct_int panels = divide_up(x->n, PANEL);
    ct_int row_parts = 1, column_parts = 1;
    if (x->threaded && work_of(x) >= 1e6) {
        double parts = work_of(x) / 2.5e5;
        if (parts > 16)
            parts = 16;
        while (row_parts * 2 <= parts && row_parts * 16 * FULL_ROWS <= x->m)
            row_parts *= 2;
        while (row_parts * column_parts * 2 <= parts && column_parts * (t->pack_left ? 16 : 4) <= panels)
            column_parts *= 2;
    }
    t->part_rows = round_up(divide_up(x->m, row_parts), SHORT_ROWS);
    t->row_parts = divide_up(x->m, t->part_rows);
    t->part_panels = divide_up(panels, column_parts);
    t->column_parts = divide_up(panels, t->part_panels);
}

static int multiply_matrices(const product *x)
{
    plan t = {.x = x};
    void *const pointers[1] = {&t};
    t.depth = divide_up(x->k, divide_up(x->k, DEPTH));
    t.pack_left = x->a_column != 1 && x->n > 2 * PANEL;
    t.direct_right = x->b_column == 1 && x->k * x->n * REAL_BYTES <= 24576;
    /* A block's part of A and, for the epilogue's sake, of C stay in the cache. */
    ct_int rows = smaller((t.pack_left ? LEFT_BYTES : BLOCK_BYTES) / (t.depth * REAL_BYTES),
                          BLOCK_BYTES / (REAL_BYTES * x->n));
    t.block_rows = larger(rows / FULL_ROWS, t.pack_left ? 1 : 8) * FULL_ROWS;
    share(&t);
    run(x, multiply_parts, pointers, t.row_parts * t.column_parts, 1);
    if (t.column_parts > 1)
        finish_all(x);
    return CT_OK;
}
