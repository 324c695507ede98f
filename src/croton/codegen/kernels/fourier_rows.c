/* One long sequence as two rounds of short ones, which lie in the lanes of vectors (Bailey, "FFTs in external
 * or hierarchical memory", 1990); and the convolution for lengths with large prime factors.
 */
typedef struct {
    const plan *of;
    numbers from, between, to;
    int failed;
} row;

#define LARGEST_ON_STACK 4096 /* vectors per buffer: a megabyte in all */

/* Memory for `buffers`: on the stack of the function where this stands, since the calling thread's scratch
 * holds the sequence itself. */
#define BUFFER_MEMORY(context, length)                                                                       \
    ((length) <= LARGEST_ON_STACK                                                                            \
         ? __builtin_alloca_with_align(4 * (unsigned long)(length) * sizeof(vector), 8 * sizeof(vector))     \
         : (context)->allocate((context), 4 * (length) * (ct_int)sizeof(vector)))

/* Two buffers of `length` vectors of real and as many of imaginary parts. */
static int buffers(vector *memory, ct_int length, lines *data, lines *other)
{
    if (!memory)
        return 0;
    *data = (lines){memory, memory + length};
    *other = (lines){memory + 2 * length, memory + 3 * length};
    return 1;
}

INLINE void read_lanes(lines to, ct_int line, numbers from, ct_int place, int count)
{
    if (count == LANES) {
        __builtin_memcpy(to.re + line, from.re + place, sizeof(vector));
        __builtin_memcpy(to.im + line, from.im + place, sizeof(vector));
        return;
    }
    vector re = {0}, im = {0};
    for (int l = 0; l < count; ++l) {
        re[l] = from.re[place + l];
        im[l] = from.im[place + l];
    }
    put(to, line, (value){re, im});
}

/* Columns of the sequence seen as a matrix, turned and put down as rows. */
static void column_blocks(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    row *work = pointers[0];
    const plan *of = work->of;
    const ct_int height = of->columns.length, width = of->rows.length;
    lines data, other;
    if (!buffers(BUFFER_MEMORY(of->context, height), height, &data, &other)) {
        __atomic_store_n(&work->failed, 1, __ATOMIC_RELAXED);
        return;
    }
    for (ct_int block = begin; block < end; ++block) {
        const ct_int first = block * LANES;
        const int count = width - first < LANES ? (int)(width - first) : LANES;
        for (ct_int j = 0; j < height; ++j)
            read_lanes(data, j, work->from, j * width + first, count);
        const lines done = transform_lines(of->roots, of->padded, &of->columns, data, other);
        for (int l = 0; l < count; ++l) {
            REAL *re = work->between.re + (first + l) * height, *im = work->between.im + (first + l) * height;
            for (ct_int k = 0; k < height; ++k) {
                const REAL a = done.re[k][l], b = done.im[k][l];
                const REAL c = of->roots.re[(first + l) * k], d = of->roots.im[(first + l) * k];
                re[k] = a * c - b * d;
                im[k] = a * d + b * c;
            }
        }
    }
}

static void row_blocks(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    row *work = pointers[0];
    const plan *of = work->of;
    const ct_int height = of->columns.length, width = of->rows.length;
    lines data, other;
    if (!buffers(BUFFER_MEMORY(of->context, width), width, &data, &other)) {
        __atomic_store_n(&work->failed, 1, __ATOMIC_RELAXED);
        return;
    }
    for (ct_int block = begin; block < end; ++block) {
        const ct_int first = block * LANES;
        const int count = height - first < LANES ? (int)(height - first) : LANES;
        for (ct_int j = 0; j < width; ++j)
            read_lanes(data, j, work->between, j * height + first, count);
        const lines done = transform_lines(of->roots, of->padded, &of->rows, data, other);
        for (ct_int k = 0; k < width; ++k) {
            __builtin_memcpy(work->to.re + k * height + first, done.re + k, (unsigned)count * sizeof(REAL));
            __builtin_memcpy(work->to.im + k * height + first, done.im + k, (unsigned)count * sizeof(REAL));
        }
    }
}

static void run_blocks(row *work, ct_range_body body, ct_int extent)
{
    static const ct_int none[1] = {0};
    void *pointers[] = {work};
    const ct_int grain = 1 + 16384 * extent / (work->of->padded + 1);
    if (extent > grain)
        work->of->context->parallel(work->of->context, body, pointers, none, extent, grain);
    else
        body(pointers, none, 0, extent);
}

/* A sequence of of->padded numbers; `between` has room for as many. 0 if there is no memory. */
static int transform_padded(const plan *of, numbers from, numbers between, numbers to)
{
    row work = {of, from, between, to, 0};
    run_blocks(&work, column_blocks, (of->rows.length + LANES - 1) / LANES);
    run_blocks(&work, row_blocks, (of->columns.length + LANES - 1) / LANES);
    return !work.failed;
}

INLINE numbers exchanged(numbers x)
{
    return (numbers){x.im, x.re};
}

/* `data` becomes its transform; all three have room for of->padded numbers. */
static int transform_row(const plan *of, numbers data, numbers between, numbers other)
{
    const ct_int n = of->length, padded = of->padded;
    if (padded == n) {
        if (!transform_padded(of, data, between, other))
            return 0;
        __builtin_memcpy(data.re, other.re, (unsigned long)n * sizeof(REAL));
        __builtin_memcpy(data.im, other.im, (unsigned long)n * sizeof(REAL));
        return 1;
    }
    for (ct_int j = 0; j < padded; ++j) {
        const REAL a = j < n ? data.re[j] : 0, b = j < n ? data.im[j] : 0;
        const REAL c = j < n ? of->chirp.re[j] : 0, d = j < n ? of->chirp.im[j] : 0;
        data.re[j] = a * c - b * d;
        data.im[j] = a * d + b * c;
    }
    if (!transform_padded(of, data, between, other))
        return 0;
    for (ct_int j = 0; j < padded; ++j) {
        const REAL a = other.re[j], b = other.im[j], c = of->filter.re[j], d = of->filter.im[j];
        other.re[j] = a * c - b * d;
        other.im[j] = a * d + b * c;
    }
    /* Backwards: forwards with the parts exchanged. */
    if (!transform_padded(of, exchanged(other), exchanged(between), exchanged(data)))
        return 0;
    for (ct_int k = 0; k < n; ++k) {
        const REAL a = data.re[k], b = data.im[k], c = of->chirp.re[k], d = of->chirp.im[k];
        data.re[k] = a * c - b * d;
        data.im[k] = a * d + b * c;
    }
    return 1;
}

/* The same for as many sequences as there are lanes; returns where the result is. */
static lines transform_lanes(const plan *of, lines data, lines other)
{
    const ct_int n = of->length, padded = of->padded;
    if (padded == n)
        return transform_lines(of->roots, padded, &of->all, data, other);
    for (ct_int j = 0; j < n; ++j)
        put(data, j, turned(at(data, j), of->chirp.re[j], of->chirp.im[j]));
    for (ct_int j = n; j < padded; ++j)
        put(data, j, (value){(vector){0}, (vector){0}});
    lines done = transform_lines(of->roots, padded, &of->all, data, other);
    const lines free = done.re == data.re ? other : data;
    for (ct_int j = 0; j < padded; ++j)
        put(done, j, turned(at(done, j), of->filter.re[j], of->filter.im[j]));
    const lines back =
        transform_lines(of->roots, padded, &of->all, (lines){done.im, done.re}, (lines){free.im, free.re});
    done = (lines){back.im, back.re};
    for (ct_int k = 0; k < n; ++k)
        put(done, k, turned(at(done, k), of->chirp.re[k], of->chirp.im[k]));
    return done;
}
