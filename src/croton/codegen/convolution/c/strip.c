/* Strips: x copied in with its borders, results copied out where channels come first. */

typedef struct {
    ct_int image, images; /* the first, and how many */
    ct_int row, rows;     /* the same of outputs along the cut axis, counted within a phase */
} strip;

static strip strip_at(const plan *t, ct_int number)
{
    strip s = {.image = number / t->strips * t->images, .row = number % t->strips * t->rows};
    s.images = smaller(t->images, t->c->batch - s.image);
    s.rows = smaller(t->rows, t->counts[t->c->cut] - s.row);
    return s;
}

/* The memory of one strip at work; threads take the lowest that is free. */
static ct_int claim_slot(plan *t)
{
    for (;;) {
        unsigned long long slots = __atomic_load_n(&t->free_slots, __ATOMIC_RELAXED);
        if (slots && __atomic_compare_exchange_n(&t->free_slots, &slots, slots & (slots - 1), 1,
                                                 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return __builtin_ctzll(slots);
    }
}

static void release_slot(plan *t, ct_int slot)
{
    __atomic_fetch_or(&t->free_slots, 1ull << slot, __ATOMIC_RELEASE);
}

static void free_slots(plan *t, ct_int count)
{
    t->free_slots = count >= MOST_SLOTS ? ~0ull : (1ull << count) - 1;
}

/* `count` pixels of x, with all their channels, to a strip. */
static void copy_pixels(const plan *t, const REAL *from, ct_int count, REAL *to)
{
    const ct_convolution *c = t->c;
    ct_int pixel_step = c->x_pixel[2], channels = t->channels;
    if (channels == 0)
        return;
    if (t->copies > 1 || t->parts > 1) {
        for (ct_int p = 0; p < count; p++)
            for (ct_int part = 0; part < t->parts; part++)
                for (ct_int j = 0; j < t->columns; j++)
                    to[p * channels + part * t->columns + j] =
                        from[p * pixel_step + (j / t->copies * t->parts + part) * c->x_channel];
    } else if ((c->x_channel == 1 || channels == 1) && pixel_step == channels) {
        __builtin_memcpy(to, from, (unsigned long)(count * channels) * REAL_BYTES);
    } else if (pixel_step == 1) {
        /* Eight channels at a time run over into the next pixel, which is written later. */
        for (ct_int group = (channels - 1) / SQUARE * SQUARE; group >= 0; group -= SQUARE)
            pack_square_rows(smaller(SQUARE, channels - group), count, from + group * c->x_channel,
                             c->x_channel, to + group, channels);
    } else {
        for (ct_int p = 0; p < count; p++)
            for (ct_int i = 0; i < channels; i++)
                to[p * channels + i] = from[p * pixel_step + i * c->x_channel];
    }
}

static void clear(REAL *to, ct_int count)
{
    if (count > 0)
        __builtin_memset(to, 0, (unsigned long)count * REAL_BYTES);
}

/* The part of x that a strip reads, borders and all. */
static void copy_strip(const plan *t, const strip *s, REAL *to)
{
    const ct_convolution *c = t->c;
    ct_int low[3], box[3];
    for (int a = 0; a < 3; a++) {
        low[a] = t->lowest[a] + (a == c->cut ? s->row * t->stride[a] : 0);
        box[a] = box_size(t, a, a == c->cut ? s->rows : t->counts[a]);
    }
    /* The part of a row that lies inside. */
    ct_int left = smaller(box[2], larger(0, -low[2]));
    ct_int inside = larger(0, smaller(box[2], c->size[2] - low[2]) - left);
    ct_int right = box[2] - left - inside;
    for (ct_int n = 0; n < s->images; n++)
        for (ct_int b0 = 0; b0 < box[0]; b0++)
            for (ct_int b1 = 0; b1 < box[1]; b1++) {
                ct_int at0 = low[0] + b0, at1 = low[1] + b1;
                REAL *row = to + n * t->image_place + b0 * t->place[0] + b1 * t->place[1];
                if (at0 < 0 || at0 >= c->size[0] || at1 < 0 || at1 >= c->size[1] || inside == 0) {
                    clear(row, box[2] * t->channels);
                    continue;
                }
                clear(row, left * t->channels);
                copy_pixels(t,
                            t->x + (s->image + n) * c->x_batch + at0 * c->x_pixel[0] + at1 * c->x_pixel[1] +
                                (low[2] + left) * c->x_pixel[2],
                            inside, row + left * t->channels);
                clear(row + (left + inside) * t->channels, right * t->channels);
            }
}

/* Where a strip reads x: a copy of it, or x itself. */
static const REAL *strip_source(const plan *t, const strip *s, REAL *memory)
{
    const ct_convolution *c = t->c;
    if (!t->direct) {
        copy_strip(t, s, memory);
        return memory;
    }
    const REAL *from = t->x + s->image * c->x_batch + s->row * t->stride[c->cut] * c->x_pixel[c->cut];
    for (int a = 0; a < 3; a++)
        from += t->lowest[a] * c->x_pixel[a];
    return from;
}

/* Results of a panel, PANEL to a pixel, to y where every channel is a plane of its own. */
static void copy_out(const plan *t, const REAL *from, const pixel *pixels, ct_int count, ct_int columns,
                     REAL *to)
{
    ct_int channel = t->c->y_channel;
    for (ct_int p = 0; p < count;) {
        ct_int block = 1; /* pixels that lie side by side */
        while (block < SQUARE && p + block < count && pixels[p + block].out == pixels[p].out + block)
            block++;
        REAL *place = to + pixels[p].out;
        ct_int j = 0;
        for (; block == SQUARE && j + SQUARE <= columns; j += SQUARE) {
            square_vector square[SQUARE];
            UNROLL
            for (int i = 0; i < SQUARE; i++)
                square[i] = *(const loose_square_vector *)(from + (p + i) * PANEL + j);
            transpose(square);
            UNROLL
            for (int i = 0; i < SQUARE; i++)
                *(loose_square_vector *)(place + (j + i) * channel) = square[i];
        }
        for (; j < columns; j++)
            for (ct_int i = 0; i < block; i++)
                place[j * channel + i] = from[(p + i) * PANEL + j];
        p += block;
    }
}

/* Takes `count` elements of `bytes` each from memory that begins at *memory. */
static void *take(char **memory, ct_int count, ct_int bytes)
{
    void *taken = *memory;
    *memory += round_up(count * bytes, 64);
    return taken;
}

static void run_pieces(const plan *t, ct_range_body body, void *const *pointers, const ct_int *integers,
                       ct_int extent, ct_int grain)
{
    if (extent > grain)
        t->ctx->parallel(t->ctx, body, pointers, integers, extent, grain);
    else if (extent > 0)
        body(pointers, integers, 0, extent);
}
