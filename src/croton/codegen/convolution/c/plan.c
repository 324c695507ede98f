/* How a convolution is cut into pieces of work, by its sizes alone.
 *
 * A strip is a range of output rows of one image, or several small images. The part of x that it reads is
 * copied, channels last and with its borders, into memory of its own, unless it can be read where it lies.
 * With spread > 1 the outputs fall into phases: those of one phase meet the same taps.
 */
#define STRIP_PIXELS 640     /* outputs of a strip, where there are enough */
#define STRIP_BYTES 1048576  /* most memory for its part of x, if more than one row of outputs is left then */
#define MOST_ITEMS 16        /* pieces that keep all threads busy */
#define LARGE_KERNEL 1048576 /* bytes of a kernel that is better read by few strips than by many */
#define FEW_STRIPS 2         /* that read the kernel: each then packs what it reads, panel by panel */
#define BLOCK_STEPS 1024     /* of a panel that a strip packs at a time */
#define PARTIAL_BYTES 8388608 /* most memory for sums of all pieces, if there is more than one */
#define MOST_PIECES 16        /* that have sums of their own */
#define MOST_SLOTS 64         /* strips at work at a time */
#define SMALL_WORK 2e5        /* multiply-adds below which one thread does all */

/* Outputs of an axis that meet the same taps, every `phases`-th one. */
typedef struct {
    ct_int count;                     /* outputs */
    ct_int taps, first_tap, tap_step; /* the taps that meet elements of x and not the zeros between them */
    ct_int base, base_step;           /* index in x of output 0 at the first tap; from tap to tap */
} axis_phase;

/* Elements that lie one behind the other. */
typedef struct {
    ct_int offset, steps;
} stretch;

typedef struct {
    ct_int in, out;
} pixel;

typedef struct {
    axis_phase axis[3];
    ct_int first[3];           /* the first output */
    ct_int tap_begin, tap_end; /* taps may be met block by block: all but the first add to what is there */
    int adds;
    ct_int steps;             /* of the sum behind one output: taps times channels */
    const stretch *stretches; /* where they lie, from the output's place in x on */
    ct_int stretch_count;
    const pixel *pixels; /* the outputs of a strip: places in x and y */
    REAL *packed;        /* the kernel, panel by panel, groups one after another; NULL: strips pack it */
    ct_int kernel_row;   /* elements from row to row of a panel */
} phase;

typedef struct {
    ct_context *ctx;
    const ct_convolution *c;
    const REAL *x, *w;
    REAL *y;
    unsigned char *places;  /* of the largest elements of windows, or NULL */
    int channelwise;        /* every output channel has an input channel of its own for each tap */
    ct_int copies, parts;   /* channelwise: output channels per input channel, and the reverse */
    ct_int groups, columns; /* output channels of a group; channelwise: one group of all */
    ct_int channels;        /* of a pixel of a strip */
    ct_int phases[3], stride[3], counts[3], lowest[3], reach[3];
    int direct, kernel_direct;    /* x, or the kernel, is read where it lies */
    ct_int place[3], image_place; /* strides of what is read */
    ct_int rows, strips, images,
        blocks;          /* of a strip; strips of an image; images of a strip; blocks of them */
    ct_int column_parts; /* ranges of panels that threads share */
    ct_int strip_elements, result_elements, panel_elements; /* memory of one strip */
    REAL *slots;
    unsigned long long free_slots;
} plan;

static ct_int common_divisor(ct_int x, ct_int y)
{
    while (y) {
        ct_int rest = x % y;
        x = y;
        y = rest;
    }
    return x;
}

static axis_phase phase_of(const ct_convolution *c, int a, ct_int first, ct_int phases)
{
    ct_int spread = c->spread[a];
    axis_phase p = {.count = larger(0, divide_up(c->out[a] - first, phases)),
                    .tap_step = spread / common_divisor(c->dilation[a], spread)};
    for (ct_int tap = 0; tap < p.tap_step && tap < c->taps[a]; tap++) {
        ct_int at = first * c->step[a] + tap * c->dilation[a] - c->low[a];
        if (at % spread == 0) {
            p.taps = divide_up(c->taps[a] - tap, p.tap_step);
            p.first_tap = tap;
            p.base = at / spread;
            p.base_step = p.tap_step * c->dilation[a] / spread;
            break;
        }
    }
    return p;
}

/* Phases of an axis, and which part of x they read. */
static void plan_axis(plan *t, int a)
{
    const ct_convolution *c = t->c;
    ct_int divisor = common_divisor(c->step[a], c->spread[a]), found = 0, top = 0;
    t->phases[a] = c->spread[a] / divisor;
    t->stride[a] = c->step[a] / divisor;
    t->counts[a] = divide_up(c->out[a], t->phases[a]);
    for (ct_int first = 0; first < t->phases[a]; first++) {
        axis_phase p = phase_of(c, a, first, t->phases[a]);
        if (p.taps == 0 || p.count == 0)
            continue;
        ct_int last = p.base + (p.taps - 1) * p.base_step;
        t->lowest[a] = found ? smaller(t->lowest[a], p.base) : p.base;
        top = found ? larger(top, last) : last;
        found = 1;
    }
    t->reach[a] = top - t->lowest[a] + 1;
}

INLINE ct_int box_size(const plan *t, int a, ct_int outputs)
{
    return (outputs - 1) * t->stride[a] + t->reach[a];
}

static int reads_in_place(const plan *t)
{
    const ct_convolution *c = t->c;
    if (c->x_channel != 1 && t->channels != 1)
        return 0;
    if (t->copies > 1 || t->parts > 1 || (t->channelwise && t->channels % LANES != 0))
        return 0;
    for (int a = 0; a < 3; a++)
        if (t->lowest[a] < 0 || t->lowest[a] + box_size(t, a, t->counts[a]) > c->size[a])
            return 0;
    return 1;
}

INLINE ct_int strip_count(const plan *t)
{
    return t->strips * t->blocks;
}

/* Rows of a strip, or images: enough outputs to repay the reading of the kernel, few enough for the cache. */
static void plan_strips(plan *t, double work)
{
    const ct_convolution *c = t->c;
    ct_int row = 1, all_rows = t->counts[c->cut], row_bytes = t->channels * REAL_BYTES;
    ct_int unit = larger(1, c->window[c->cut]); /* rows that stay together */
    for (int a = (int)c->cut + 1; a < 3; a++) {
        row *= t->counts[a];
        row_bytes *= box_size(t, a, t->counts[a]);
    }
    ct_int wanted = STRIP_PIXELS;
    double kernel_bytes = work / (double)(c->batch * c->out[0] * c->out[1] * c->out[2]) * REAL_BYTES;
    t->column_parts = kernel_bytes > LARGE_KERNEL ? smaller(4, divide_up(t->columns, PANEL)) : 1;
    if (work > SMALL_WORK)
        wanted =
            larger(2 * FULL_ROWS, smaller(wanted, c->batch * all_rows * row * t->column_parts / MOST_ITEMS));
    t->images = smaller(c->batch, larger(1, wanted / (all_rows * row)));
    ct_int units = smaller(divide_up(all_rows, unit), larger(1, wanted / row / unit));
    while (units > 1 && box_size(t, (int)c->cut, units * unit) * row_bytes > STRIP_BYTES)
        units = divide_up(units, 2);
    t->strips = divide_up(all_rows, units * unit);
    t->rows = smaller(all_rows, divide_up(divide_up(all_rows, unit), t->strips) * unit);
    t->strips = divide_up(all_rows, t->rows);
    while (t->images > 1 &&
           (t->strips > 1 || t->images * box_size(t, (int)c->cut, t->rows) * row_bytes > STRIP_BYTES))
        t->images = divide_up(t->images, 2);
    t->blocks = divide_up(c->batch, t->images);
    /* Threads share the panels of few strips too, where that copies nothing twice. */
    if (t->direct && work > SMALL_WORK)
        t->column_parts =
            larger(t->column_parts, smaller(divide_up(t->columns, PANEL), MOST_ITEMS / strip_count(t)));
}

static void plan_places(plan *t)
{
    const ct_convolution *c = t->c;
    ct_int place = t->channels, pixels = t->images;
    for (int a = 2; a >= 0; a--) {
        t->place[a] = t->direct ? c->x_pixel[a] : place;
        place *= box_size(t, a, a == c->cut ? t->rows : t->counts[a]);
        pixels *= a == c->cut ? t->rows : t->counts[a];
    }
    t->image_place = t->direct ? c->x_batch : place;
    t->strip_elements = t->direct ? 0 : round_up(place * t->images + 2 * PANEL, LANES);
    t->result_elements =
        c->y_channel == 1 && !c->window[2] ? 0 : round_up((pixels + 1) * PANEL + SQUARE, LANES);
}

/* All but the memory. */
static void plan_convolution(plan *t)
{
    const ct_convolution *c = t->c;
    t->copies = t->parts = 1;
    t->groups = c->groups;
    t->columns = c->outer;
    t->channels = c->groups * c->inner;
    t->channelwise = c->groups > 1 && (c->inner == 1 || c->outer == 1);
    if (t->channelwise) {
        t->copies = c->outer;
        t->parts = c->inner;
        t->groups = 1;
        t->columns = c->groups * c->outer;
        t->channels = t->columns * t->parts;
    }
    double work = (double)c->batch * (double)c->inner * (double)c->outer * (double)c->groups;
    for (int a = 0; a < 3; a++) {
        plan_axis(t, a);
        work *= (double)c->out[a] * (double)c->taps[a];
    }
    t->direct = reads_in_place(t);
    plan_strips(t, work);
    plan_places(t);
}

/* Elements behind one output, the same in x and in a packed kernel: taps times channels. */
INLINE ct_int steps_of(const plan *t, ct_int taps)
{
    return taps * (t->channelwise ? t->parts : t->c->inner);
}

/* Where taps `begin` to `end` of a phase lie, from an output's place on. Returns how many stretches there are. */
static ct_int list_stretches(const plan *t, const axis_phase *axis, ct_int begin, ct_int end, stretch *list)
{
    ct_int count = 0, length = t->channelwise ? 1 : t->c->inner, origin = 0, tap = 0;
    for (int a = 0; a < 3; a++)
        origin += (axis[a].base - t->lowest[a]) * t->place[a];
    for (ct_int t0 = 0; t0 < axis[0].taps; t0++)
        for (ct_int t1 = 0; t1 < axis[1].taps; t1++)
            for (ct_int t2 = 0; t2 < axis[2].taps; t2++, tap++)
                for (ct_int part = 0; part < t->parts && begin <= tap && tap < end; part++) {
                    ct_int offset = origin + part * t->columns + t0 * axis[0].base_step * t->place[0] +
                                    t1 * axis[1].base_step * t->place[1] +
                                    t2 * axis[2].base_step * t->place[2];
                    if (!t->channelwise && count && list[count - 1].offset + list[count - 1].steps == offset)
                        list[count - 1].steps += length;
                    else
                        list[count++] = (stretch){offset, length};
                }
    return count;
}

/* Places of the outputs of a strip, in the order of y. */
static void list_pixels(const plan *t, const phase *p, pixel *list)
{
    const ct_convolution *c = t->c;
    ct_int counts[3], first_out = 0;
    pixel step[3];
    for (int a = 0; a < 3; a++) {
        counts[a] = a == c->cut ? smaller(t->rows, p->axis[a].count) : p->axis[a].count;
        step[a] = (pixel){t->stride[a] * t->place[a], t->phases[a] * c->y_pixel[a]};
        first_out += p->first[a] * c->y_pixel[a];
    }
    for (ct_int n = 0; n < t->images; n++)
        for (ct_int q0 = 0; q0 < counts[0]; q0++)
            for (ct_int q1 = 0; q1 < counts[1]; q1++) {
                pixel place = {n * t->image_place + q0 * step[0].in + q1 * step[1].in,
                               n * c->y_batch + first_out + q0 * step[0].out + q1 * step[1].out};
                for (ct_int q2 = 0; q2 < counts[2]; q2++) {
                    *list++ = place;
                    place.in += step[2].in;
                    place.out += step[2].out;
                }
            }
}
