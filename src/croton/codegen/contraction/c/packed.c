/* The product of two matrices, blocked for the caches.
 *
 * B is packed panel by panel: beforehand when many blocks of rows will read it, otherwise by the first
 * tile that meets it, for the others of its block. A is packed only where its rows lie badly.
 */

#ifndef __clang__
#pragma GCC optimize(                                                                                        \
    "O1") /* what is hot stands above: this text only leads there, and compiles twice as fast */
#endif

#define LEFT_BYTES 131072    /* packed A of one block of rows: a good part of the second-level cache */
#define BLOCK_BYTES 196608   /* the same for A where it lies */
#define RESULT_BYTES 1048576 /* C of one block of rows: the epilogue should find it in a cache */
#define DEPTH 320            /* most steps of k in a block: a panel of B fits the first-level cache */
#define SLAB_BYTES 8388608   /* B packed beforehand, at a time */
#define CROWDED_BYTES 2048   /* rows this far apart, or a multiple of it, share few cache sets */

typedef struct {
    const product *x;
    int pack_left;
    int direct_right;      /* B is read where it lies, but for its last, narrow panel */
    REAL *packed;          /* B packed beforehand, the slab at work; NULL when it is not */
    ct_int k_begin, k_end; /* the slab: steps and panels */
    ct_int panel_begin, panel_end;
    ct_int depth;                /* steps in a block of k */
    ct_int block_rows;           /* rows that share one packing of B */
    ct_int part_rows, row_parts; /* what threads take: a range of rows by a range of panels */
    ct_int part_panels, column_parts;
} plan;

/* Where the slab keeps panel q of the block of `steps` at p: blocks of k one after another. */
INLINE REAL *packed_panel(const plan *t, ct_int p, ct_int steps, ct_int q)
{
    return t->packed +
           ((p - t->k_begin) * (t->panel_end - t->panel_begin) + (q - t->panel_begin) * steps) * PANEL;
}

/* Panels [begin, end) of the slab; a few side by side, so that a row of B is read a stretch at a time. */
static void pack_panels(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const plan *t = (const plan *)pointers[0];
    const product *x = t->x;
    for (ct_int p = t->k_begin; p < t->k_end; p += t->depth) {
        ct_int steps = smaller(t->depth, t->k_end - p);
        for (ct_int q = t->panel_begin + begin; q < t->panel_begin + end; q++) {
            ct_int j = q * PANEL;
            const REAL *from = (const REAL *)x->b + p * x->b_row + j * x->b_column;
            REAL *to = packed_panel(t, p, steps, q);
            if (x->b_column == 1 && q + 4 <= t->panel_begin + end && j + 4 * PANEL <= x->n) {
                for (ct_int step = 0; step < steps; step++)
                    for (int side = 0; side < 4; side++) {
                        loose_vector *row = (loose_vector *)(to + (side * steps + step) * PANEL);
                        const loose_vector *source =
                            (const loose_vector *)(from + step * x->b_row + side * PANEL);
                        row[0] = source[0];
                        row[1] = source[1];
                    }
                q += 3;
            } else
                pack(PANEL, smaller(PANEL, x->n - j), steps, from, x->b_column, x->b_row, to);
        }
    }
}

static void pack_left_block(const product *x, ct_int i_begin, ct_int i_end, ct_int p, ct_int steps,
                            REAL *left)
{
    ct_int height;
    for (ct_int i = i_begin; i < i_end; i += height) {
        height = tile_height(i_end - i);
        const REAL *from = (const REAL *)x->a + i * x->a_row + p * x->a_column;
        pack(height, smaller(height, i_end - i), steps, from, x->a_row, x->a_column,
             left + (i - i_begin) * steps);
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
    int copy_first = whole && !t->direct_right && !t->packed && tile_height(i_end - i_begin) == FULL_ROWS;
    if (t->packed) {
        right = packed_panel(t, p, steps, q);
        right_step = PANEL;
    } else if (!copy_first && !(whole && t->direct_right)) {
        pack(PANEL, to.columns, steps, right, x->b_column, x->b_row, copy);
        right = copy;
        right_step = PANEL;
    }
    for (ct_int i = i_begin; i < i_end; i += height) {
        height = tile_height(i_end - i);
        to.c = (REAL *)x->c + i * x->c_row + j;
        to.rows = smaller(height, i_end - i);
        const REAL *a = (const REAL *)x->a + i * x->a_row + p * x->a_column;
        ct_int a_step = x->a_column;
        if (t->pack_left) {
            a = left + (i - i_begin) * steps;
            a_step = height;
        }
        /* A tile that sticks out below reads its last row again; packed A has rows for it. */
        const REAL *rows[FULL_ROWS];
        for (int row = 0; row < height; row++)
            rows[row] = a + (t->pack_left ? row : smaller(row, to.rows - 1) * x->a_row);
        if (copy_first) {
            tile_and_copy(steps, rows, a_step, right, right_step, copy, &to);
            copy_first = 0;
            right = copy;
            right_step = PANEL;
        } else
            tile_functions[height == FULL_ROWS][to.columns > LANES](steps, rows, a_step, right, right_step,
                                                                    &to);
    }
}

static void multiply_parts(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const plan *t = (const plan *)pointers[0];
    const product *x = t->x;
    REAL left[LEFT_BYTES / REAL_BYTES + SQUARE] __attribute__((aligned(64)));
    REAL copy[DEPTH * PANEL] __attribute__((aligned(64)));
    for (ct_int part = begin; part < end; part++) {
        ct_int i_begin = part / t->column_parts * t->part_rows;
        ct_int i_end = smaller(i_begin + t->part_rows, x->m);
        ct_int q_begin = t->panel_begin + part % t->column_parts * t->part_panels;
        ct_int q_end = smaller(q_begin + t->part_panels, t->panel_end);
        for (ct_int i = i_begin; i < i_end; i += t->block_rows) {
            ct_int i_next = smaller(i + t->block_rows, i_end);
            for (ct_int p = t->k_begin; p < t->k_end; p += t->depth) {
                ct_int steps = smaller(t->depth, t->k_end - p);
                if (t->pack_left)
                    pack_left_block(x, i, i_next, p, steps, left);
                for (ct_int q = q_begin; q < q_end; q++)
                    multiply_panel(t, i, i_next, p, steps, q, left, copy);
            }
            if (t->column_parts == 1 && t->k_end == x->k && t->panel_end * PANEL >= x->n)
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
        while (row_parts * 2 <= parts && row_parts * 32 * FULL_ROWS <= x->m)
            row_parts *= 2;
        /* Every part of the columns packs A anew. */
        if (t->pack_left && parts > 4)
            parts = 4;
        ct_int fewest = t->pack_left || row_parts > 1 ? 2 : 1; /* panels of a part */
        while (row_parts * column_parts * 2 <= parts && column_parts * 2 * fewest <= panels)
            column_parts *= 2;
    }
    t->part_rows = round_up(divide_up(x->m, row_parts), SHORT_ROWS);
    t->row_parts = divide_up(x->m, t->part_rows);
    t->column_parts = column_parts;
}

/* The product with B packed beforehand, slab by slab. */
static int multiply_slabs(plan *t, ct_int panels)
{
    const product *x = t->x;
    void *const pointers[1] = {t};
    ct_int slab_steps = x->k, slab_panels = panels, step_bytes = PANEL * REAL_BYTES;
    if (x->k * panels * step_bytes > SLAB_BYTES) {
        slab_panels = smaller(panels, SLAB_BYTES / (smaller(x->k, 4 * t->depth) * step_bytes));
        slab_steps = SLAB_BYTES / (slab_panels * step_bytes) / t->depth * t->depth;
    }
    t->packed = (REAL *)workspace(x, smaller(slab_steps, x->k) * slab_panels * step_bytes);
    if (!t->packed)
        return CT_OUT_OF_MEMORY;
    for (t->panel_begin = 0; t->panel_begin < panels; t->panel_begin = t->panel_end) {
        t->panel_end = smaller(t->panel_begin + slab_panels, panels);
        t->part_panels = divide_up(t->panel_end - t->panel_begin, t->column_parts);
        for (t->k_begin = 0; t->k_begin < x->k; t->k_begin = t->k_end) {
            t->k_end = smaller(t->k_begin + slab_steps, x->k);
            ct_int panel_elements = (t->k_end - t->k_begin) * PANEL;
            run(x, pack_panels, pointers, t->panel_end - t->panel_begin,
                round_up(larger(1, 65536 / panel_elements), 4));
            run(x, multiply_parts, pointers, t->row_parts * t->column_parts, 1);
        }
    }
    return CT_OK;
}

/* Steps in a block of k, the same whoever packs. */
INLINE ct_int block_depth(ct_int k)
{
    return divide_up(k, divide_up(k, DEPTH));
}

/* All of B in the order in which tiles read it, for many products with it. `packed` has room for a whole
 * number of panels and SQUARE elements more. */
static inline void pack_right(const product *x, void *packed)
{
    plan t = {.x = x, .packed = (REAL *)packed, .k_end = x->k, .panel_end = divide_up(x->n, PANEL)};
    void *const pointers[1] = {&t};
    if (x->k > 0) {
        t.depth = block_depth(x->k);
        pack_panels(pointers, 0, 0, t.panel_end);
    }
}

static int multiply_matrices(const product *x)
{
    plan t = {.x = x, .packed = (REAL *)x->resident};
    void *const pointers[1] = {&t};
    ct_int panels = divide_up(x->n, PANEL);
    t.depth = block_depth(x->k);
    t.pack_left = (x->a_column != 1 || x->a_row * REAL_BYTES % CROWDED_BYTES == 0) && x->n > 4 * PANEL;
    t.direct_right = x->b_column == 1 && x->k * x->n * REAL_BYTES <= 24576;
    ct_int rows = smaller((t.pack_left ? LEFT_BYTES : BLOCK_BYTES) / (t.depth * REAL_BYTES),
                          RESULT_BYTES / (REAL_BYTES * x->n));
    t.block_rows = larger(rows / FULL_ROWS, t.pack_left ? 1 : 16) * FULL_ROWS;
    share(&t);
    if (!t.packed && !t.direct_right && t.row_parts * divide_up(t.part_rows, t.block_rows) > 3) {
        int status = multiply_slabs(&t, panels);
        if (status != CT_OK)
            return status;
    } else {
        t.k_end = x->k;
        t.panel_end = panels;
        t.part_panels = divide_up(panels, t.column_parts);
        run(x, multiply_parts, pointers, t.row_parts * t.column_parts, 1);
    }
    if (t.column_parts > 1)
        finish_all(x);
    return CT_OK;
}
