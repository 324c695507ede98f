/* The packed product: blocks of k and of rows sized for the caches, panels copied where that pays. */

#define LEFT_BYTES 98304   /* packed A of one block of rows: a good part of the second-level cache */
#define DEPTH 320          /* most steps of k in a block: a panel of B and one of A fit the first level */
#define SLAB_BYTES 8388608 /* packed B at a time */

typedef struct {
    const product *x;
    REAL *panels; /* packed B: all of the slab, or the last, narrow panel only */
    int pack_left, pack_right;
    ct_int depth;                 /* steps in a block of k */
    ct_int k_begin, k_end;        /* the slab: steps and panels at work */
    ct_int panel_begin, panel_end;
    ct_int part_rows, row_parts;  /* the parts that threads take: rows, then panels */
    ct_int part_panels, column_parts;
} plan;

static void pack_panels(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const plan *t = (const plan *)pointers[0];
    const product *x = t->x;
    ct_int width = (t->panel_end - t->panel_begin) * PANEL;
    for (ct_int p = t->k_begin; p < t->k_end; p += t->depth) {
        ct_int steps = smaller(t->depth, t->k_end - p);
        REAL *block = t->panels + (p - t->k_begin) * width;
        for (ct_int q = begin; q < end; q++) {
            ct_int j = (t->panel_begin + q) * PANEL;
            pack_panel(smaller(PANEL, x->n - j), steps, (const REAL *)x->b + p * x->b_row + j * x->b_column,
                       x->b_column, x->b_row, block + q * PANEL * steps);
        }
    }
}

/* The tiles of one block: rows of A (packed in `left`, or where they lie) against one panel of B. */
static void multiply_panel(const plan *t, ct_int i_begin, ct_int i_end, ct_int p, ct_int steps, ct_int q,
                           const REAL *left)
{
    const product *x = t->x;
    ct_int j = q * PANEL;
    target to = {0, x->c_row, 0, smaller(PANEL, x->n - j), p > 0};
    const REAL *right = (const REAL *)x->b + p * x->b_row + j;
    ct_int b_step = x->b_row;
    if (t->pack_right) {
        ct_int width = (t->panel_end - t->panel_begin) * PANEL;
        right = t->panels + (p - t->k_begin) * width + (q - t->panel_begin) * PANEL * steps;
        b_step = PANEL;
    } else if (to.columns < PANEL) {
        right = t->panels + p * PANEL;
        b_step = PANEL;
    }
    ct_int height;
    for (ct_int i = i_begin; i < i_end; i += height) {
        height = tile_height(i_end - i);
        to.c = (REAL *)x->c + i * x->c_row + j;
        to.rows = smaller(height, i_end - i);
        tile_function tile = tile_functions[height == FULL_ROWS][to.columns > LANES];
        if (t->pack_left)
            tile(steps, left + (i - i_begin) * steps, 1, height, right, b_step, &to);
        else
            tile(steps, (const REAL *)x->a + i * x->a_row + p, x->a_row, 1, right, b_step, &to);
    }
}

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

/* Rows in a block: their part of A and, for the epilogue's sake, of C stay in the cache. */
static ct_int block_rows(const plan *t)
{
    ct_int rows = smaller(LEFT_BYTES / (t->depth * REAL_BYTES), 262144 / (REAL_BYTES * t->x->n));
    return larger(rows / FULL_ROWS * FULL_ROWS, FULL_ROWS);
}

static void multiply_parts(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const plan *t = (const plan *)pointers[0];
    const product *x = t->x;
    REAL left[LEFT_BYTES / REAL_BYTES + SQUARE] __attribute__((aligned(64)));
    ct_int rows = block_rows(t);
    for (ct_int part = begin; part < end; part++) {
        ct_int i_begin = part / t->column_parts * t->part_rows;
        ct_int i_end = smaller(i_begin + t->part_rows, x->m);
        ct_int q_begin = t->panel_begin + part % t->column_parts * t->part_panels;
        ct_int q_end = smaller(q_begin + t->part_panels, t->panel_end);
        for (ct_int i = i_begin; i < i_end; i += rows) {
            ct_int i_next = smaller(i + rows, i_end);
            for (ct_int p = t->k_begin; p < t->k_end; p += t->depth) {
                ct_int steps = smaller(t->depth, t->k_end - p);
                if (t->pack_left)
                    pack_left_block(x, i, i_next, p, steps, left);
                for (ct_int q = q_begin; q < q_end; q++)
                    multiply_panel(t, i, i_next, p, steps, q, left);
            }
            if (t->column_parts == 1 && t->k_end == x->k && t->panel_end * PANEL >= x->n)
                finish(x, i, i_next);
        }
    }
}

/* How threads share the product: by its sizes alone, rows before columns. */
static void share(plan *t)
{
    const product *x = t->x;
    ct_int panels = divide_up(x->n, PANEL);
    ct_int row_parts = 1, column_parts = 1;
    if (x->threaded && work_of(x) >= 1e6) {
        double parts = work_of(x) / 2.5e5;
        while (row_parts < 16 && row_parts * 2 <= parts && row_parts * 8 * SHORT_ROWS <= x->m)
            row_parts *= 2;
        while (row_parts * column_parts < 8 && row_parts * column_parts * 2 <= parts && column_parts * 4 <= panels)
            column_parts *= 2;
    }
    t->part_rows = round_up(divide_up(x->m, row_parts), SHORT_ROWS);
    t->row_parts = divide_up(x->m, t->part_rows);
    t->column_parts = column_parts;
}

static int multiply_packed(const product *x)
{
    ct_int panels = divide_up(x->n, PANEL);
    plan t = {.x = x};
    t.depth = divide_up(x->k, divide_up(x->k, DEPTH));
    t.pack_left = x->a_column != 1 || x->n > 8 * PANEL;
    t.pack_right = x->b_column != 1 || (x->m > 3 * FULL_ROWS && x->k * x->n * REAL_BYTES > 32768);
    share(&t);

    ct_int slab_panels = panels, slab_steps = x->k;
    if (t.pack_right && x->k * panels * PANEL * REAL_BYTES > SLAB_BYTES) {
        slab_panels = larger(1, smaller(panels, SLAB_BYTES / (smaller(x->k, 4 * t.depth) * PANEL * REAL_BYTES)));
        slab_steps = larger(1, SLAB_BYTES / (slab_panels * PANEL * REAL_BYTES) / t.depth) * t.depth;
    }
    int narrow_last = !t.pack_right && x->n % PANEL != 0;
    if (t.pack_right || narrow_last) {
        ct_int elements = smaller(slab_steps, x->k) * PANEL * (t.pack_right ? slab_panels : 1);
        t.panels = (REAL *)workspace(x, elements * REAL_BYTES);
        if (!t.panels)
            return CT_OUT_OF_MEMORY;
    }
    if (narrow_last) {
        ct_int j = (panels - 1) * PANEL;
        pack_panel(x->n - j, x->k, (const REAL *)x->b + j, 1, x->b_row, t.panels);
    }
    void *const pointers[1] = {&t};
    for (ct_int q = 0; q < panels; q += slab_panels) {
        for (ct_int p = 0; p < x->k; p += slab_steps) {
            t.panel_begin = q;
            t.panel_end = smaller(q + slab_panels, panels);
            t.k_begin = p;
            t.k_end = smaller(p + slab_steps, x->k);
            t.part_panels = divide_up(t.panel_end - q, t.column_parts);
            if (t.pack_right)
                run(x, pack_panels, pointers, t.panel_end - q, larger(1, 65536 / ((t.k_end - p) * PANEL)));
            run(x, multiply_parts, pointers, t.row_parts * t.column_parts, 1);
        }
    }
    if (t.column_parts > 1)
        finish_all(x);
    return CT_OK;
}
