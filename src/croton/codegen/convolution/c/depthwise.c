/* Every channel with a kernel of its own, channels side by side: rows of outputs, each from rows of x where they lie.
 *
 * Borders are left out instead of copied with zeros. What is left of the channels after whole vectors is computed
 * as the last vector of them, a part of it for the second time.
 */
#define DEPTHWISE_PIXELS 8 /* outputs of a tile */
#define DEPTHWISE_TAPS 3   /* of the derivative by the kernel at a time */

typedef struct {
    const plan *t;
    const REAL *x, *w;
    REAL *y;
    ct_int *rows;            /* of each slot: places of rows of taps, in x and in w */
    ct_int slot_rows;        /* the most there are */
    REAL *sums;              /* of each piece: a row of channels for each tap */
    ct_int pieces, row_size; /* of sums */
} depthwise;

static int is_depthwise(const plan *t)
{
    const ct_convolution *c = t->c;
    return t->channelwise && t->copies == 1 && t->parts == 1 && c->x_channel == 1 && c->y_channel == 1 &&
           c->w_group == 1 && t->columns >= LANES && !c->window[2];
}

/* The channels of a vector or two: where they begin. Returns how many vectors there are. */
INLINE ct_int channels_at(const plan *t, ct_int j, ct_int *first)
{
    ct_int left = t->columns - j;
    ct_int width = left > LANES && t->columns >= PANEL ? 2 : 1;
    *first = smaller(j, t->columns - width * LANES);
    return width;
}

INLINE void depthwise_tile(int height, int width, const ct_int *rows, ct_int count, ct_int taps, ct_int next,
                           ct_int tap_step, ct_int pixel, const REAL *x, const REAL *w, REAL *y,
                           ct_int y_pixel)
{
    vector sums[DEPTHWISE_PIXELS][2];
    UNROLL
    for (int i = 0; i < height; i++) {
        UNROLL
        for (int v = 0; v < width; v++)
            sums[i][v] = (vector){0};
    }
    for (ct_int r = 0; r < count; r++) {
        const REAL *from = x + rows[2 * r], *weights = w + rows[2 * r + 1];
        for (ct_int k = 0; k < taps; k++, from += next, weights += tap_step) {
            vector right[2];
            UNROLL
            for (int v = 0; v < width; v++)
                right[v] = *(const loose_vector *)(weights + v * LANES);
            UNROLL
            for (int i = 0; i < height; i++) {
                UNROLL
                for (int v = 0; v < width; v++)
                    sums[i][v] += *(const loose_vector *)(from + i * pixel + v * LANES) * right[v];
            }
        }
    }
    UNROLL
    for (int i = 0; i < height; i++) {
        UNROLL
        for (int v = 0; v < width; v++)
            *(loose_vector *)(y + i * y_pixel + v * LANES) = sums[i][v];
    }
}

typedef void (*depthwise_function)(const ct_int *rows, ct_int count, ct_int taps, ct_int next,
                                   ct_int tap_step, ct_int pixel, const REAL *x, const REAL *w, REAL *y,
                                   ct_int y_pixel);

#define DEPTHWISE_FUNCTION(HEIGHT, WIDTH)                                                                    \
    SEPARATE void depthwise_##HEIGHT##_##WIDTH(const ct_int *rows, ct_int count, ct_int taps, ct_int next,   \
                                               ct_int tap_step, ct_int pixel, const REAL *x, const REAL *w,  \
                                               REAL *y, ct_int y_pixel)                                      \
    {                                                                                                        \
        depthwise_tile(HEIGHT, WIDTH, rows, count, taps, next, tap_step, pixel, x, w, y, y_pixel);           \
    }

DEPTHWISE_FUNCTION(1, 1)
DEPTHWISE_FUNCTION(1, 2)
DEPTHWISE_FUNCTION(4, 1)
DEPTHWISE_FUNCTION(4, 2)
#if VECTOR_BYTES == 64 || defined(__aarch64__)
DEPTHWISE_FUNCTION(8, 1)
DEPTHWISE_FUNCTION(8, 2)
#define MOST_HEIGHT 2
#else
#define MOST_HEIGHT 1
#endif

/* [1, 4 or 8 pixels][two vectors?] */
static const depthwise_function depthwise_functions[MOST_HEIGHT + 1][2] = {
    {depthwise_1_1, depthwise_1_2},
    {depthwise_4_1, depthwise_4_2},
#if MOST_HEIGHT == 2
    {depthwise_8_1, depthwise_8_2},
#endif
};

/* Rows of taps that an output row meets: where they lie in x, for its first output, and in w. */
static ct_int list_tap_rows(const plan *t, const axis_phase *axis, const ct_int *q, ct_int *rows)
{
    const ct_convolution *c = t->c;
    ct_int count = 0;
    for (ct_int t0 = 0; t0 < axis[0].taps; t0++)
        for (ct_int t1 = 0; t1 < axis[1].taps; t1++) {
            ct_int at0 = axis[0].base + t0 * axis[0].base_step + q[0] * t->stride[0];
            ct_int at1 = axis[1].base + t1 * axis[1].base_step + q[1] * t->stride[1];
            if (at0 < 0 || at0 >= c->size[0] || at1 < 0 || at1 >= c->size[1])
                continue;
            rows[2 * count] = at0 * c->x_pixel[0] + at1 * c->x_pixel[1];
            rows[2 * count + 1] = (axis[0].first_tap + t0 * axis[0].tap_step) * c->w_tap[0] +
                                  (axis[1].first_tap + t1 * axis[1].tap_step) * c->w_tap[1];
            count++;
        }
    return count;
}

/* The outputs of a phase that meet the taps from `begin` to `end` inside x: first and last but one. */
INLINE void outputs_inside(const plan *t, const axis_phase *p, ct_int begin, ct_int end, ct_int *first,
                           ct_int *last)
{
    ct_int low = p->base + begin * p->base_step, high = p->base + (end - 1) * p->base_step;
    ct_int stride = t->stride[2], size = t->c->size[2];
    *first = smaller(p->count, low < 0 ? divide_up(-low, stride) : 0);
    *last = high < size ? smaller(p->count, (size - 1 - high) / stride + 1) : 0;
    *last = larger(*first, *last);
}

/* `height` outputs from the `q`-th on at taps `begin` to `end`, all channels. */
static void depthwise_outputs(const depthwise *p, const axis_phase *axis, int height, ct_int count,
                              const ct_int *rows, ct_int q, ct_int begin, ct_int end, const REAL *x, REAL *y)
{
    const plan *t = p->t;
    const ct_convolution *c = t->c;
    ct_int pixel = c->x_pixel[2], y_pixel = t->phases[2] * c->y_pixel[2];
    ct_int next = axis->base_step * pixel, tap_step = axis->tap_step * c->w_tap[2], j, width;
    const REAL *from = x + (axis->base + begin * axis->base_step + q * t->stride[2]) * pixel;
    const REAL *weights = p->w + (axis->first_tap + begin * axis->tap_step) * c->w_tap[2];
    for (ct_int left = 0; left < t->columns; left = j + width * LANES) {
        width = channels_at(t, left, &j);
        depthwise_functions[height][width - 1](rows, count, end - begin, next, tap_step, t->stride[2] * pixel,
                                               from + j, weights + j, y + q * y_pixel + j, y_pixel);
    }
}

static void depthwise_row(const depthwise *p, ct_int number, ct_int *rows)
{
    const plan *t = p->t;
    const ct_convolution *c = t->c;
    ct_int at[2] = {number / c->out[1] % c->out[0], number % c->out[1]}, q[2];
    ct_int n = number / c->out[1] / c->out[0];
    axis_phase axis[3];
    for (int a = 0; a < 2; a++) {
        axis[a] = phase_of(c, a, at[a] % t->phases[a], t->phases[a]);
        q[a] = at[a] / t->phases[a];
    }
    ct_int count = list_tap_rows(t, axis, q, rows);
    const REAL *x = p->x + n * c->x_batch;
    REAL *row = p->y + n * c->y_batch + at[0] * c->y_pixel[0] + at[1] * c->y_pixel[1];
    for (ct_int f = 0; f < t->phases[2]; f++) {
        axis[2] = phase_of(c, 2, f, t->phases[2]);
        ct_int taps = axis[2].taps, first, last, o = 0;
        outputs_inside(t, &axis[2], 0, taps, &first, &last);
        REAL *y = row + f * c->y_pixel[2];
        while (o < axis[2].count) {
            if (o >= first && last - first >= 4 && o < last) {
                int height = MOST_HEIGHT == 2 && last - o >= 8 ? 2 : 1;
                ct_int begin = smaller(o, last - 4 * height);
                depthwise_outputs(p, &axis[2], height, count, rows, begin, 0, taps, x, y);
                o = begin + 4 * height;
                continue;
            }
            ct_int low = axis[2].base + o * t->stride[2], step = axis[2].base_step;
            ct_int begin = low < 0 ? smaller(taps, divide_up(-low, step)) : 0;
            ct_int end = low < c->size[2] ? smaller(taps, divide_up(c->size[2] - low, larger(1, step))) : 0;
            depthwise_outputs(p, &axis[2], 0, count, rows, o, begin, larger(begin, end), x, y);
            o++;
        }
    }
}

static void depthwise_rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const depthwise *p = (const depthwise *)pointers[0];
    plan *t = (plan *)pointers[1];
    ct_int slot = claim_slot(t);
    for (ct_int number = begin; number < end; number++)
        depthwise_row(p, number, p->rows + slot * 2 * p->slot_rows);
    release_slot(t, slot);
}

/* How many rows of outputs are worth a piece of work of its own. */
INLINE ct_int depthwise_grain(const plan *t, ct_int rows)
{
    const ct_convolution *c = t->c;
    double row = (double)(c->out[2] * t->columns * c->taps[0] * c->taps[1] * c->taps[2]);
    ct_int grain = (ct_int)(SMALL_WORK / 2 / (row + 1)) + 1;
    return larger(grain, divide_up(rows, 8 * MOST_ITEMS));
}

static int convolve_depthwise(plan *t)
{
    const ct_convolution *c = t->c;
    ct_int rows = c->batch * c->out[0] * c->out[1], grain = depthwise_grain(t, rows);
    ct_int slots = smaller(divide_up(rows, grain), MOST_SLOTS);
    depthwise p = {.t = t, .x = t->x, .w = t->w, .y = t->y, .slot_rows = c->taps[0] * c->taps[1]};
    p.rows = (ct_int *)t->ctx->scratch(t->ctx, slots * 2 * p.slot_rows * (ct_int)sizeof(ct_int) + 64);
    if (!p.rows)
        return CT_OUT_OF_MEMORY;
    free_slots(t, slots);
    void *const pointers[2] = {&p, t};
    const ct_int integers[1] = {0};
    run_pieces(t, depthwise_rows, pointers, integers, rows, grain);
    return CT_OK;
}

/* A few taps of a row: sums over outputs `first` to `last`, added to the sums of a piece. */
INLINE void depthwise_sums(int taps, int width, ct_int outputs, const REAL *x, ct_int next, ct_int pixel,
                           const REAL *y, ct_int y_pixel, REAL *sums, ct_int row_size)
{
    vector total[DEPTHWISE_TAPS][2];
    UNROLL
    for (int k = 0; k < taps; k++) {
        UNROLL
        for (int v = 0; v < width; v++)
            total[k][v] = *(const loose_vector *)(sums + k * row_size + v * LANES);
    }
    for (ct_int q = 0; q < outputs; q++, x += pixel, y += y_pixel) {
        vector given[2];
        UNROLL
        for (int v = 0; v < width; v++)
            given[v] = *(const loose_vector *)(y + v * LANES);
        UNROLL
        for (int k = 0; k < taps; k++) {
            UNROLL
            for (int v = 0; v < width; v++)
                total[k][v] += *(const loose_vector *)(x + k * next + v * LANES) * given[v];
        }
    }
    UNROLL
    for (int k = 0; k < taps; k++) {
        UNROLL
        for (int v = 0; v < width; v++)
            *(loose_vector *)(sums + k * row_size + v * LANES) = total[k][v];
    }
}

typedef void (*depthwise_sums_function)(ct_int outputs, const REAL *x, ct_int next, ct_int pixel,
                                        const REAL *y, ct_int y_pixel, REAL *sums, ct_int row_size);

#define DEPTHWISE_SUMS(TAPS, WIDTH)                                                                          \
    SEPARATE void depthwise_sums_##TAPS##_##WIDTH(ct_int outputs, const REAL *x, ct_int next, ct_int pixel,  \
                                                  const REAL *y, ct_int y_pixel, REAL *sums,                 \
                                                  ct_int row_size)                                           \
    {                                                                                                        \
        depthwise_sums(TAPS, WIDTH, outputs, x, next, pixel, y, y_pixel, sums, row_size);                    \
    }

DEPTHWISE_SUMS(1, 1)
DEPTHWISE_SUMS(1, 2)
DEPTHWISE_SUMS(3, 1)
DEPTHWISE_SUMS(3, 2)

/* [three taps?][two vectors?] */
static const depthwise_sums_function depthwise_sums_functions[2][2] = {
    {depthwise_sums_1_1, depthwise_sums_1_2},
    {depthwise_sums_3_1, depthwise_sums_3_2},
};

/* Taps `tap` to `tap + together` of a row of taps over outputs `first` to `last`, all channels. */
static void depthwise_sum_taps(const depthwise *p, const axis_phase *axis, ct_int tap, int together,
                               ct_int first, ct_int last, const REAL *x, const REAL *y, REAL *sums)
{
    const plan *t = p->t;
    const ct_convolution *c = t->c;
    ct_int pixel = c->x_pixel[2], j, width, whole = t->columns / LANES * LANES;
    const REAL *from = x + (axis->base + tap * axis->base_step + first * t->stride[2]) * pixel;
    for (ct_int left = 0; left < t->columns && last > first; left += width * LANES) {
        /* Channels that fill no vector have one of their own at the end of the sums. */
        width = whole - left >= PANEL ? 2 : 1;
        j = smaller(left, t->columns - LANES);
        depthwise_sums_functions[together > 1][width - 1](
            last - first, from + j, axis->base_step * pixel, t->stride[2] * pixel,
            y + first * c->y_pixel[2] + j, c->y_pixel[2], sums + tap * p->row_size + left, p->row_size);
    }
}

static void depthwise_gradient_row(const depthwise *p, ct_int number, REAL *sums)
{
    const plan *t = p->t;
    const ct_convolution *c = t->c;
    ct_int at[2] = {number / c->out[1] % c->out[0], number % c->out[1]};
    ct_int n = number / c->out[1] / c->out[0];
    axis_phase axis[3];
    for (int a = 0; a < 3; a++)
        axis[a] = phase_of(c, a, 0, 1);
    const REAL *y = p->y + n * c->y_batch + at[0] * c->y_pixel[0] + at[1] * c->y_pixel[1];
    for (ct_int row = 0; row < c->taps[0] * c->taps[1]; row++) {
        ct_int at0 = axis[0].base + row / c->taps[1] * axis[0].base_step + at[0] * t->stride[0];
        ct_int at1 = axis[1].base + row % c->taps[1] * axis[1].base_step + at[1] * t->stride[1];
        if (at0 < 0 || at0 >= c->size[0] || at1 < 0 || at1 >= c->size[1])
            continue;
        const REAL *x = p->x + n * c->x_batch + at0 * c->x_pixel[0] + at1 * c->x_pixel[1];
        REAL *row_sums = sums + row * c->taps[2] * p->row_size;
        for (ct_int tap = 0, together; tap < c->taps[2]; tap += together) {
            together = c->taps[2] - tap >= DEPTHWISE_TAPS ? DEPTHWISE_TAPS : 1;
            ct_int first, last;
            outputs_inside(t, &axis[2], tap, tap + together, &first, &last);
            depthwise_sum_taps(p, &axis[2], tap, (int)together, first, last, x, y, row_sums);
            for (ct_int k = tap; k < tap + together && together > 1; k++) {
                ct_int begin, end;
                outputs_inside(t, &axis[2], k, k + 1, &begin, &end);
                depthwise_sum_taps(p, &axis[2], k, 1, begin, smaller(end, first), x, y, row_sums);
                depthwise_sum_taps(p, &axis[2], k, 1, larger(begin, last), end, x, y, row_sums);
            }
        }
    }
}

static void depthwise_gradient_pieces(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const depthwise *p = (const depthwise *)pointers[0];
    const ct_convolution *c = p->t->c;
    ct_int rows = c->batch * c->out[0] * c->out[1], size = c->taps[0] * c->taps[1] * c->taps[2] * p->row_size;
    for (ct_int piece = begin; piece < end; piece++) {
        clear(p->sums + piece * size, size);
        for (ct_int row = rows * piece / p->pieces; row < rows * (piece + 1) / p->pieces; row++)
            depthwise_gradient_row(p, row, p->sums + piece * size);
    }
}

static int depthwise_gradient(plan *t, REAL *w)
{
    const ct_convolution *c = t->c;
    ct_int rows = c->batch * c->out[0] * c->out[1], taps = c->taps[0] * c->taps[1] * c->taps[2];
    depthwise p = {.t = t, .x = t->x, .y = t->y, .row_size = round_up(t->columns, LANES)};
    ct_int size = taps * p.row_size;
    p.pieces = smaller(divide_up(rows, depthwise_grain(t, rows)), MOST_PIECES);
    p.pieces = smaller(p.pieces, larger(1, PARTIAL_BYTES / (size * REAL_BYTES)));
    p.sums = (REAL *)t->ctx->scratch(t->ctx, p.pieces * size * REAL_BYTES + 64);
    if (!p.sums)
        return CT_OUT_OF_MEMORY;
    void *const pointers[1] = {&p};
    const ct_int integers[1] = {0};
    run_pieces(t, depthwise_gradient_pieces, pointers, integers, p.pieces, 1);
    for (ct_int tap = 0; tap < taps; tap++) {
        REAL *to = w + tap % c->taps[2] * c->w_tap[2] + tap / c->taps[2] % c->taps[1] * c->w_tap[1] +
                   tap / c->taps[2] / c->taps[1] * c->w_tap[0];
        REAL *sums = p.sums + tap * p.row_size;
        for (ct_int j = 0; j < p.row_size; j += LANES) {
            vector total = *(loose_vector *)(sums + j);
            for (ct_int piece = 1; piece < p.pieces; piece++)
                total += *(const loose_vector *)(sums + piece * size + j);
            *(loose_vector *)(to + smaller(j, t->columns - LANES)) = total;
        }
    }
    return CT_OK;
}
