/* Derivatives where outputs lie in windows: all but one element of a window are zero, and are left out.
 *
 * What is not zero is listed channel by channel of y. An element meets x, or adds to its derivative, at `rows` of
 * taps that lie side by side; each is a number of vectors, whole chunks of them, of which the last may run over.
 */
#if VECTOR_BYTES == 64 || defined(__aarch64__)
#define MOST_CHUNK 8
#else
#define MOST_CHUNK 4
#endif
#define ROWS_TOGETHER 3    /* rows of taps that are met at once: registers for as many chunks */
#define TILE_BYTES 24576   /* of a part of the derivative by x that is added to again and again */
#define LISTED_BYTES 40960 /* of the part of x that the listed elements of a strip meet */

/* An element of y that is not zero, and where in x its first tap lies. */
typedef struct {
    ct_int offset;
    REAL value;
} element;

typedef struct {
    plan *t;
    ct_int rows, row_length; /* of taps; elements of one */
    const ct_int *row_offsets;
    ct_int chunk, chunks, padded_row; /* vectors; elements of a row with what runs over */
    const ct_int *window_offsets;     /* of the places in a whole window */
    ct_int capacity;                  /* elements of a channel that a strip can have */
    ct_int slot_bytes;
    char *slots;
    ct_int pieces;
    REAL *sums, *w, *x;
} scattered;

/* A few vectors more may be computed than a row has. */
static void choose_chunks(scattered *p)
{
    const ct_convolution *c = p->t->c;
    p->rows = c->taps[0] * c->taps[1];
    p->row_length = c->taps[2] * c->inner;
    ct_int vectors = divide_up(p->row_length, LANES);
    p->chunks = divide_up(vectors, MOST_CHUNK);
    p->chunk = divide_up(vectors, p->chunks);
    if (p->chunk == 7 || p->chunk == 5)
        p->chunk++;
    p->padded_row = p->chunks * p->chunk * LANES;
}

static void list_offsets(const scattered *p, ct_int *rows, ct_int *windows)
{
    const plan *t = p->t;
    const ct_convolution *c = t->c;
    for (ct_int t0 = 0; t0 < c->taps[0]; t0++)
        for (ct_int t1 = 0; t1 < c->taps[1]; t1++)
            *rows++ = t0 * c->dilation[0] * t->place[0] + t1 * c->dilation[1] * t->place[1];
    for (ct_int k0 = 0; k0 < c->window[0]; k0++)
        for (ct_int k1 = 0; k1 < c->window[1]; k1++)
            for (ct_int k2 = 0; k2 < c->window[2]; k2++)
                *windows++ = k0 * t->stride[0] * t->place[0] + k1 * t->stride[1] * t->place[1] +
                             k2 * t->stride[2] * t->place[2];
}

/* Where in x an element lies, from its window's first output on. */
INLINE ct_int offset_in(const scattered *p, const window *w, ct_int number)
{
    const plan *t = p->t;
    ct_int k2 = number % w->span[2], k1 = number / w->span[2] % w->span[1],
           k0 = number / w->span[2] / w->span[1];
    return k0 * t->stride[0] * t->place[0] + k1 * t->stride[1] * t->place[1] +
           k2 * t->stride[2] * t->place[2];
}

/* What is not zero in a strip of y, channel by channel. Returns whether all is finite. */
static int list_elements(const scattered *p, const strip *s, element *lists, ct_int *counts)
{
    const plan *t = p->t;
    const ct_convolution *c = t->c;
    ct_int from = s->image * c->y_batch + s->row / c->window[c->cut] * c->y_pixel[c->cut];
    ct_int channel = c->y_channel, columns = t->columns, capacity = p->capacity;
    int endless = 0;
    for (ct_int j = 0; j < columns; j++)
        counts[j] = 0;
    window_walk walk = windows_of(t, s);
    for (window w; next_window(&walk, &w);) {
        const REAL *values = t->y + from + w.place;
        const unsigned char *places = t->places + from + w.place;
        ct_int first = w.image * t->image_place;
        int whole_window = 1;
        for (int a = 0; a < 3; a++) {
            first += w.at[a] * c->window[a] * t->stride[a] * t->place[a];
            whole_window &= w.span[a] == c->window[a];
        }
        for (ct_int j = 0; j < columns; j++) {
            REAL value = values[j * channel];
            ct_int number = places[j * channel];
            ct_int offset = whole_window ? p->window_offsets[number] : offset_in(p, &w, number);
            lists[j * capacity + counts[j]] = (element){first + offset, value};
            counts[j] += value != 0;
            endless |= !(value - value == 0);
        }
    }
    return !endless;
}

/* Elements times what they meet in x, added to sums of some rows. */
INLINE void meet_rows(int rows, int chunk, const element *list, ct_int count, const REAL *x,
                      const ct_int *offsets, REAL *sums, ct_int padded_row)
{
    vector total[ROWS_TOGETHER][MOST_CHUNK];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < chunk; v++)
            total[r][v] = *(const loose_vector *)(sums + r * padded_row + v * LANES);
    }
    for (const element *end = list + count; list < end; list++) {
        const REAL *at = x + list->offset;
        REAL value = list->value;
        UNROLL
        for (int r = 0; r < rows; r++) {
            UNROLL
            for (int v = 0; v < chunk; v++)
                total[r][v] += value * *(const loose_vector *)(at + offsets[r] + v * LANES);
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < chunk; v++)
            *(loose_vector *)(sums + r * padded_row + v * LANES) = total[r][v];
    }
}

/* Elements times rows of the kernel, added where they lie in x. */
INLINE void add_rows(int rows, int chunk, const element *list, ct_int count, const REAL *kernel,
                     const ct_int *offsets, REAL *x, ct_int padded_row)
{
    vector weights[ROWS_TOGETHER][MOST_CHUNK];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < chunk; v++)
            weights[r][v] = *(const loose_vector *)(kernel + r * padded_row + v * LANES);
    }
    for (const element *end = list + count; list < end; list++) {
        REAL *at = x + list->offset;
        REAL value = list->value;
        UNROLL
        for (int r = 0; r < rows; r++) {
            UNROLL
            for (int v = 0; v < chunk; v++)
                *(loose_vector *)(at + offsets[r] + v * LANES) += value * weights[r][v];
        }
    }
}

typedef void (*meet_function)(const element *list, ct_int count, const REAL *x, const ct_int *offsets,
                              REAL *sums, ct_int padded_row);
typedef void (*add_function)(const element *list, ct_int count, const REAL *kernel, const ct_int *offsets,
                             REAL *x, ct_int padded_row);

#define SCATTERED_FUNCTIONS(ROWS, CHUNK)                                                                     \
    SEPARATE void meet_##ROWS##_##CHUNK(const element *list, ct_int count, const REAL *x,                    \
                                        const ct_int *offsets, REAL *sums, ct_int padded_row)                \
    {                                                                                                        \
        meet_rows(ROWS, CHUNK, list, count, x, offsets, sums, padded_row);                                   \
    }                                                                                                        \
    SEPARATE void add_##ROWS##_##CHUNK(const element *list, ct_int count, const REAL *kernel,                \
                                       const ct_int *offsets, REAL *x, ct_int padded_row)                    \
    {                                                                                                        \
        add_rows(ROWS, CHUNK, list, count, kernel, offsets, x, padded_row);                                  \
    }

#if MOST_CHUNK == 8
#define EACH_CHUNK(WITH) WITH(1) WITH(2) WITH(3) WITH(4) WITH(6) WITH(8)
#else
#define EACH_CHUNK(WITH) WITH(1) WITH(2) WITH(3) WITH(4)
#endif
#define FUNCTIONS_OF_CHUNK(CHUNK) SCATTERED_FUNCTIONS(1, CHUNK) SCATTERED_FUNCTIONS(3, CHUNK)
EACH_CHUNK(FUNCTIONS_OF_CHUNK)

/* [three rows?][vectors of a chunk] */
#define MEET_ENTRIES(CHUNK) [0][CHUNK] = meet_1_##CHUNK, [1][CHUNK] = meet_3_##CHUNK,
#define ADD_ENTRIES(CHUNK) [0][CHUNK] = add_1_##CHUNK, [1][CHUNK] = add_3_##CHUNK,
static const meet_function meet_functions[2][9] = {EACH_CHUNK(MEET_ENTRIES)};
static const add_function add_functions[2][9] = {EACH_CHUNK(ADD_ENTRIES)};

/* The part of x or of its derivative that is at work: `bytes` of it if that can be, of one image or of several. */
static void plan_listed(plan *t, ct_int bytes, int several)
{
    const ct_convolution *c = t->c;
    ct_int split = c->cut, unit = c->window[split], all_rows = t->counts[split];
    ct_int row_bytes = t->channels * REAL_BYTES;
    for (int a = (int)split + 1; a < 3; a++)
        row_bytes *= box_size(t, a, t->counts[a]);
    t->rows = all_rows;
    while (split < 2 && t->rows > unit && box_size(t, (int)split, t->rows) * row_bytes > bytes)
        t->rows = round_up(divide_up(t->rows, 2), unit);
    t->strips = divide_up(all_rows, t->rows);
    t->images = 1;
    if (several && t->strips == 1)
        t->images = smaller(c->batch, larger(1, bytes / (box_size(t, (int)split, all_rows) * row_bytes)));
    t->blocks = divide_up(c->batch, t->images);
    plan_places(t);
    t->strip_elements = t->direct ? 0 : t->strip_elements + MOST_CHUNK * LANES;
}

/* All but memory; for the derivative by the kernel, or by x. */
static void plan_scattered(scattered *p, int by_kernel)
{
    plan *t = p->t;
    const ct_convolution *c = t->c;
    plan_convolution(t);
    choose_chunks(p);
    t->direct = t->direct && by_kernel && p->padded_row == p->row_length;
    plan_listed(t, by_kernel ? LISTED_BYTES : TILE_BYTES, by_kernel);
    p->capacity = t->images;
    for (int a = 0; a < 3; a++)
        p->capacity *= divide_up(a == c->cut ? t->rows : t->counts[a], c->window[a]);
    p->slot_bytes =
        round_up(t->strip_elements * REAL_BYTES +
                     t->columns * (p->capacity * (ct_int)sizeof(element) + (ct_int)sizeof(ct_int)),
                 64);
}

/* Memory of one strip: its part of x, then the lists, then their lengths. */
INLINE REAL *slot_strip(const scattered *p, ct_int slot)
{
    return (REAL *)(p->slots + slot * p->slot_bytes);
}

INLINE element *slot_lists(const scattered *p, ct_int slot)
{
    return (element *)(slot_strip(p, slot) + p->t->strip_elements);
}

INLINE ct_int *slot_counts(const scattered *p, ct_int slot)
{
    return (ct_int *)(slot_lists(p, slot) + p->t->columns * p->capacity);
}

/* Memory for `slots` strips, for as many sums and for offsets, which are filled in; whether there was enough. */
static int take_memory(scattered *p, ct_int slots, ct_int sums)
{
    const ct_convolution *c = p->t->c;
    ct_int windows = c->window[0] * c->window[1] * c->window[2];
    char *memory =
        (char *)p->t->ctx->scratch(p->t->ctx, slots * p->slot_bytes + sums * REAL_BYTES +
                                                  (p->rows + windows) * (ct_int)sizeof(ct_int) + 5 * 64);
    if (!memory)
        return 0;
    p->slots = (char *)take(&memory, slots, p->slot_bytes);
    free_slots(p->t, slots);
    p->sums = (REAL *)take(&memory, sums, REAL_BYTES);
    ct_int *offsets = (ct_int *)take(&memory, p->rows + windows, sizeof(ct_int));
    list_offsets(p, offsets, offsets + p->rows);
    p->row_offsets = offsets;
    p->window_offsets = offsets + p->rows;
    return 1;
}

/* Whether threads should share the products of all elements with `size` numbers. */
static int repays_threads(const ct_convolution *c, ct_int size)
{
    return (double)c->batch * (double)(c->out[0] * c->out[1] * c->out[2]) * (double)size > SMALL_WORK;
}

/* Where a row of the kernel lies that belongs to a channel of y. */
static ct_int kernel_row_place(const ct_convolution *c, ct_int channel, ct_int row)
{
    return channel * c->w_outer + row / c->taps[1] * c->w_tap[0] + row % c->taps[1] * c->w_tap[1];
}

/* Sums of a strip: `columns` times `rows` times padded rows. */
static void meet_strip(const scattered *p, const REAL *x, const element *lists, const ct_int *counts,
                       REAL *sums)
{
    ct_int chunk = p->chunk * LANES;
    for (ct_int j = 0; j < p->t->columns; j++)
        for (ct_int row = 0, together; row < p->rows; row += together) {
            together = row + ROWS_TOGETHER <= p->rows ? ROWS_TOGETHER : 1;
            meet_function meet = meet_functions[together > 1][p->chunk];
            for (ct_int q = 0; q < p->chunks; q++)
                meet(lists + j * p->capacity, counts[j], x + q * chunk, p->row_offsets + row,
                     sums + (j * p->rows + row) * p->padded_row + q * chunk, p->padded_row);
        }
}

static void meet_pieces(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const scattered *p = (const scattered *)pointers[0];
    plan *t = p->t;
    ct_int slot = claim_slot(t), strips = strip_count(t), size = t->columns * p->rows * p->padded_row;
    for (ct_int piece = begin; piece < end; piece++) {
        REAL *sums = p->sums + piece * size;
        clear(sums, size);
        for (ct_int number = strips * piece / p->pieces; number < strips * (piece + 1) / p->pieces;
             number++) {
            strip s = strip_at(t, number);
            const REAL *x = strip_source(t, &s, slot_strip(p, slot));
            list_elements(p, &s, slot_lists(p, slot), slot_counts(p, slot));
            meet_strip(p, x, slot_lists(p, slot), slot_counts(p, slot), sums);
        }
    }
    release_slot(t, slot);
}

/* Channels [begin, end) of y: the sums of the pieces added up in order and put where w has them. */
static void add_met(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const scattered *p = (const scattered *)pointers[0];
    const plan *t = p->t;
    const ct_convolution *c = t->c;
    ct_int size = p->rows * p->padded_row;
    for (ct_int j = begin; j < end; j++)
        for (ct_int row = 0; row < p->rows; row++) {
            REAL *sums = p->sums + j * size + row * p->padded_row;
            for (ct_int k = 0; k < p->padded_row; k += LANES) {
                vector total = *(loose_vector *)(sums + k);
                for (ct_int piece = 1; piece < p->pieces; piece++)
                    total += *(loose_vector *)(sums + piece * t->columns * size + k);
                *(loose_vector *)(sums + k) = total;
            }
            REAL *w = p->w + kernel_row_place(c, j, row);
            for (ct_int k = 0; k < p->row_length; k++)
                w[k / c->inner * c->w_tap[2] + k % c->inner * c->w_inner] = sums[k];
        }
}

/* Whether what is listed costs less than all outputs, in vectors of multiply-adds for each element of y. */
static int repays_listing(const ct_convolution *c)
{
    ct_int rows = c->taps[0] * c->taps[1], row = c->taps[2] * c->inner;
    if (c->groups != 1 || (c->dilation[2] != 1 && c->taps[2] > 1))
        return 0;
    return rows * divide_up(row, LANES) + 2 * rows + 8 <
           c->window[0] * c->window[1] * c->window[2] * rows * row / LANES;
}

static int meet_listed(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *y,
                       const unsigned char *places, REAL *w)
{
    plan t = {.ctx = ctx, .c = c, .x = x, .y = (REAL *)y, .places = (unsigned char *)places};
    scattered p = {.t = &t, .w = w};
    plan_scattered(&p, 1);
    ct_int size = t.columns * p.rows * p.padded_row;
    p.pieces = smaller(larger(1, PARTIAL_BYTES / (size * REAL_BYTES)), smaller(MOST_PIECES, strip_count(&t)));
    if (!take_memory(&p, smaller(p.pieces, MOST_SLOTS), p.pieces * size))
        return CT_OUT_OF_MEMORY;
    void *const pointers[1] = {&p};
    const ct_int integers[1] = {0};
    run_pieces(&t, meet_pieces, pointers, integers, p.pieces, repays_threads(c, size) ? 1 : p.pieces);
    run_pieces(&t, add_met, pointers, integers, t.columns, larger(1, 16384 / (size / t.columns * p.pieces)));
    return CT_OK;
}

/* The kernel, channel by channel of y, each row with zeros behind it. */
static void pack_rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const scattered *p = (const scattered *)pointers[0];
    const ct_convolution *c = p->t->c;
    for (ct_int j = begin; j < end; j++)
        for (ct_int row = 0; row < p->rows; row++) {
            const REAL *w = p->t->w + kernel_row_place(c, j, row);
            REAL *to = p->sums + (j * p->rows + row) * p->padded_row;
            for (ct_int k = 0; k < p->row_length; k++)
                to[k] = w[k / c->inner * c->w_tap[2] + k % c->inner * c->w_inner];
            clear(to + p->row_length, p->padded_row - p->row_length);
        }
}

/* What elements of a strip add to the part of x that they meet. */
static void add_strip(const scattered *p, int finite, const element *lists, const ct_int *counts, REAL *x)
{
    ct_int chunk = p->chunk * LANES;
    for (ct_int j = 0; j < p->t->columns; j++) {
        const element *list = lists + j * p->capacity;
        const REAL *kernel = p->sums + j * p->rows * p->padded_row;
        for (ct_int row = 0, together; finite && row < p->rows; row += together) {
            together = row + ROWS_TOGETHER <= p->rows ? ROWS_TOGETHER : 1;
            add_function add = add_functions[together > 1][p->chunk];
            for (ct_int q = 0; q < p->chunks; q++)
                add(list, counts[j], kernel + row * p->padded_row + q * chunk, p->row_offsets + row,
                    x + q * chunk, p->padded_row);
        }
        /* Infinities and NaN must not meet the zeros behind a row. */
        for (ct_int n = 0; !finite && n < counts[j]; n++)
            for (ct_int row = 0; row < p->rows; row++)
                for (ct_int k = 0; k < p->row_length; k++)
                    x[list[n].offset + p->row_offsets[row] + k] +=
                        list[n].value * kernel[row * p->padded_row + k];
    }
}

/* A row of a strip of the derivative to where x has it: `fresh`, or on top of what other strips have added. */
static void add_row(const plan *t, const REAL *from, int fresh, REAL *x)
{
    const ct_convolution *c = t->c;
    ct_int low = t->lowest[2], box = box_size(t, 2, t->counts[2]), channels = t->channels;
    ct_int left = smaller(c->size[2], larger(0, low));
    ct_int inside = from ? larger(0, smaller(c->size[2], low + box) - left) : 0;
    ct_int pixel = c->x_pixel[2], channel = c->x_channel;
    if (from)
        from += (left - low) * channels;
    if (channel == 1 && pixel == channels) {
        ct_int begin = left * channels, count = inside * channels, k = 0;
        if (fresh) {
            clear(x, begin);
            clear(x + begin + count, (c->size[2] - left - inside) * channels);
            if (count > 0)
                __builtin_memcpy(x + begin, from, (unsigned long)count * REAL_BYTES);
            return;
        }
        for (; k + LANES <= count; k += LANES)
            *(loose_vector *)(x + begin + k) += *(const loose_vector *)(from + k);
        for (; k < count; k++)
            x[begin + k] += from[k];
        return;
    }
    for (ct_int i = 0; i < channels; i++)
        for (ct_int at = 0; at < c->size[2]; at++) {
            int met = at >= left && at < left + inside;
            REAL *place = x + i * channel + at * pixel, old = fresh ? 0 : *place;
            *place = met ? old + from[(at - left) * channels + i] : old;
        }
}

/* A strip of the derivative to an image, of which `done` rows along the axis that is split are not fresh. */
static ct_int add_to_image(const plan *t, const strip *s, const REAL *from, ct_int done, REAL *x)
{
    const ct_convolution *c = t->c;
    int split = c->cut == 0 ? 0 : 1;
    ct_int low[2], box[2];
    for (int a = 0; a < 2; a++) {
        low[a] = t->lowest[a] + (a == c->cut ? s->row * t->stride[a] : 0);
        box[a] = box_size(t, a, a == c->cut ? s->rows : t->counts[a]);
    }
    int last = s->row + s->rows >= t->counts[c->cut];
    ct_int end = last ? c->size[split] : smaller(c->size[split], larger(done, low[split] + box[split]));
    ct_int begin = smaller(done, larger(0, low[split]));
    for (ct_int row = begin; row < end; row++)
        for (ct_int other = 0; other < (split == 0 ? c->size[1] : 1); other++) {
            ct_int at0 = split == 0 ? row : 0, at1 = split == 0 ? other : row;
            ct_int b0 = at0 - low[0], b1 = at1 - low[1];
            int met = b0 >= 0 && b0 < box[0] && b1 >= 0 && b1 < box[1];
            if (met || row >= done)
                add_row(t, met ? from + b0 * t->place[0] + b1 * t->place[1] : (const REAL *)0, row >= done,
                        x + at0 * c->x_pixel[0] + at1 * c->x_pixel[1]);
        }
    return end;
}

static void add_images(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const scattered *p = (const scattered *)pointers[0];
    plan *t = p->t;
    ct_int slot = claim_slot(t);
    REAL *part = slot_strip(p, slot);
    for (ct_int n = begin; n < end; n++)
        for (ct_int number = n * t->strips, done = 0; number < (n + 1) * t->strips; number++) {
            strip s = strip_at(t, number);
            clear(part, t->strip_elements);
            int finite = list_elements(p, &s, slot_lists(p, slot), slot_counts(p, slot));
            add_strip(p, finite, slot_lists(p, slot), slot_counts(p, slot), part);
            done = add_to_image(t, &s, part, done, p->x + n * t->c->x_batch);
        }
    release_slot(t, slot);
}

/* The derivative by x. */
static int add_listed(ct_context *ctx, const ct_convolution *c, const REAL *y, const unsigned char *places,
                      const REAL *w, REAL *x)
{
    plan t = {.ctx = ctx, .c = c, .w = w, .y = (REAL *)y, .places = (unsigned char *)places};
    scattered p = {.t = &t, .x = x};
    ct_int image = c->inner * c->size[0] * c->size[1] * c->size[2];
    if (c->batch * image == 0)
        return CT_OK;
    if (c->outer * c->out[0] * c->out[1] * c->out[2] == 0) {
        clear(x, c->batch * image);
        return CT_OK;
    }
    plan_scattered(&p, 0);
    ct_int size = t.columns * p.rows * p.padded_row;
    if (!take_memory(&p, smaller(c->batch, MOST_SLOTS), size))
        return CT_OUT_OF_MEMORY;
    void *const pointers[1] = {&p};
    const ct_int integers[1] = {0};
    run_pieces(&t, pack_rows, pointers, integers, t.columns, larger(1, 16384 / (size / t.columns)));
    run_pieces(&t, add_images, pointers, integers, c->batch, repays_threads(c, size) ? 1 : c->batch);
    return CT_OK;
}
