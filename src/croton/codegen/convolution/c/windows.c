/* Windows of outputs: the largest of each to y and its place to t->places; and elements of y back to their places.
 *
 * Outputs of a strip lie behind one another in memory of its own, PANEL elements for each.
 */
#if REAL_BYTES == 4
typedef int whole;
#else
typedef long long whole;
#endif
typedef whole whole_vector __attribute__((vector_size(VECTOR_BYTES)));
typedef unsigned char byte_vector __attribute__((vector_size(LANES)));
typedef byte_vector loose_byte_vector __attribute__((aligned(1), may_alias));

/* A window of a strip: its first output, how many it has along each axis, and where y has its element. */
typedef struct {
    ct_int first, span[3], row, plane; /* from row to row, and from plane to plane, of outputs */
    ct_int place;
    ct_int image, at[3]; /* its number */
} window;

/* Steps through the windows of a strip, image by image. */
typedef struct {
    const plan *t;
    ct_int images, outputs[3], counts[3];
    ct_int image, at[3]; /* of the next window */
} window_walk;

static window_walk windows_of(const plan *t, const strip *s)
{
    const ct_convolution *c = t->c;
    window_walk walk = {.t = t, .images = s->images};
    for (int a = 0; a < 3; a++) {
        walk.outputs[a] = a == c->cut ? s->rows : t->counts[a];
        walk.counts[a] = divide_up(walk.outputs[a], c->window[a]);
        if (walk.counts[a] == 0)
            walk.images = 0;
    }
    return walk;
}

static int next_window(window_walk *walk, window *w)
{
    const ct_convolution *c = walk->t->c;
    const ct_int *outputs = walk->outputs, *at = walk->at;
    if (walk->image >= walk->images)
        return 0;
    w->image = walk->image;
    w->row = outputs[2];
    w->plane = outputs[1] * outputs[2];
    w->first = w->image * outputs[0] * w->plane;
    w->place = w->image * c->y_batch;
    const ct_int strides[3] = {w->plane, w->row, 1};
    for (int a = 0; a < 3; a++) {
        w->at[a] = at[a];
        w->span[a] = smaller(c->window[a], outputs[a] - at[a] * c->window[a]);
        w->first += at[a] * c->window[a] * strides[a];
        w->place += at[a] * c->y_pixel[a];
    }
    int a = 2;
    while (a >= 0 && ++walk->at[a] == walk->counts[a])
        walk->at[a--] = 0;
    walk->image += a < 0;
    return 1;
}

/* `count` elements, a vector at most, to or from neighbouring channels of y. */
INLINE vector load_channels(const REAL *from, ct_int channel, ct_int count)
{
    if (channel == 1 && count >= LANES)
        return *(const loose_vector *)from;
    REAL lanes[LANES] = {0};
    for (ct_int l = 0; l < smaller(count, LANES); l++)
        lanes[l] = from[l * channel];
    return *(const loose_vector *)lanes;
}

INLINE byte_vector load_places(const unsigned char *from, ct_int channel, ct_int count)
{
    if (channel == 1 && count >= LANES)
        return *(const loose_byte_vector *)from;
    unsigned char lanes[LANES] = {0};
    for (ct_int l = 0; l < smaller(count, LANES); l++)
        lanes[l] = from[l * channel];
    return *(const loose_byte_vector *)lanes;
}

INLINE void store_channels(vector v, REAL *to, ct_int channel, ct_int count)
{
    if (channel == 1 && count >= LANES) {
        *(loose_vector *)to = v;
        return;
    }
    REAL lanes[LANES];
    *(loose_vector *)lanes = v;
    for (ct_int l = 0; l < smaller(count, LANES); l++)
        to[l * channel] = lanes[l];
}

INLINE void store_places(byte_vector v, unsigned char *to, ct_int channel, ct_int count)
{
    if (channel == 1 && count >= LANES) {
        *(loose_byte_vector *)to = v;
        return;
    }
    unsigned char lanes[LANES];
    *(loose_byte_vector *)lanes = v;
    for (ct_int l = 0; l < smaller(count, LANES); l++)
        to[l * channel] = lanes[l];
}

INLINE vector chosen(whole_vector condition, vector yes, vector no)
{
    return (vector)(((whole_vector)yes & condition) | ((whole_vector)no & ~condition));
}

/* The largest elements of a window, of as many vectors of channels as `width` says, and which they are. */
INLINE void largest_of(int width, const window *w, const REAL *first, vector *best, whole_vector *where)
{
    whole_vector number = {0};
    UNROLL
    for (int v = 0; v < width; v++) {
        best[v] = *(const loose_vector *)(first + v * LANES);
        where[v] = (whole_vector){0};
    }
    for (ct_int k0 = 0; k0 < w->span[0]; k0++)
        for (ct_int k1 = 0; k1 < w->span[1]; k1++)
            for (ct_int k2 = 0; k2 < w->span[2]; k2++, number += 1) {
                const REAL *at = first + (k0 * w->plane + k1 * w->row + k2) * PANEL;
                UNROLL
                for (int v = 0; v < width; v++) {
                    vector here = *(const loose_vector *)(at + v * LANES);
                    whole_vector larger = ~(here <= best[v]) & (best[v] == best[v]);
                    best[v] = chosen(larger, here, best[v]);
                    where[v] = (number & larger) | (where[v] & ~larger);
                }
            }
}

INLINE void pool_panel(int width, const plan *t, const strip *s, const REAL *results, ct_int columns,
                       ct_int to)
{
    ct_int channel = t->c->y_channel;
    window_walk walk = windows_of(t, s);
    for (window w; next_window(&walk, &w);) {
        vector best[2];
        whole_vector where[2];
        largest_of(width, &w, results + w.first * PANEL, best, where);
        UNROLL
        for (int v = 0; v < width; v++) {
            ct_int j = v * LANES, place = to + w.place + j * channel;
            store_channels(best[v], t->y + place, channel, columns - j);
            if (t->places)
                store_places(__builtin_convertvector(where[v], byte_vector), t->places + place, channel,
                             columns - j);
        }
    }
}

/* Of the results of a panel to y, `to` elements from its first on, and to places. */
static void pool_out(const plan *t, const strip *s, const REAL *results, ct_int columns, ct_int to)
{
    if (columns > LANES)
        pool_panel(2, t, s, results, columns, to);
    else
        pool_panel(1, t, s, results, columns, to);
}

/* Elements of y to their places among the outputs of a panel, zeros to the others. */
static void unpool(const plan *t, const strip *s, ct_int from, ct_int columns, REAL *outputs)
{
    ct_int channel = t->c->y_channel;
    window_walk walk = windows_of(t, s);
    for (window w; next_window(&walk, &w);)
        for (ct_int j = 0; j < columns; j += LANES) {
            ct_int place = from + w.place + j * channel;
            vector given = load_channels(t->y + place, channel, columns - j);
            whole_vector where =
                __builtin_convertvector(load_places(t->places + place, channel, columns - j), whole_vector);
            whole_vector number = {0};
            REAL *first = outputs + w.first * PANEL + j;
            for (ct_int k0 = 0; k0 < w.span[0]; k0++)
                for (ct_int k1 = 0; k1 < w.span[1]; k1++)
                    for (ct_int k2 = 0; k2 < w.span[2]; k2++, number += 1)
                        *(loose_vector *)(first + (k0 * w.plane + k1 * w.row + k2) * PANEL) =
                            (vector)((whole_vector)given & (where == number));
        }
}
