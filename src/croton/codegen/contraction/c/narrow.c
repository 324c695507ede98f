/* Products whose C is at most one vector wide: every row of B is one vector, rows of A are taken a few at a time.
 *
 * Eight sums are under way at once: eight rows, or fewer rows with their steps dealt out to several sums.
 * A template: it stands in the text for vectors of NARROW_BYTES, and where those are long once more with
 * every "narrow" replaced by "slim", for vectors of half the length.
 */
#define NARROW_LANES (NARROW_BYTES / REAL_BYTES)
#define NARROW_SUMS 8
#define NARROW_DEPTH 128    /* steps of B packed at a time: what has no whole vector of memory behind it */
#define NARROW_GRAIN 131072 /* elements of A a thread should have before another one is worth waking */

typedef REAL narrow_vector __attribute__((vector_size(NARROW_BYTES)));
typedef REAL narrow_loose __attribute__((vector_size(NARROW_BYTES), aligned(REAL_BYTES), may_alias));

typedef struct {
    ct_int n, steps;
    const REAL *a, *b;
    ct_int a_row, a_column;
    ct_int b_row; /* distance of the vectors of B, which all can be read whole */
    int add;      /* an earlier part of the steps has left its sums in `to` */
    REAL *to;
    ct_int to_row;
    int spill; /* rows of `to` lie close together: a row may be stored beyond its end, the next one follows */
} narrow_block;

/* The first n elements of a sum. */
INLINE void store_narrow(const narrow_block *t, ct_int i, narrow_vector sum, int spill)
{
    REAL *row = t->to + i * t->to_row;
    if (spill) {
        *(narrow_loose *)row = sum;
        return;
    }
    REAL edge[NARROW_LANES];
    *(narrow_loose *)edge = sum;
    for (ct_int j = 0; j < t->n; j++)
        row[j] = edge[j];
}

INLINE narrow_vector load_narrow(const narrow_block *t, ct_int i)
{
    REAL edge[NARROW_LANES] = {0};
    for (ct_int j = 0; j < t->n; j++)
        edge[j] = t->to[i * t->to_row + j];
    return *(narrow_loose *)edge;
}

/* How A lies, where that is known: its rows or its columns are contiguous. */
enum { NARROW_ANY, NARROW_ROW, NARROW_COLUMN };

/* `height` rows from i on, the steps dealt out to NARROW_SUMS / height sums each. */
INLINE void narrow_tile(int height, int layout, const narrow_block *t, ct_int i, int spill)
{
    const int deals = NARROW_SUMS / height;
    const ct_int a_row = layout == NARROW_COLUMN ? 1 : t->a_row;
    const ct_int a_column = layout == NARROW_ROW ? 1 : t->a_column;
    const ct_int steps = t->steps, b_row = t->b_row;
    const REAL *b = t->b, *rows[NARROW_SUMS];
    narrow_vector sums[NARROW_SUMS];
    UNROLL
    for (int s = 0; s < NARROW_SUMS; s++)
        sums[s] = (narrow_vector){0};
    UNROLL
    for (int r = 0; r < height; r++)
        rows[r] = t->a + (i + r) * a_row;
    ct_int p = 0;
    for (; p + deals <= steps; p += deals) {
        UNROLL
        for (int deal = 0; deal < deals; deal++) {
            narrow_vector right = *(const narrow_loose *)(b + deal * b_row);
            UNROLL
            for (int r = 0; r < height; r++)
                sums[deal * height + r] += rows[r][(p + deal) * a_column] * right;
        }
        b += deals * b_row;
    }
    for (; p < steps; p++) {
        narrow_vector right = *(const narrow_loose *)b;
        UNROLL
        for (int r = 0; r < height; r++)
            sums[r] += rows[r][p * a_column] * right;
        b += b_row;
    }
    UNROLL
    for (int width = NARROW_SUMS / 2; width >= height; width /= 2) {
        UNROLL
        for (int s = 0; s < width; s++)
            sums[s] += sums[s + width];
    }
    UNROLL
    for (int r = 0; r < height; r++)
        store_narrow(t, i + r, t->add ? sums[r] + load_narrow(t, i + r) : sums[r], spill);
}

typedef ct_int (*narrow_function)(const narrow_block *t, ct_int i, ct_int end);

/* Tiles from row i on, as long as they end at or before `end`: the row after them. */
#define NARROW_FUNCTION(NAME, HEIGHT, LAYOUT, SPILL)                                                         \
    static ct_int NAME(const narrow_block *t, ct_int i, ct_int end)                                          \
    {                                                                                                        \
        const narrow_block block = *t;                                                                       \
        for (; i + HEIGHT <= end; i += HEIGHT)                                                               \
            narrow_tile(HEIGHT, LAYOUT, &block, i, SPILL);                                                   \
        return i;                                                                                            \
    }

NARROW_FUNCTION(narrow_any, 8, NARROW_ANY, 0)
NARROW_FUNCTION(narrow_row, 8, NARROW_ROW, 0)
NARROW_FUNCTION(narrow_column, 8, NARROW_COLUMN, 0)
NARROW_FUNCTION(narrow_spill_any, 8, NARROW_ANY, 1)
NARROW_FUNCTION(narrow_spill_row, 8, NARROW_ROW, 1)
NARROW_FUNCTION(narrow_spill_column, 8, NARROW_COLUMN, 1)
NARROW_FUNCTION(narrow_4, 4, NARROW_ANY, 0)
NARROW_FUNCTION(narrow_2, 2, NARROW_ANY, 0)
NARROW_FUNCTION(narrow_1, 1, NARROW_ANY, 0)

/* [spills?][layout] */
static const narrow_function narrow_functions[2][3] = {
    {narrow_any, narrow_row, narrow_column},
    {narrow_spill_any, narrow_spill_row, narrow_spill_column},
};

/* Rows [begin, end) for the steps of the block. */
static void narrow_block_rows(const narrow_block *t, ct_int begin, ct_int end)
{
    ct_int i = begin;
    int layout = t->a_column == 1 ? NARROW_ROW : t->a_row == 1 ? NARROW_COLUMN : NARROW_ANY;
    if (t->spill) /* as many rows as leave memory behind them for the rest of a vector */
        i = narrow_functions[1][layout](t, i, end - divide_up(NARROW_LANES, t->to_row));
    i = narrow_functions[0][layout](t, i, end);
    i = narrow_4(t, i, end);
    i = narrow_2(t, i, end);
    narrow_1(t, i, end);
}

/* Rows [begin, end) of the steps [p_begin, p_end): B is read where it lies as long as whole vectors are there. */
static void narrow_range(const product *x, ct_int begin, ct_int end, ct_int p_begin, ct_int p_end, REAL *to,
                         ct_int to_row)
{
    REAL packed[NARROW_DEPTH * NARROW_LANES] __attribute__((aligned(64)));
    ct_int few = end - begin < 64; /* packing B would cost as much as it saves */
    narrow_block t = {.n = x->n, .a_row = x->a_row, .a_column = x->a_column, .to = to, .to_row = to_row};
    ct_int readable = p_begin;
    if (few && x->b_column == 1 && x->b_row > 0) {
        ct_int last = (x->k - 1) * x->b_row + x->n - NARROW_LANES;
        readable = last < 0 ? p_begin : smaller(p_end, larger(p_begin, last / x->b_row + 1));
    }
    for (ct_int p = p_begin; p < p_end; p += t.steps) {
        t.a = (const REAL *)x->a + p * x->a_column;
        t.b = (const REAL *)x->b + p * x->b_row;
        t.b_row = x->b_row;
        t.add = p > p_begin;
        t.steps = readable - p;
        if (p >= readable) {
            t.steps = smaller(NARROW_DEPTH, p_end - p);
            for (ct_int step = 0; step < t.steps; step++)
                for (ct_int j = 0; j < NARROW_LANES; j++)
                    packed[step * NARROW_LANES + j] = j < x->n ? t.b[step * x->b_row + j * x->b_column] : 0;
            t.b = packed;
            t.b_row = NARROW_LANES;
        }
        t.spill = !t.add && to_row == x->n;
        narrow_block_rows(&t, begin, end);
    }
}

static void narrow_piece(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const product *x = (const product *)pointers[0];
    narrow_range(x, begin, end, 0, x->k, (REAL *)x->c, x->c_row);
    finish(x, begin, end);
}

typedef struct {
    const product *x;
    REAL *partial;
    ct_int part_steps;
} narrow_parts;

/* Threads take steps: each part sums into rows of its own. */
static void narrow_part(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const narrow_parts *t = (const narrow_parts *)pointers[0];
    for (ct_int part = begin; part < end; part++) {
        ct_int p = part * t->part_steps;
        narrow_range(t->x, 0, t->x->m, p, smaller(p + t->part_steps, t->x->k),
                     t->partial + part * t->x->m * t->x->n, t->x->n);
    }
}

static int multiply_narrow_parts(const product *x, ct_int parts)
{
    ct_int part_steps = divide_up(x->k, parts), size = x->m * x->n;
    parts = divide_up(x->k, part_steps);
    narrow_parts t = {x, (REAL *)workspace(x, parts * size * REAL_BYTES), part_steps};
    void *const pointers[1] = {&t};
    if (!t.partial)
        return CT_OUT_OF_MEMORY;
    run(x, narrow_part, pointers, parts, 1);
    for (ct_int i = 0; i < x->m; i++)
        for (ct_int j = 0; j < x->n; j++) {
            REAL sum = t.partial[i * x->n + j];
            for (ct_int part = 1; part < parts; part++)
                sum += t.partial[part * size + i * x->n + j];
            ((REAL *)x->c)[i * x->c_row + j] = sum;
        }
    finish(x, 0, x->m);
    return CT_OK;
}

/* C = A.B where n is at most NARROW_LANES. */
static int multiply_narrow(const product *x)
{
    void *const pointers[1] = {(void *)x};
    if (x->m <= 64 && x->m * x->k > 2 * NARROW_GRAIN && x->k > 4096)
        return multiply_narrow_parts(x, smaller(16, x->m * x->k / NARROW_GRAIN));
    run(x, narrow_piece, pointers, x->m, round_up(larger(64, NARROW_GRAIN / x->k), 8));
    return CT_OK;
}
