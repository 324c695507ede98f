/* Discrete Fourier transforms along the middle axis of (outer, n, inner).
 *
 * sizes: outer, length of the transform, inner, kind, backward, scale. pointers: what is transformed; the
 * result. Kinds: complex numbers; real numbers to the first half of their spectrum (length / 2 + 1 numbers);
 * such a half, seen as part of a Hermitian whole, to real numbers. Scale: 0 none, 1 divided by the root of
 * the length, 2 by the length.
 */
enum { COMPLEX, TO_HALF, FROM_HALF };
#define REMEMBERED 32
#define REMEMBERED_NUMBERS (1 << 20)

typedef struct {
    const plan *of;
    const REAL *source;
    REAL *target;
    ct_int n, inner, rows;
    int kind, backward, failed;
    REAL scale;
} job;

/* ---- plans ---- */

static ct_int table_size(ct_int n, int by_halves)
{
    const ct_int length = by_halves ? n / 2 : n, padded = padded_length(length);
    return 2 * padded + (padded == length ? 0 : 2 * length + 2 * padded) + (by_halves ? 2 * (length + 1) : 0);
}

static numbers take(REAL **memory, ct_int count)
{
    const numbers taken = {*memory, *memory + count};
    *memory += 2 * count;
    return taken;
}

/* Where everything of a plan is in a table of table_size() numbers. */
static void lay_out(plan *of, ct_context *context, ct_int n, int by_halves, REAL *memory)
{
    of->context = context;
    of->length = by_halves ? n / 2 : n;
    of->padded = padded_length(of->length);
    of->roots = take(&memory, of->padded);
    if (of->padded != of->length) {
        of->chirp = take(&memory, of->length);
        of->filter = take(&memory, of->padded);
    }
    if (by_halves)
        of->turns = take(&memory, of->length + 1);
    ct_int height = 1;
    for (ct_int divisor = 1; divisor * divisor <= of->padded; ++divisor)
        if (of->padded % divisor == 0)
            height = divisor;
    of->all = factors_of(of->padded);
    of->columns = factors_of(height);
    of->rows = factors_of(of->padded / height);
}

/* exp(-2 pi i k / n) for k < count: what cannot be mirrored is computed. */
static void fill_roots(numbers to, ct_int count, ct_int n)
{
    for (ct_int k = 0; k < count; ++k) {
        double re, im;
        if (2 * k > n) {
            to.re[k] = to.re[n - k];
            to.im[k] = -to.im[n - k];
        } else if (n % 2 == 0 && 4 * k > n) {
            to.re[k] = -to.re[n / 2 - k];
            to.im[k] = to.im[n / 2 - k];
        } else if (n % 4 == 0 && 8 * k > n) {
            to.re[k] = -to.im[n / 4 - k];
            to.im[k] = -to.re[n / 4 - k];
        } else {
            root_of_unity(k, n, &re, &im);
            to.re[k] = (REAL)re;
            to.im[k] = (REAL)im;
        }
    }
}

/* Fills the tables of a plan; `work` has room for 4 * padded numbers. */
static int fill_tables(const plan *of, REAL *work)
{
    const ct_int n = of->length, padded = of->padded;
    fill_roots(of->roots, padded, padded);
    if (of->turns.re)
        fill_roots(of->turns, n + 1, 2 * n);
    if (padded == n)
        return 1;
    const numbers signal = take(&work, padded), between = take(&work, padded);
    __builtin_memset(signal.re, 0, (unsigned long)padded * sizeof(REAL));
    __builtin_memset(signal.im, 0, (unsigned long)padded * sizeof(REAL));
    ct_int square = 0; /* of k, modulo 2 n */
    for (ct_int k = 0; k < n; ++k) {
        double re, im;
        root_of_unity(square, 2 * n, &re, &im);
        of->chirp.re[k] = (REAL)re;
        of->chirp.im[k] = (REAL)im;
        /* Its conjugate, from both ends, divided by what a transform and its inverse multiply by. */
        signal.re[k] = signal.re[(padded - k) % padded] = (REAL)(re / (double)padded);
        signal.im[k] = signal.im[(padded - k) % padded] = (REAL)(-im / (double)padded);
        square = (square + 2 * k + 1) % (2 * n);
    }
    return transform_padded(of, signal, between, of->filter);
}

/* Tables of the lengths that came first stay for the life of the process; they never change. */
static struct {
    int state; /* 0 free, 1 being filled, 2 filled */
    int by_halves;
    ct_int n;
    REAL *table;
} remembered[REMEMBERED];
static REAL tables[REMEMBERED_NUMBERS];
static ct_int numbers_used;

static int is_remembered(plan *of, ct_context *context, ct_int n, int by_halves)
{
    for (int place = 0; place < REMEMBERED; ++place)
        if (__atomic_load_n(&remembered[place].state, __ATOMIC_ACQUIRE) == 2 && remembered[place].n == n &&
            remembered[place].by_halves == by_halves) {
            lay_out(of, context, n, by_halves, remembered[place].table);
            return 1;
        }
    return 0;
}

/* A place in `remembered` with a table of this size, reserved for the caller; -1 if there is no room. */
static int reserved_place(ct_int size)
{
    for (int place = 0; place < REMEMBERED; ++place) {
        int state = 0;
        if (!__atomic_compare_exchange_n(&remembered[place].state, &state, 1, 0, __ATOMIC_ACQUIRE,
                                         __ATOMIC_RELAXED))
            continue;
        const ct_int start = __atomic_fetch_add(&numbers_used, size, __ATOMIC_RELAXED);
        if (start + size <= REMEMBERED_NUMBERS) {
            remembered[place].table = tables + start;
            return place;
        }
        __atomic_fetch_sub(&numbers_used, size, __ATOMIC_RELAXED);
        __atomic_store_n(&remembered[place].state, 0, __ATOMIC_RELEASE);
        return -1;
    }
    return -1;
}

/* A plan with its tables, which lie in `spare` unless they are remembered; `work` has room for 4 * padded
 * numbers. */
static int make_plan(plan *of, ct_context *context, ct_int n, int by_halves, REAL *work, REAL *spare)
{
    const ct_int size = table_size(n, by_halves);
    const int place = reserved_place(size);
    if (place < 0 && !spare)
        spare = context->allocate(context, size * (ct_int)sizeof(REAL));
    REAL *const memory = place >= 0 ? remembered[place].table : spare;
    if (!memory)
        return 0;
    lay_out(of, context, n, by_halves, memory);
    const int done = fill_tables(of, work);
    if (place >= 0) {
        remembered[place].n = n;
        remembered[place].by_halves = by_halves;
        __atomic_store_n(&remembered[place].state, done ? 2 : 0, __ATOMIC_RELEASE);
    }
    return done;
}

/* ---- between arrays and lanes ---- */

INLINE ct_int row_start(const job *work, ct_int r, ct_int n)
{
    return r / work->inner * n * work->inner + r % work->inner;
}

INLINE void keep(numbers to, ct_int place, REAL re, REAL im)
{
    to.re[place] = re;
    to.im[place] = im;
}

/* Number k of the half spectrum of a row; its ends are real. */
INLINE void half_at(const job *work, const REAL *source, ct_int k, REAL *re, REAL *im)
{
    *re = source[2 * k * work->inner];
    *im = k == 0 || 2 * k == work->n ? 0 : source[2 * k * work->inner + 1];
}

/* Row r as what the complex transform takes, at places lane, lane + lanes, ... */
INLINE void read_row(const job *work, ct_int r, numbers to, ct_int lane, ct_int lanes)
{
    const ct_int n = work->n, length = work->of->length, stride = work->inner;
    const numbers turns = work->of->turns;
    if (work->kind == COMPLEX) {
        const REAL *source = work->source + 2 * row_start(work, r, n);
        const numbers target = work->backward ? exchanged(to) : to;
        for (ct_int j = 0; j < n; ++j)
            keep(target, j * lanes + lane, source[2 * j * stride], source[2 * j * stride + 1]);
    } else if (work->kind == TO_HALF) {
        const REAL *source = work->source + row_start(work, r, n);
        for (ct_int j = 0; j < length; ++j) {
            if (length == n)
                keep(to, j * lanes + lane, source[j * stride], 0);
            else
                keep(to, j * lanes + lane, source[2 * j * stride], source[(2 * j + 1) * stride]);
        }
    } else { /* backwards, so parts are exchanged */
        const REAL *source = work->source + 2 * row_start(work, r, n / 2 + 1);
        const numbers target = exchanged(to);
        for (ct_int k = 0; k < length; ++k) {
            REAL a, b, c, d;
            half_at(work, source, length == n && 2 * k > n ? n - k : k, &a, &b);
            if (length == n) {
                keep(target, k * lanes + lane, a, 2 * k > n ? -b : b);
                continue;
            }
            half_at(work, source, length - k, &c, &d);
            /* (X[k] + conj X[h - k]) + i exp(2 pi i k / n) (X[k] - conj X[h - k]) */
            const REAL even_re = a + c, even_im = b - d, odd_re = a - c, odd_im = b + d;
            const REAL turn_re = turns.re[k], turn_im = -turns.im[k];
            keep(target, k * lanes + lane, even_re - (odd_re * turn_im + odd_im * turn_re),
                 even_im + (odd_re * turn_re - odd_im * turn_im));
        }
    }
}

/* Row r of the result from what the complex transform gave. */
INLINE void write_row(const job *work, ct_int r, numbers from, ct_int lane, ct_int lanes)
{
    const ct_int n = work->n, length = work->of->length, stride = work->inner;
    const REAL scale = work->scale;
    const numbers turns = work->of->turns;
    if (work->kind == COMPLEX) {
        REAL *target = work->target + 2 * row_start(work, r, n);
        const numbers source = work->backward ? exchanged(from) : from;
        for (ct_int k = 0; k < n; ++k) {
            target[2 * k * stride] = scale * source.re[k * lanes + lane];
            target[2 * k * stride + 1] = scale * source.im[k * lanes + lane];
        }
    } else if (work->kind == TO_HALF) {
        REAL *target = work->target + 2 * row_start(work, r, n / 2 + 1);
        for (ct_int k = 0; k <= n / 2; ++k) {
            const ct_int here = (k < length ? k : 0) * lanes + lane;
            REAL re = from.re[here], im = from.im[here];
            if (length != n) {
                /* (Z[k] + conj Z[h - k]) / 2 - i exp(-2 pi i k / n) (Z[k] - conj Z[h - k]) / 2 */
                const ct_int there = (k > 0 ? length - k : 0) * lanes + lane;
                const REAL c = from.re[there], d = from.im[there];
                const REAL odd_re = (re - c) / 2, odd_im = (im + d) / 2;
                re = (re + c) / 2 + (odd_re * turns.im[k] + odd_im * turns.re[k]);
                im = (im - d) / 2 - (odd_re * turns.re[k] - odd_im * turns.im[k]);
            }
            target[2 * k * stride] = scale * re;
            target[2 * k * stride + 1] = k == 0 || 2 * k == n ? 0 : scale * im;
        }
    } else {
        REAL *target = work->target + row_start(work, r, n);
        const numbers source = exchanged(from);
        for (ct_int j = 0; j < length; ++j) {
            const REAL re = scale * source.re[j * lanes + lane], im = scale * source.im[j * lanes + lane];
            if (length == n) {
                target[j * stride] = re;
            } else {
                target[2 * j * stride] = re;
                target[(2 * j + 1) * stride] = im;
            }
        }
    }
}

/* Where LANES rows of complex numbers start, counted in REALs; whether they lie side by side. */
static int starts_of(const job *work, ct_int first, ct_int starts[LANES])
{
    for (int l = 0; l < LANES; ++l)
        starts[l] = 2 * row_start(work, first + l, work->n);
    return starts[LANES - 1] == starts[0] + 2 * (LANES - 1);
}

/* LANES rows of complex numbers at once: lines of vectors are read and written whole. */
static void read_complex_rows(const job *work, ct_int first, lines to)
{
    ct_int starts[LANES];
    const int adjacent = starts_of(work, first, starts);
    REAL *const re = (REAL *)(work->backward ? to.im : to.re), *const im =
                                                                   (REAL *)(work->backward ? to.re : to.im);
    for (ct_int j = 0; j < work->n; ++j) {
        const REAL *const source = work->source + 2 * j * work->inner;
        if (adjacent) {
#pragma omp simd
            for (int l = 0; l < LANES; ++l) {
                re[j * LANES + l] = source[starts[0] + 2 * l];
                im[j * LANES + l] = source[starts[0] + 2 * l + 1];
            }
            continue;
        }
        for (int l = 0; l < LANES; ++l) {
            re[j * LANES + l] = source[starts[l]];
            im[j * LANES + l] = source[starts[l] + 1];
        }
    }
}

static void write_complex_rows(const job *work, ct_int first, lines from)
{
    ct_int starts[LANES];
    const int adjacent = starts_of(work, first, starts);
    const REAL *const re = (const REAL *)(work->backward ? from.im : from.re);
    const REAL *const im = (const REAL *)(work->backward ? from.re : from.im);
    const REAL scale = work->scale;
    for (ct_int k = 0; k < work->n; ++k) {
        REAL *const target = work->target + 2 * k * work->inner;
        if (adjacent) {
#pragma omp simd
            for (int l = 0; l < LANES; ++l) {
                target[starts[0] + 2 * l] = scale * re[k * LANES + l];
                target[starts[0] + 2 * l + 1] = scale * im[k * LANES + l];
            }
            continue;
        }
        for (int l = 0; l < LANES; ++l) {
            target[starts[l]] = scale * re[k * LANES + l];
            target[starts[l] + 1] = scale * im[k * LANES + l];
        }
    }
}

/* ---- rows ---- */

static void row_lanes(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    job *work = pointers[0];
    lines data, other;
    const ct_int padded = work->of->padded;
    ct_context *const context = work->of->context;
    if (!buffers(context->scratch(context, 4 * padded * (ct_int)sizeof(vector)), padded, &data, &other)) {
        __atomic_store_n(&work->failed, 1, __ATOMIC_RELAXED);
        return;
    }
    __builtin_memset(data.re, 0, 2 * (unsigned long)padded * sizeof(vector));
    for (ct_int block = begin; block < end; ++block) {
        const ct_int first = block * LANES;
        const int count = work->rows - first < LANES ? (int)(work->rows - first) : LANES;
        const int whole = count == LANES && work->kind == COMPLEX;
        if (whole)
            read_complex_rows(work, first, data);
        for (int l = 0; l < count && !whole; ++l)
            read_row(work, first + l, (numbers){(REAL *)data.re, (REAL *)data.im}, l, LANES);
        const lines done = transform_lanes(work->of, data, other);
        if (whole)
            write_complex_rows(work, first, done);
        for (int l = 0; l < count && !whole; ++l)
            write_row(work, first + l, (numbers){(REAL *)done.re, (REAL *)done.im}, l, LANES);
    }
}

/* `memory` has room for 6 * padded numbers. */
static int row_by_row(job *work, REAL *memory)
{
    const plan *of = work->of;
    const numbers data = take(&memory, of->padded), between = take(&memory, of->padded);
    const numbers other = take(&memory, of->padded);
    for (ct_int r = 0; r < work->rows; ++r) {
        read_row(work, r, data, 0, 1);
        if (!transform_row(of, data, between, other))
            return 0;
        write_row(work, r, data, 0, 1);
    }
    return 1;
}

int ENTRY(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    static const ct_int none[1] = {0};
    const ct_int n = sizes[1], inner = sizes[2], rows = sizes[0] * inner, kind = sizes[3];
    if (n == 0 || rows == 0)
        return CT_OK;
    const int by_halves = kind != COMPLEX && n % 2 == 0;
    const ct_int padded = padded_length(by_halves ? n / 2 : n);
    const int one_by_one = padded >= 64 && (rows < LANES / 2 || padded > 8192);
    plan of = {0};
    const int known = is_remembered(&of, context, n, by_halves);
    REAL *memory = 0;
    if (one_by_one || !known) {
        const ct_int count = 6 * padded + (known ? 0 : table_size(n, by_halves));
        memory = context->scratch(context, count * (ct_int)sizeof(REAL));
        if (!memory)
            return CT_OUT_OF_MEMORY;
    }
    if (!known && !make_plan(&of, context, n, by_halves, memory, one_by_one ? memory + 6 * padded : 0))
        return CT_OUT_OF_MEMORY;
    const double scale = sizes[5] == 0 ? 1 : 1 / (sizes[5] == 1 ? __builtin_sqrt((double)n) : (double)n);
    job work = {&of, pointers[0], pointers[1], n, inner, rows, (int)kind, (int)sizes[4], 0, (REAL)scale};
    if (one_by_one)
        return row_by_row(&work, memory) ? CT_OK : CT_OUT_OF_MEMORY;
    void *body_pointers[] = {&work};
    const ct_int blocks = (rows + LANES - 1) / LANES, grain = 1 + 1024 / (padded + 1);
    if (blocks > grain)
        context->parallel(context, row_lanes, body_pointers, none, blocks, grain);
    else
        row_lanes(body_pointers, none, 0, blocks);
    return work.failed ? CT_OUT_OF_MEMORY : CT_OK;
}
