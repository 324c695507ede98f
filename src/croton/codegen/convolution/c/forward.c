/* The convolution itself: tiles of a few outputs by a panel of channels, summed in registers. */
#define FETCHED_AHEAD 24    /* rows of the kernel */
#define PACKED_ROWS 64      /* at a time */
#define PACKED_OUTPUTS 1024 /* as many outputs repay the packing of any kernel */
#define LONGEST_ROW 1024    /* bytes of a kernel's row, if it is not packed */

/* Outputs `from` rows of x on: x times the rows `b` of the kernel, summed over the steps of a phase. Channelwise,
 * a step is a vector of x and not one number. */
INLINE void convolve_tile(int height, int width, int channelwise, const phase *f, const REAL *const *from,
                          const REAL *b, REAL *const *to, ct_int rows, ct_int columns)
{
    const REAL *place[FULL_ROWS];
    vector sums[FULL_ROWS][2];
    UNROLL
    for (int i = 0; i < height; i++) {
        place[i] = from[i];
        UNROLL
        for (int v = 0; v < width; v++)
            sums[i][v] = f->adds ? load_channels(to[i] + v * LANES, 1, columns - v * LANES) : (vector){0};
    }
    for (ct_int number = 0; number < f->stretch_count; number++) {
        ct_int at = f->stretches[number].offset, end = at + f->stretches[number].steps;
        for (; at < end; at++, b += f->kernel_row) {
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
    if (rows == height && columns == width * LANES) {
        UNROLL
        for (int i = 0; i < height; i++) {
            UNROLL
            for (int v = 0; v < width; v++)
                *(loose_vector *)(to[i] + v * LANES) = sums[i][v];
        }
        return;
    }
    REAL edge[FULL_ROWS][PANEL];
    UNROLL
    for (int i = 0; i < height; i++) {
        UNROLL
        for (int v = 0; v < width; v++)
            *(loose_vector *)&edge[i][v * LANES] = sums[i][v];
    }
    for (ct_int i = 0; i < rows; i++) {
        ct_int j = 0;
        for (; j + LANES <= columns; j += LANES)
            *(loose_vector *)(to[i] + j) = *(const loose_vector *)&edge[i][j];
        for (; j < columns; j++)
            to[i][j] = edge[i][j];
    }
}

typedef void (*convolve_function)(const phase *f, const REAL *const *from, const REAL *b, REAL *const *to,
                                  ct_int rows, ct_int columns);

#define CONVOLVE_FUNCTION(NAME, HEIGHT, WIDTH, CHANNELWISE)                                                  \
    SEPARATE void NAME(const phase *f, const REAL *const *from, const REAL *b, REAL *const *to, ct_int rows, \
                       ct_int columns)                                                                       \
    {                                                                                                        \
        convolve_tile(HEIGHT, WIDTH, CHANNELWISE, f, from, b, to, rows, columns);                            \
    }

CONVOLVE_FUNCTION(convolve_full_2, FULL_ROWS, 2, 0)
CONVOLVE_FUNCTION(convolve_full_1, FULL_ROWS, 1, 0)
CONVOLVE_FUNCTION(convolve_short_2, SHORT_ROWS, 2, 0)
CONVOLVE_FUNCTION(convolve_short_1, SHORT_ROWS, 1, 0)
CONVOLVE_FUNCTION(channelwise_2, SHORT_ROWS, 2, 1)
CONVOLVE_FUNCTION(channelwise_1, SHORT_ROWS, 1, 1)

/* [full height?][two vectors wide?] */
static const convolve_function convolve_functions[2][2] = {
    {convolve_short_1, convolve_short_2},
    {convolve_full_1, convolve_full_2},
};
static const convolve_function channelwise_functions[2] = {channelwise_1, channelwise_2};

INLINE ct_int convolve_height(const plan *t, ct_int left)
{
    if (t->channelwise || left <= SHORT_ROWS)
        return SHORT_ROWS;
    return left > FULL_ROWS && left <= 2 * SHORT_ROWS ? SHORT_ROWS : FULL_ROWS;
}

/* Columns of a panel for all outputs of a strip; channels of y from `to` on. Without `result`, straight there. */
static void convolve_panel(const plan *t, const phase *f, const REAL *source, const REAL *b, ct_int pixels,
                           ct_int columns, REAL *to, REAL *result)
{
    ct_int height;
    for (ct_int p = 0; p < pixels; p += height) {
        height = convolve_height(t, pixels - p);
        ct_int rows = smaller(height, pixels - p);
        const REAL *from[FULL_ROWS];
        REAL *places[FULL_ROWS];
        for (ct_int i = 0; i < height; i++) {
            ct_int number = p + smaller(i, rows - 1); /* a tile that sticks out reads its last row again */
            from[i] = source + f->pixels[number].in;
            places[i] = result ? result + number * PANEL : to + f->pixels[number].out;
        }
        if (t->channelwise)
            channelwise_functions[columns > LANES](f, from, b, places, rows, columns);
        else
            convolve_functions[height == FULL_ROWS][columns > LANES](f, from, b, places, rows, columns);
    }
}

/* Where the kernel has one of the taps of a phase. */
INLINE ct_int tap_place(const plan *t, const phase *f, ct_int t0, ct_int t1, ct_int t2)
{
    const axis_phase *axis = f->axis;
    return (axis[0].first_tap + t0 * axis[0].tap_step) * t->c->w_tap[0] +
           (axis[1].first_tap + t1 * axis[1].tap_step) * t->c->w_tap[1] +
           (axis[2].first_tap + t2 * axis[2].tap_step) * t->c->w_tap[2];
}

/* One panel of the kernel where every channel of y has a kernel of its own. */
static void pack_channelwise(const plan *t, const phase *f, ct_int j, REAL *to)
{
    const ct_convolution *c = t->c;
    ct_int columns = smaller(PANEL, t->columns - j);
    clear(to, f->steps * PANEL);
    for (ct_int l = 0; l < columns; l++) {
        const REAL *from = t->w + (j + l) / t->copies * c->w_group + (j + l) % t->copies * c->w_outer;
        REAL *place = to + l;
        for (ct_int t0 = 0; t0 < f->axis[0].taps; t0++)
            for (ct_int t1 = 0; t1 < f->axis[1].taps; t1++)
                for (ct_int t2 = 0; t2 < f->axis[2].taps; t2++) {
                    const REAL *first = from + tap_place(t, f, t0, t1, t2);
                    for (ct_int i = 0; i < t->parts; i++, place += PANEL)
                        *place = first[i * c->w_inner];
                }
    }
}

/* Rows of a whole panel, which lie apart: fetched ahead, since their neighbours are of no use. */
static void pack_apart(const REAL *from, ct_int row, ct_int count, REAL *to)
{
    for (ct_int i = 0; i < count; i++, from += row, to += PANEL) {
        UNROLL
        for (int k = 0; k < PANEL * REAL_BYTES; k += 64)
            __builtin_prefetch((const char *)(from + FETCHED_AHEAD * row) + k, 0, 2);
        UNROLL
        for (int v = 0; v < 2; v++)
            *(loose_vector *)(to + v * LANES) = *(const loose_vector *)(from + v * LANES);
    }
}

/* Rows `begin` to `end` of a panel at one tap: each has channels of y, for one channel of x. */
static void pack_tap(const plan *t, const phase *f, ct_int g, ct_int j, ct_int tap, ct_int begin, ct_int end,
                     REAL *to)
{
    const ct_convolution *c = t->c;
    ct_int columns = smaller(PANEL, t->columns - j), rows = tap / f->axis[2].taps;
    const REAL *from = t->w + g * c->w_group + j * c->w_outer + begin * c->w_inner +
                       tap_place(t, f, rows / f->axis[1].taps, rows % f->axis[1].taps, tap % f->axis[2].taps);
    if (columns == PANEL && c->w_outer == 1) {
        pack_apart(from, c->w_inner, end - begin, to);
        return;
    }
    if (columns < PANEL)
        clear(to, (end - begin) * PANEL);
    pack(PANEL, columns, end - begin, from, c->w_outer, c->w_inner, to);
}

/* One panel of the kernel. */
static void pack_panel(const plan *t, const phase *f, ct_int g, ct_int j, REAL *to)
{
    ct_int inner = t->c->inner;
    if (t->channelwise)
        pack_channelwise(t, f, j, to);
    else
        for (ct_int tap = f->tap_begin; tap < f->tap_end; tap++, to += inner * PANEL)
            pack_tap(t, f, g, j, tap, 0, inner, to);
}

/* A range of the columns of every group. */
static void convolve_strip(const plan *t, const phase *f, const strip *s, const REAL *source, REAL *result,
                           REAL *panel, ct_int part)
{
    const ct_convolution *c = t->c;
    ct_int cut = c->cut, pixels = s->images * larger(0, smaller(s->rows, f->axis[cut].count - s->row));
    for (int a = (int)cut + 1; a < 3; a++)
        pixels *= f->axis[a].count;
    ct_int place =
        s->image * c->y_batch + s->row * t->phases[cut] / larger(1, c->window[cut]) * c->y_pixel[cut];
    ct_int panels = divide_up(t->columns, PANEL);
    for (ct_int g = 0; g < t->groups; g++)
        for (ct_int q = panels * part / t->column_parts; q < panels * (part + 1) / t->column_parts; q++) {
            ct_int j = q * PANEL, columns = smaller(PANEL, t->columns - j);
            ct_int to = place + (g * t->columns + j) * c->y_channel;
            const REAL *kernel = panel;
            if (t->kernel_direct)
                kernel = t->w + g * c->w_group + j;
            else if (f->packed)
                kernel = f->packed + (g * panels + q) * f->steps * PANEL;
            else
                pack_panel(t, f, g, j, panel);
            convolve_panel(t, f, source + (t->channelwise ? j : g * c->inner), kernel, pixels, columns,
                           t->y + to, result);
            if (c->window[2])
                pool_out(t, s, result, columns, to);
            else if (result)
                copy_out(t, result, f->pixels, pixels, columns, t->y + to);
        }
}

static void convolve_strips(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    plan *t = (plan *)pointers[0];
    const phase *phases = (const phase *)pointers[1];
    ct_int slot = claim_slot(t);
    REAL *memory = t->slots + slot * (t->strip_elements + t->result_elements + t->panel_elements);
    for (ct_int number = begin; number < end; number++) {
        strip s = strip_at(t, number / t->column_parts);
        const REAL *source = strip_source(t, &s, memory);
        REAL *result = memory + t->strip_elements, *panel = result + t->result_elements;
        for (ct_int k = 0; k < integers[0]; k++)
            convolve_strip(t, &phases[k], &s, source, t->result_elements ? result : (REAL *)0, panel,
                           number % t->column_parts);
    }
    release_slot(t, slot);
}

static void pack_panels(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    const plan *t = (const plan *)pointers[0];
    const phase *phases = (const phase *)pointers[1];
    for (ct_int k = 0; k < integers[0]; k++)
        for (ct_int number = begin; number < end; number++)
            pack_panel(t, &phases[k], 0, number * PANEL, phases[k].packed + number * phases[k].steps * PANEL);
}

/* A few rows at one tap, of all panels: rows of the kernel are long, so that they are read as a whole. */
static void pack_rows_of_all(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    const plan *t = (const plan *)pointers[0];
    const phase *phases = (const phase *)pointers[1];
    ct_int inner = t->c->inner, blocks = divide_up(inner, PACKED_ROWS), panels = divide_up(t->columns, PANEL);
    for (ct_int number = begin; number < end; number++)
        for (ct_int k = 0; k < integers[0]; k++) {
            const phase *f = &phases[k];
            ct_int tap = number / blocks, first = number % blocks * PACKED_ROWS;
            for (ct_int q = 0; tap < f->tap_end && q < t->groups * panels; q++)
                pack_tap(t, f, q / panels, q % panels * PANEL, tap, first,
                         smaller(inner, first + PACKED_ROWS),
                         f->packed + (q * f->steps + tap * inner + first) * PANEL);
        }
}

/* All of the kernel, for all phases. */
static void pack_kernel(const plan *t, const phase *phases, ct_int count, ct_int taps)
{
    void *const pointers[2] = {(void *)t, (void *)phases};
    const ct_int integers[1] = {count};
    if (t->channelwise) {
        ct_int grain = larger(1, 32768 / (larger(1, phases[0].steps) * count * PANEL));
        run_pieces(t, pack_panels, pointers, integers, divide_up(t->columns, PANEL), grain);
        return;
    }
    ct_int row = round_up(t->columns, PANEL) * t->groups, blocks = divide_up(t->c->inner, PACKED_ROWS);
    run_pieces(t, pack_rows_of_all, pointers, integers, taps * blocks,
               larger(1, 32768 / (row * smaller(PACKED_ROWS, t->c->inner))));
}

/* Whether few outputs meet a kernel whose rows lie one behind the other, so that packing does not repay: a copy
 * of the calling thread's would first have to travel to the others. */
static int reads_kernel_in_place(const plan *t)
{
    const ct_convolution *c = t->c;
    ct_int row = c->w_inner, outputs = c->batch;
    for (int a = 0; a < 3; a++)
        outputs *= c->out[a];
    if (t->channelwise || outputs > PACKED_OUTPUTS || row * REAL_BYTES > LONGEST_ROW)
        return 0;
    if (c->w_outer != 1 || t->columns % LANES != 0 || t->phases[0] * t->phases[1] * t->phases[2] != 1)
        return 0;
    row *= c->inner;
    for (int a = 2; a >= 0; a--) {
        if (c->taps[a] > 1 && c->w_tap[a] != row)
            return 0;
        row *= c->taps[a];
    }
    return 1;
}

/* Phase `number` with block `block` of its taps, `together` taps a block. */
static void plan_phase(const plan *t, ct_int number, ct_int block, ct_int together, phase *f, char **memory)
{
    ct_int numbers[3] = {number / t->phases[2] / t->phases[1], number / t->phases[2] % t->phases[1],
                         number % t->phases[2]};
    ct_int taps = 1, pixels = t->images;
    for (int a = 0; a < 3; a++) {
        f->first[a] = numbers[a];
        f->axis[a] = phase_of(t->c, a, numbers[a], t->phases[a]);
        taps *= f->axis[a].taps;
        pixels *= a == t->c->cut ? smaller(t->rows, f->axis[a].count) : f->axis[a].count;
    }
    f->tap_begin = smaller(taps, block * together);
    f->tap_end = smaller(taps, f->tap_begin + together);
    f->adds = block > 0;
    f->steps = steps_of(t, f->tap_end - f->tap_begin);
    f->kernel_row = t->kernel_direct ? t->c->w_inner : PANEL;
    stretch *stretches = (stretch *)take(memory, (f->tap_end - f->tap_begin) * t->parts, sizeof(stretch));
    f->stretch_count = list_stretches(t, f->axis, f->tap_begin, f->tap_end, stretches);
    f->stretches = stretches;
    pixel *list = (pixel *)take(memory, pixels, sizeof(pixel));
    list_pixels(t, f, list);
    f->pixels = list;
    f->packed = 0;
    if (!t->panel_elements && !t->kernel_direct)
        f->packed =
            (REAL *)take(memory, t->groups * divide_up(t->columns, PANEL) * f->steps * PANEL, REAL_BYTES);
}

/* Bytes that all phases, `count` with their blocks, take together, generously. */
static ct_int phase_bytes(const plan *t, ct_int count)
{
    ct_int pixels = t->images, taps = t->parts;
    for (int a = 0; a < 3; a++) {
        pixels *= a == t->c->cut ? t->rows : t->counts[a];
        taps *= t->c->taps[a];
    }
    ct_int packed =
        t->groups * divide_up(t->columns, PANEL) * PANEL * (t->channelwise ? 1 : t->c->inner) * REAL_BYTES;
    if (t->panel_elements || t->kernel_direct)
        packed = 0;
    return count * ((ct_int)sizeof(phase) + pixels * (ct_int)sizeof(pixel) + 4 * 64) +
           taps * ((ct_int)sizeof(stretch) + packed);
}

static int convolve_and_pool(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *w, REAL *y,
                             unsigned char *places)
{
    plan t = {.ctx = ctx, .c = c, .x = x, .w = w, .y = y, .places = places};
    if (c->batch * c->groups * c->outer * c->out[0] * c->out[1] * c->out[2] == 0)
        return CT_OK;
    plan_convolution(&t);
    if (is_depthwise(&t))
        return convolve_depthwise(&t);
    ct_int items = strip_count(&t) * t.column_parts, taps = c->taps[0] * c->taps[1] * c->taps[2];
    ct_int together = larger(1, taps), blocks = 1, count = t.phases[0] * t.phases[1] * t.phases[2];
    t.kernel_direct = reads_kernel_in_place(&t);
    if (strip_count(&t) <= FEW_STRIPS && !t.kernel_direct) {
        if (!t.channelwise && !t.result_elements)
            together = smaller(together, larger(1, BLOCK_STEPS / larger(1, c->inner)));
        blocks = larger(1, divide_up(taps, together));
        t.panel_elements = larger(LANES, round_up(steps_of(&t, together) * PANEL, LANES));
    }
    ct_int slots = smaller(items, MOST_SLOTS),
           slot_bytes = (t.strip_elements + t.result_elements + t.panel_elements) * REAL_BYTES;
    char *memory = (char *)ctx->scratch(ctx, phase_bytes(&t, count * blocks) + slots * slot_bytes + 128);
    if (!memory)
        return CT_OUT_OF_MEMORY;
    t.slots = (REAL *)take(&memory, slots, slot_bytes);
    free_slots(&t, slots);
    phase *phases = (phase *)take(&memory, count * blocks, sizeof(phase));
    for (ct_int k = 0; k < count * blocks; k++)
        plan_phase(&t, k / blocks, k % blocks, together, &phases[k], &memory);
    void *const pointers[2] = {&t, phases};
    const ct_int integers[1] = {count * blocks};
    if (!t.panel_elements && !t.kernel_direct)
        pack_kernel(&t, phases, count, taps);
    run_pieces(&t, convolve_strips, pointers, integers, items, 1);
    return CT_OK;
}

static int convolve(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *w, REAL *y)
{
    return convolve_and_pool(ctx, c, x, w, y, 0);
}
