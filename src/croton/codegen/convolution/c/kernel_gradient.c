/* The derivative by the kernel: w[t, g, i, j] is the sum over all outputs of x at tap t and channel i times y.
 *
 * Pieces are ranges of strips with sums of their own, added up in order; where the kernel is large there are few
 * of them, and threads share its rows instead.
 */

typedef struct {
    plan *t;
    const ct_int *rows; /* of the kernel, that is taps and channels: places in x */
    ct_int row_count, padded_rows, padded_columns;
    int y_direct;                                   /* y is read where it lies */
    ct_int y_step;                                  /* from pixel to pixel of y */
    ct_int packed_elements, line_bytes, slot_bytes; /* memory of one strip */
    char *slots;
    ct_int pieces, blocks, block_rows; /* ranges of strips; of rows */
    REAL *sums;
    ct_int sums_elements; /* of one piece */
    int side_by_side;     /* whether w has columns so */
    int w_direct;         /* one piece sums up where w lies */
    REAL *w;
} gradient_plan;

INLINE void gradient_tile(int height, int width, int channelwise, const gradient_plan *p,
                          const stretch *lines, ct_int count, const REAL *const *from, const REAL *b,
                          REAL *const *to, int add)
{
    const REAL *place[FULL_ROWS];
    vector sums[FULL_ROWS][2];
    UNROLL
    for (int i = 0; i < height; i++) {
        place[i] = from[i];
        UNROLL
        for (int v = 0; v < width; v++)
            sums[i][v] = (vector){0};
    }
    ct_int x_step = p->t->stride[2] * p->t->place[2], y_step = p->y_step;
    for (ct_int number = 0; number < count; number++) {
        ct_int at = lines[number].offset;
        const REAL *end = b + lines[number].steps * y_step;
        for (; b != end; at += x_step, b += y_step) {
            vector right[2];
            UNROLL
            for (int v = 0; v < width; v++)
                right[v] = *(const loose_vector *)(b + v * LANES);
            UNROLL
            for (int i = 0; i < height; i++) {
                UNROLL
                for (int v = 0; v < width; v++)
                    if (channelwise)
                        sums[i][v] += *(const loose_vector *)(place[i] + at + v * LANES) * right[v];
                    else
                        sums[i][v] += place[i][at] * right[v];
            }
        }
    }
    UNROLL
    for (int i = 0; i < height; i++) {
        UNROLL
        for (int v = 0; v < width; v++) {
            loose_vector *place = (loose_vector *)(to[i] + v * LANES);
            if (add)
                sums[i][v] += *place;
            *place = sums[i][v];
        }
    }
}

typedef void (*gradient_function)(const gradient_plan *p, const stretch *lines, ct_int count,
                                  const REAL *const *from, const REAL *b, REAL *const *to, int add);

#define GRADIENT_FUNCTION(NAME, HEIGHT, WIDTH, CHANNELWISE)                                                  \
    SEPARATE void NAME(const gradient_plan *p, const stretch *lines, ct_int count, const REAL *const *from,  \
                       const REAL *b, REAL *const *to, int add)                                              \
    {                                                                                                        \
        gradient_tile(HEIGHT, WIDTH, CHANNELWISE, p, lines, count, from, b, to, add);                        \
    }

GRADIENT_FUNCTION(gradient_full_2, FULL_ROWS, 2, 0)
GRADIENT_FUNCTION(gradient_full_1, FULL_ROWS, 1, 0)
GRADIENT_FUNCTION(gradient_short_2, SHORT_ROWS, 2, 0)
GRADIENT_FUNCTION(gradient_short_1, SHORT_ROWS, 1, 0)
GRADIENT_FUNCTION(channelwise_gradient_2, SHORT_ROWS, 2, 1)
GRADIENT_FUNCTION(channelwise_gradient_1, SHORT_ROWS, 1, 1)

static const gradient_function gradient_functions[2][2] = {
    {gradient_short_1, gradient_short_2},
    {gradient_full_1, gradient_full_2},
};
static const gradient_function channelwise_gradients[2] = {channelwise_gradient_1, channelwise_gradient_2};

/* A panel of channels of y, PANEL to a pixel. */
static void pack_outputs(const plan *t, const strip *s, ct_int pixels, ct_int columns, const REAL *from,
                         REAL *to)
{
    const ct_convolution *c = t->c;
    for (ct_int n = 0; n < s->images; n++)
        pack(PANEL, columns, pixels, from + n * c->y_batch, c->y_channel, c->y_pixel[2],
             to + n * pixels * PANEL);
}

/* Outputs of a strip that lie side by side: places in x, numbers. Returns how many such lines there are. */
static ct_int list_lines(const plan *t, const strip *s, stretch *lines)
{
    ct_int counts[3], count = 0;
    for (int a = 0; a < 3; a++)
        counts[a] = a == t->c->cut ? s->rows : t->counts[a];
    ct_int length = counts[2] * t->stride[2] * t->place[2];
    for (ct_int n = 0; n < s->images; n++)
        for (ct_int q0 = 0; q0 < counts[0]; q0++)
            for (ct_int q1 = 0; q1 < counts[1]; q1++) {
                ct_int offset =
                    n * t->image_place + q0 * t->stride[0] * t->place[0] + q1 * t->stride[1] * t->place[1];
                if (count && lines[count - 1].offset + lines[count - 1].steps / counts[2] * length == offset)
                    lines[count - 1].steps += counts[2];
                else
                    lines[count++] = (stretch){offset, counts[2]};
            }
    return count;
}

/* Where w keeps the first column of a row of the sums, or of a column its first row. */
INLINE ct_int row_place(const plan *t, ct_int row)
{
    const ct_convolution *c = t->c;
    ct_int inner = t->channelwise ? t->parts : c->inner, tap = row / inner;
    return row % inner * c->w_inner + tap % c->taps[2] * c->w_tap[2] +
           tap / c->taps[2] % c->taps[1] * c->w_tap[1] + tap / c->taps[2] / c->taps[1] * c->w_tap[0];
}

INLINE ct_int column_place(const plan *t, ct_int g, ct_int column)
{
    const ct_convolution *c = t->c;
    if (t->channelwise)
        return column / t->copies * c->w_group + column % t->copies * c->w_outer;
    return g * c->w_group + column * c->w_outer;
}

static void gradient_of_strip(const gradient_plan *p, const strip *s, ct_int row_begin, ct_int row_end,
                              char *memory, REAL *sums, int add)
{
    const plan *t = p->t;
    const ct_convolution *c = t->c;
    const REAL *source = strip_source(t, s, (REAL *)memory);
    REAL spare[PANEL] = {0}; /* for rows that a tile has too many */
    REAL *packed = (REAL *)memory + t->strip_elements;
    stretch *lines = (stretch *)(packed + p->packed_elements);
    ct_int count = list_lines(t, s, lines), pixels = s->rows;
    for (int a = (int)c->cut + 1; a < 3; a++)
        pixels *= t->counts[a];
    ct_int place = s->image * c->y_batch + s->row / larger(1, c->window[c->cut]) * c->y_pixel[c->cut];
    for (ct_int g = 0; g < t->groups; g++)
        for (ct_int j = 0; j < t->columns; j += PANEL) {
            ct_int columns = smaller(PANEL, t->columns - j), height;
            ct_int from = place + (g * t->columns + j) * c->y_channel;
            const REAL *b = p->y_direct ? t->y + from : packed;
            if (c->window[2])
                unpool(t, s, from, columns, packed);
            else if (!p->y_direct)
                pack_outputs(t, s, pixels, columns, t->y + from, packed);
            for (ct_int row = row_begin; row < row_end; row += height) {
                height = convolve_height(t, row_end - row);
                const REAL *places[FULL_ROWS];
                REAL *to[FULL_ROWS];
                for (ct_int i = 0; i < height; i++) {
                    places[i] =
                        source + (t->channelwise ? j : g * c->inner) + p->rows[smaller(row + i, row_end - 1)];
                    to[i] = sums + (g * p->padded_rows + row + i) * p->padded_columns + j;
                    if (p->w_direct)
                        to[i] =
                            row + i < row_end ? p->w + row_place(t, row + i) + column_place(t, g, j) : spare;
                }
                if (t->channelwise)
                    channelwise_gradients[columns > LANES](p, lines, count, places, b, to, add);
                else
                    gradient_functions[height == FULL_ROWS][columns > LANES](p, lines, count, places, b, to,
                                                                             add);
            }
        }
}

/* Work number piece * blocks + block: the rows of a block, summed over the strips of a piece. */
static void gradient_pieces(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const gradient_plan *p = (const gradient_plan *)pointers[0];
    plan *t = p->t;
    ct_int slot = claim_slot(t), strips = strip_count(t);
    for (ct_int number = begin; number < end; number++) {
        ct_int piece = number / p->blocks, row = number % p->blocks * p->block_rows;
        ct_int row_end = smaller(row + p->block_rows, p->row_count);
        REAL *sums = p->sums + piece * p->sums_elements;
        ct_int first = strips * piece / p->pieces;
        for (ct_int s = first; s < strips * (piece + 1) / p->pieces; s++) {
            strip here = strip_at(t, s);
            gradient_of_strip(p, &here, row, row_end, p->slots + slot * p->slot_bytes, sums, s > first);
        }
    }
    release_slot(t, slot);
}

/* The sums of the pieces added up in order and put where w has them; rows [begin, end), numbered through groups. */
static void add_pieces(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const gradient_plan *p = (const gradient_plan *)pointers[0];
    const plan *t = p->t;
    for (ct_int number = begin; number < end; number++) {
        ct_int g = number / p->row_count, row = number % p->row_count;
        const REAL *sums = p->sums + (g * p->padded_rows + row) * p->padded_columns;
        REAL *w = p->w + row_place(t, row);
        for (ct_int j = 0; j < t->columns; j += LANES) {
            vector sum = *(const loose_vector *)(sums + j);
            for (ct_int piece = 1; piece < p->pieces; piece++)
                sum += *(const loose_vector *)(sums + piece * p->sums_elements + j);
            if (p->side_by_side && j + LANES <= t->columns) {
                *(loose_vector *)(w + column_place(t, g, j)) = sum;
                continue;
            }
            REAL total[LANES];
            *(loose_vector *)total = sum;
            for (ct_int l = 0; l < smaller(LANES, t->columns - j); l++)
                w[column_place(t, g, j + l)] = total[l];
        }
    }
}

/* How the work is shared: by its sizes alone. */
static void share_gradient(gradient_plan *p)
{
    const plan *t = p->t;
    ct_int height = t->channelwise ? SHORT_ROWS : FULL_ROWS;
    ct_int tiles = divide_up(p->row_count, height), bytes = p->sums_elements * REAL_BYTES;
    p->pieces = smaller(larger(1, PARTIAL_BYTES / bytes), smaller(MOST_PIECES, strip_count(t)));
    ct_int blocks = smaller(divide_up(MOST_PIECES / 2, p->pieces), larger(1, tiles / 4));
    p->block_rows = divide_up(tiles, blocks) * height;
    p->blocks = divide_up(p->row_count, p->block_rows);
}

/* Places of the rows of the kernel in x. */
static void list_rows(const stretch *stretches, ct_int count, ct_int *rows)
{
    for (ct_int number = 0; number < count; number++)
        for (ct_int step = 0; step < stretches[number].steps; step++)
            *rows++ = stretches[number].offset + step;
}

static int unpool_and_convolve_kernel(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *y,
                                      const unsigned char *places, REAL *w)
{
    plan t = {.ctx = ctx, .c = c, .x = x, .y = (REAL *)y, .places = (unsigned char *)places};
    ct_int taps = c->taps[0] * c->taps[1] * c->taps[2];
    ct_int elements = c->groups * c->inner * c->outer * taps;
    if (elements == 0 || c->batch * c->out[0] * c->out[1] * c->out[2] == 0) {
        /* w is where the first tap lies, which may not be where the array begins. */
        for (int a = 0; a < 3; a++)
            w += smaller(0, c->w_tap[a]) * (c->taps[a] - 1);
        clear(w, elements);
        return CT_OK;
    }
    plan_convolution(&t);
    if (is_depthwise(&t))
        return depthwise_gradient(&t, w);
    gradient_plan p = {.t = &t, .row_count = steps_of(&t, taps), .w = w};
    p.padded_rows = round_up(p.row_count, FULL_ROWS) + FULL_ROWS;
    p.padded_columns = round_up(t.columns, PANEL);
    p.sums_elements = t.groups * p.padded_rows * p.padded_columns;
    p.y_direct = c->y_channel == 1 && t.columns % LANES == 0 && !c->window[2];
    p.y_step = p.y_direct ? c->y_pixel[2] : PANEL;
    ct_int pixels = t.images;
    for (int a = 0; a < 3; a++)
        pixels *= a == c->cut ? t.rows : t.counts[a];
    p.packed_elements = p.y_direct ? 0 : round_up(pixels * PANEL + PANEL + SQUARE, 64 / REAL_BYTES);
    p.line_bytes = round_up(pixels * (ct_int)sizeof(stretch), 64);
    p.slot_bytes = round_up((t.strip_elements + p.packed_elements) * REAL_BYTES + p.line_bytes, 64);
    share_gradient(&p);
    p.side_by_side = t.channelwise
                         ? (t.copies > 1 ? c->w_outer == 1 && c->w_group == t.copies : c->w_group == 1)
                         : c->w_outer == 1;
    p.w_direct = p.side_by_side && p.pieces == 1 && t.columns % LANES == 0;
    if (p.w_direct)
        p.sums_elements = 0;
    ct_int items = p.pieces * p.blocks, slots = smaller(items, MOST_SLOTS);
    ct_int bytes = slots * p.slot_bytes + p.pieces * p.sums_elements * REAL_BYTES +
                   p.row_count * (ct_int)(sizeof(ct_int) + sizeof(stretch)) + 4 * 64;
    char *memory = (char *)ctx->scratch(ctx, bytes);
    if (!memory)
        return CT_OUT_OF_MEMORY;
    p.slots = (char *)take(&memory, slots, p.slot_bytes);
    free_slots(&t, slots);
    p.sums = (REAL *)take(&memory, p.pieces * p.sums_elements, REAL_BYTES);
    axis_phase axis[3];
    for (int a = 0; a < 3; a++)
        axis[a] = phase_of(c, a, 0, 1);
    stretch *stretches = (stretch *)take(&memory, p.row_count, sizeof(stretch));
    ct_int count = list_stretches(&t, axis, 0, taps, stretches);
    ct_int *rows = (ct_int *)take(&memory, p.row_count, sizeof(ct_int));
    list_rows(stretches, count, rows);
    p.rows = rows;
    void *const pointers[1] = {&p};
    const ct_int integers[1] = {0};
    double work = (double)c->batch * (double)elements * (double)(c->out[0] * c->out[1] * c->out[2]);
    run_pieces(&t, gradient_pieces, pointers, integers, items, work > SMALL_WORK ? 1 : items);
    if (!p.w_direct)
        run_pieces(&t, add_pieces, pointers, integers, t.groups * p.row_count,
                   larger(1, 16384 / (p.padded_columns * p.pieces)));
    return CT_OK;
}

static int convolve_kernel(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *y, REAL *w)
{
    return unpool_and_convolve_kernel(ctx, c, x, y, 0, w);
}
