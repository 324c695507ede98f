/* A product whose B is small: packed whole on the stack, rows of A taken HEIGHT at a time.
 *
 * A template: the words in capitals are replaced before the compiler sees the text.
 */
#ifndef CT_UNROLL
#ifdef __clang__
#define CT_UNROLL _Pragma("clang loop unroll(full)")
#define CT_CONTRACT _Pragma("STDC FP_CONTRACT ON")
#define CT_SEPARATE static __attribute__((noinline))
#else
#define CT_UNROLL _Pragma("GCC unroll 16")
#define CT_CONTRACT
#define CT_SEPARATE static __attribute__((noinline, noclone))
#endif
#endif
#ifndef __clang__
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast", "no-tree-vectorize", "no-tree-slp-vectorize")
#endif

enum {
/* The widest vector of the machine that COLUMNS elements do not leave mostly empty. */
#if defined(__AVX512F__)
    THIN_bytes = ROW_BYTES > 32 ? 64
    : ROW_BYTES > 16            ? 32
                                : 16,
#elif defined(__AVX__)
    THIN_bytes = ROW_BYTES > 16 ? 32 : 16,
#else
    THIN_bytes = 16,
#endif
    THIN_lanes = THIN_bytes / REAL_BYTES,
    THIN_vectors = (COLUMNS + THIN_lanes - 1) / THIN_lanes,
    THIN_width = THIN_vectors * THIN_lanes,
    THIN_height = THIN_vectors > 1 ? PAIR_HEIGHT : SINGLE_HEIGHT,
};

typedef REAL THIN_vector __attribute__((vector_size(THIN_bytes), aligned(REAL_BYTES), may_alias));

typedef struct {
    ct_context *ctx;
    ct_int m, k;
    const REAL *a;
    ct_int a_row, a_column;
    const REAL *b;
    ct_int b_row, b_column;
    REAL *c;
    ct_int c_row;
    ct_range_body epilogue;
    void *const *pointers;
    const ct_int *integers;
    ct_int first_row;
    ct_int a_batch, b_batch, c_batch;
} THIN_product;

/* How many of `steps` steps of B can be read in whole vectors: those run over into the next row, as long
 * as there is one. */
static ct_int THIN_readable(const THIN_product *t, ct_int steps)
{
    ct_int last = (steps - 1) * B_ROW + COLUMNS - THIN_width;
    if (B_COLUMN != 1 || B_ROW < 1 || last < 0)
        return 0;
    return last / B_ROW + 1 < steps ? last / B_ROW + 1 : steps;
}

/* Steps [p, p + steps) of B, each padded to whole vectors. What stands in the padding is never stored. */
CT_SEPARATE void THIN_pack(const THIN_product *t, ct_int p, ct_int steps, REAL *packed)
{
    const REAL *b = t->b + p * B_ROW;
    ct_int step = 0, whole = THIN_readable(t, steps);
    for (; step < whole; step++)
        for (int v = 0; v < THIN_vectors; v++)
            *(THIN_vector *)(packed + step * THIN_width + v * THIN_lanes) =
                *(const THIN_vector *)(b + step * B_ROW + v * THIN_lanes);
    for (; step < steps; step++)
        for (int j = 0; j < THIN_width; j++)
            packed[step * THIN_width + j] = j < COLUMNS ? b[step * B_ROW + j * B_COLUMN] : 0;
}

/* The first `count` elements of a vector, added to what is there when `add` says so. */
static inline __attribute__((always_inline)) void THIN_store(REAL *c, THIN_vector sum, int count, int add)
{
    if (count == THIN_lanes) {
        if (add)
            sum += *(THIN_vector *)c;
        *(THIN_vector *)c = sum;
        return;
    }
    if (add) {
        THIN_vector before = {0};
        __builtin_memcpy(&before, c, (unsigned long)count * REAL_BYTES);
        sum += before;
    }
    __builtin_memcpy(c, &sum, (unsigned long)count * REAL_BYTES);
}

/* Rows i to i + height, `pair` vectors from v on. */
static inline __attribute__((always_inline)) void THIN_tile(const THIN_product *t, int height, int pair,
                                                            ct_int i, int v, ct_int p, ct_int steps,
                                                            const REAL *packed)
{
    CT_CONTRACT
    THIN_vector sums[THIN_height][2];
    CT_UNROLL
    for (int r = 0; r < height; r++)
        sums[r][0] = sums[r][1] = (THIN_vector){0};
    const REAL *a = t->a + i * A_ROW + p * A_COLUMN;
    for (ct_int step = 0; step < steps; step++) {
        const REAL *right = packed + step * THIN_width + v * THIN_lanes;
        CT_UNROLL
        for (int r = 0; r < height; r++) {
            REAL left = a[r * A_ROW + step * A_COLUMN];
            sums[r][0] += left * *(const THIN_vector *)right;
            if (pair == 2)
                sums[r][1] += left * *(const THIN_vector *)(right + THIN_lanes);
        }
    }
    CT_UNROLL
    for (int r = 0; r < height; r++) {
        REAL *c = t->c + (i + r) * t->c_row + v * THIN_lanes;
        int last = COLUMNS - (THIN_vectors - 1) * THIN_lanes;
        THIN_store(c, sums[r][0], pair == 1 && v == THIN_vectors - 1 ? last : THIN_lanes, p > 0);
        if (pair == 2 && v == THIN_vectors - 2)
            THIN_store(c + THIN_lanes, sums[r][1], last, p > 0);
        else if (pair == 2)
            THIN_store(c + THIN_lanes, sums[r][1], THIN_lanes, p > 0);
    }
}

/* One row, its steps in four interleaved sums for each vector; a step of B is `apart` from the next. */
CT_SEPARATE void THIN_row(const THIN_product *t, ct_int i, ct_int p, ct_int steps, const REAL *b,
                          ct_int apart)
{
    CT_CONTRACT
    const REAL *a = t->a + i * A_ROW + p * A_COLUMN;
    for (int v = 0; v < THIN_vectors; v++) {
        THIN_vector sums[4] = {{0}, {0}, {0}, {0}};
        ct_int step = 0;
        const REAL *right = b + v * THIN_lanes;
        for (; step + 4 <= steps; step += 4) {
            CT_UNROLL
            for (int s = 0; s < 4; s++)
                sums[s] += a[(step + s) * A_COLUMN] * *(const THIN_vector *)(right + (step + s) * apart);
        }
        for (ct_int rest = 0; rest < steps % 4; rest++)
            sums[0] += a[(step + rest) * A_COLUMN] * *(const THIN_vector *)(right + (step + rest) * apart);
        THIN_vector sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        REAL *c = t->c + i * t->c_row + v * THIN_lanes;
        if (v == THIN_vectors - 1)
            THIN_store(c, sum, COLUMNS - (THIN_vectors - 1) * THIN_lanes, p > 0);
        else
            THIN_store(c, sum, THIN_lanes, p > 0);
    }
}

/* A row or two do not repay the packing of B: only what cannot be read where it lies is packed. */
CT_SEPARATE void THIN_few(const THIN_product *t, ct_int readable)
{
    REAL packed[DEPTH * THIN_width] __attribute__((aligned(64)));
    THIN_pack(t, readable, STEPS - readable, packed);
    for (ct_int i = 0; i < t->m; i++) {
        THIN_row(t, i, 0, readable, t->b, B_ROW);
        if (readable < STEPS)
            THIN_row(t, i, readable, STEPS - readable, packed, THIN_width);
    }
}

static void THIN_rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const THIN_product *t = (const THIN_product *)pointers[0];
    REAL packed[DEPTH * THIN_width] __attribute__((aligned(64)));
    ct_int readable = t->m < 3 ? THIN_readable(t, STEPS) : 0;
    if (readable > 0)
        THIN_few(t, readable);
    for (ct_int p = 0; p < STEPS && readable == 0; p += DEPTH) {
        ct_int steps = STEPS - p < DEPTH ? STEPS - p : DEPTH, i = begin;
        THIN_pack(t, p, steps, packed);
        for (; i + THIN_height <= end; i += THIN_height) {
            int v = 0;
            for (; v + 4 <= THIN_vectors; v += 2)
                THIN_tile(t, THIN_height, 2, i, v, p, steps, packed);
            if (THIN_vectors % 2 == 0)
                THIN_tile(t, THIN_height, 2, i, THIN_vectors - 2, p, steps, packed);
            else {
                if (THIN_vectors > 1)
                    THIN_tile(t, THIN_height, 2, i, THIN_vectors - 3, p, steps, packed);
                THIN_tile(t, THIN_height, 1, i, THIN_vectors - 1, p, steps, packed);
            }
        }
        for (; i < end; i++)
            THIN_row(t, i, p, steps, packed, THIN_width);
    }
    for (ct_int i = begin; STEPS == 0 && i < end; i++)
        __builtin_memset(t->c + i * t->c_row, 0, COLUMNS * REAL_BYTES);
    if (t->epilogue && begin < end)
        t->epilogue(t->pointers, t->integers, t->first_row + begin, t->first_row + end);
}

#ifndef __clang__
#pragma GCC pop_options
#endif

/* All rows, a piece at a time: on the threads when there is work for them. */
static void THIN_run(const THIN_product *t, int threaded)
{
    static const ct_int none[1] = {0};
    void *const pointers[1] = {(void *)t};
    ct_int piece = 65536 / (COLUMNS * (STEPS + 1)) / THIN_height * THIN_height + THIN_height;
    if (threaded && t->m > 4 * piece) {
        t->ctx->parallel(t->ctx, THIN_rows, pointers, none, t->m, piece);
        return;
    }
    for (ct_int i = 0; i < t->m; i += piece)
        THIN_rows(pointers, none, i, i + piece < t->m ? i + piece : t->m);
}

static inline int THIN(ct_context *ctx, ct_int m, ct_int n, ct_int k, const REAL *a, ct_int a_row,
                       ct_int a_column, const REAL *b, ct_int b_row, ct_int b_column, REAL *c, ct_int c_row,
                       ct_range_body epilogue, void *const *pointers, const ct_int *integers)
{
    (void)n;
    const THIN_product whole = {.ctx = ctx,
                                .m = m,
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
                                .integers = integers};
    THIN_run(&whole, 1);
    return CT_OK;
}

static void THIN_members(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    for (ct_int index = begin; index < end; index++) {
        THIN_product t = *(const THIN_product *)pointers[0];
        t.a += index * t.a_batch;
        t.b += index * t.b_batch;
        t.c += index * t.c_batch;
        t.first_row = index * t.m;
        THIN_run(&t, 0);
    }
}

static inline int THIN_batch(ct_context *ctx, ct_int count, ct_int m, ct_int n, ct_int k, const REAL *a,
                             ct_int a_batch, ct_int a_row, ct_int a_column, const REAL *b, ct_int b_batch,
                             ct_int b_row, ct_int b_column, REAL *c, ct_int c_batch, ct_int c_row,
                             ct_range_body epilogue, void *const *pointers, const ct_int *integers)
{
    static const ct_int none[1] = {0};
    (void)n;
    const THIN_product whole = {.ctx = ctx,
                                .m = m,
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
                                .a_batch = a_batch,
                                .b_batch = b_batch,
                                .c_batch = c_batch};
    const THIN_product *t = &whole;
    void *const members[1] = {(void *)t};
    double grain = 2e5 / ((double)t->m * COLUMNS * ((double)(STEPS) + 1) + 1);
    ct_int piece = 1 + (ct_int)grain;
    if (count > 2 * piece)
        ctx->parallel(ctx, THIN_members, members, none, count, piece);
    else
        THIN_members(members, none, 0, count);
    return CT_OK;
}
