/* The convolution of whole numbers, truth values and complex numbers, as its definition says.
 *
 * The caller defines REAL, the type of an element, and MULTIPLY_ADD(sum, x, y), the new value of `sum`.
 */
typedef struct {
    const ct_convolution *c;
    const REAL *x;
    REAL *y, *w;
} plain_work;

/* The index in x that output o meets at tap t of an axis, or -1. */
static ct_int source_index(const ct_convolution *c, int a, ct_int o, ct_int t)
{
    ct_int at = o * c->step[a] + t * c->dilation[a] - c->low[a];
    if (at < 0 || at % c->spread[a] != 0 || at / c->spread[a] >= c->size[a])
        return -1;
    return at / c->spread[a];
}

/* Where x and w lie for one output and one tap. Returns 0 where the tap meets no element. */
static int places(const ct_convolution *c, ct_int output, ct_int tap, ct_int *x_place, ct_int *w_place)
{
    *x_place = *w_place = 0;
    for (int a = 2; a >= 0; a--) {
        ct_int t = tap % c->taps[a], o = output % c->out[a], at = source_index(c, a, o, t);
        if (at < 0)
            return 0;
        *x_place += at * c->x_pixel[a];
        *w_place += t * c->w_tap[a];
        tap /= c->taps[a];
        output /= c->out[a];
    }
    return 1;
}

static ct_int output_place(const ct_convolution *c, ct_int output)
{
    ct_int place = 0;
    for (int a = 2; a >= 0; a--) {
        place += output % c->out[a] * c->y_pixel[a];
        output /= c->out[a];
    }
    return place;
}

/* Channels of y at outputs [begin, end), numbered through the batch. */
static void plain_outputs(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    const plain_work *p = (const plain_work *)pointers[0];
    const ct_convolution *c = p->c;
    ct_int taps = integers[0], outputs = integers[1], x_place, w_place;
    for (ct_int number = begin; number < end; number++) {
        ct_int n = number / outputs, output = number % outputs;
        const REAL *x = p->x + n * c->x_batch;
        REAL *y = p->y + n * c->y_batch + output_place(c, output);
        for (ct_int channel = 0; channel < c->groups * c->outer; channel++) {
            ct_int g = channel / c->outer;
            REAL sum = 0;
            for (ct_int tap = 0; tap < taps; tap++) {
                if (!places(c, output, tap, &x_place, &w_place))
                    continue;
                const REAL *from = x + x_place + g * c->inner * c->x_channel;
                const REAL *w = p->w + w_place + g * c->w_group + channel % c->outer * c->w_outer;
                for (ct_int i = 0; i < c->inner; i++)
                    sum = MULTIPLY_ADD(sum, from[i * c->x_channel], w[i * c->w_inner]);
            }
            y[channel * c->y_channel] = sum;
        }
    }
}

/* Elements of the kernel at taps [begin, end). */
static void plain_taps(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    const plain_work *p = (const plain_work *)pointers[0];
    const ct_convolution *c = p->c;
    ct_int outputs = integers[1], x_place, w_place;
    for (ct_int tap = begin; tap < end; tap++)
        for (ct_int channel = 0; channel < c->groups * c->outer; channel++)
            for (ct_int i = 0; i < c->inner; i++) {
                ct_int g = channel / c->outer;
                REAL sum = 0;
                for (ct_int number = 0; number < c->batch * outputs; number++) {
                    ct_int n = number / outputs, output = number % outputs;
                    if (!places(c, output, tap, &x_place, &w_place))
                        continue;
                    REAL from = p->x[n * c->x_batch + x_place + (g * c->inner + i) * c->x_channel];
                    REAL y = p->y[n * c->y_batch + output_place(c, output) + channel * c->y_channel];
                    sum = MULTIPLY_ADD(sum, from, y);
                }
                ct_int rest = tap, place = 0;
                for (int a = 2; a >= 0; a--) {
                    place += rest % c->taps[a] * c->w_tap[a];
                    rest /= c->taps[a];
                }
                p->w[place + g * c->w_group + channel % c->outer * c->w_outer + i * c->w_inner] = sum;
            }
}

static int convolve(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *w, REAL *y)
{
    plain_work work = {.c = c, .x = x, .w = (REAL *)w, .y = y};
    void *const pointers[1] = {&work};
    const ct_int integers[2] = {c->taps[0] * c->taps[1] * c->taps[2], c->out[0] * c->out[1] * c->out[2]};
    ct_int outputs = c->batch * integers[1], steps = integers[0] * c->inner * c->outer * c->groups + 1;
    if (outputs > 0)
        ctx->parallel(ctx, plain_outputs, pointers, integers, outputs, 1 + 20000 / steps);
    return CT_OK;
}

static int convolve_kernel(ct_context *ctx, const ct_convolution *c, const REAL *x, const REAL *y, REAL *w)
{
    plain_work work = {.c = c, .x = x, .w = w, .y = (REAL *)y};
    void *const pointers[1] = {&work};
    const ct_int integers[2] = {c->taps[0] * c->taps[1] * c->taps[2], c->out[0] * c->out[1] * c->out[2]};
    if (integers[0] > 0)
        ctx->parallel(ctx, plain_taps, pointers, integers, integers[0], 1);
    return CT_OK;
}
