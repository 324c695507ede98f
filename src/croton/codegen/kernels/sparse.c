/* Products with a compressed sparse matrix: for each place on its major axis, a run of elements and their
 * places on the minor axis.
 *
 * Before this text: INDEX, the type of positions; NUMBER, that of elements; SUM, in which they are added; what
 * MULTIPLY(a, b) is; and one of
 *   GATHER   result (major, columns): the matrix times dense (minor, columns)
 *   SCATTER  result (minor, columns): its transpose times dense (major, columns)
 *   SAMPLE   result (elements): at each element, the product of a row of left (major, columns) and one of
 *            right (minor, columns)
 * sizes: major, minor, elements, columns. pointers: elements, positions, starts of runs, dense, result; for
 * SAMPLE: positions, starts of runs, left, right, result.
 * Positions are checked as they are used: what lies outside ends the work with an error.
 */
#define INLINE static inline __attribute__((always_inline))

typedef struct {
    ct_int major, minor, count, columns;
    const NUMBER *elements;
    const INDEX *positions, *starts;
    const NUMBER *dense, *right;
    NUMBER *result;
    ct_int error[3]; /* axis, position, size */
    int failed;
} job;

static __attribute__((noinline, cold)) void refuse(job *work, ct_int axis, ct_int position, ct_int size)
{
    int expected = 0;
    if (__atomic_compare_exchange_n(&work->failed, &expected, 1, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        work->error[0] = axis;
        work->error[1] = position;
        work->error[2] = size;
    }
}

/* The run of elements of a place on the major axis; 0 where the starts are wrong. */
INLINE int find_run(job *work, ct_int place, ct_int *first, ct_int *last)
{
    *first = work->starts[place];
    *last = work->starts[place + 1];
    if (*first >= 0 && *first <= *last && *last <= work->count)
        return 1;
    refuse(work, 0, *last > work->count || *last < 0 ? *last : *first, work->count);
    return 0;
}

INLINE int is_inside(job *work, ct_int position)
{
    if ((ct_unsigned)position < (ct_unsigned)work->minor)
        return 1;
    refuse(work, 1, position, work->minor);
    return 0;
}

#if defined(GATHER)
static void vector_rows(job *work, ct_int begin, ct_int end)
{
    for (ct_int i = begin; i < end; ++i) {
        ct_int e, last;
        if (!find_run(work, i, &e, &last))
            return;
        SUM sums[4] = {0};
        for (; e + 4 <= last; e += 4)
            for (int u = 0; u < 4; ++u) {
                const ct_int j = work->positions[e + u];
                if (!is_inside(work, j))
                    return;
                sums[u] += MULTIPLY(work->elements[e + u], work->dense[j]);
            }
        for (; e < last; ++e) {
            const ct_int j = work->positions[e];
            if (!is_inside(work, j))
                return;
            sums[0] += MULTIPLY(work->elements[e], work->dense[j]);
        }
        work->result[i] = (NUMBER)((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
}

static void body(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    job *work = pointers[0];
    const ct_int columns = work->columns;
    if (columns == 1) {
        vector_rows(work, begin, end);
        return;
    }
    for (ct_int i = begin; i < end; ++i) {
        ct_int e, last;
        if (!find_run(work, i, &e, &last))
            return;
        NUMBER *restrict row = work->result + i * columns;
        __builtin_memset(row, 0, (unsigned long)columns * sizeof(NUMBER));
        for (; e < last; ++e) {
            const ct_int j = work->positions[e];
            if (!is_inside(work, j))
                return;
            const NUMBER *restrict other = work->dense + j * columns;
            const NUMBER element = work->elements[e];
#pragma omp simd
            for (ct_int c = 0; c < columns; ++c)
                row[c] += MULTIPLY(element, other[c]);
        }
    }
}
#elif defined(SCATTER)
static void vector_result(job *work)
{
    const NUMBER *restrict elements = work->elements, *restrict dense = work->dense;
    const INDEX *restrict positions = work->positions;
    NUMBER *restrict result = work->result;
    for (ct_int i = 0; i < work->major; ++i) {
        ct_int e, last;
        if (!find_run(work, i, &e, &last))
            return;
        const NUMBER factor = dense[i];
        for (; e < last; ++e) {
            const ct_int j = positions[e];
            if (!is_inside(work, j))
                return;
            result[j] += MULTIPLY(elements[e], factor);
        }
    }
}

/* Columns [begin, end) of the result. */
static void body(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    job *work = pointers[0];
    const ct_int columns = work->columns;
    for (ct_int j = 0; j < work->minor; ++j)
        __builtin_memset(work->result + j * columns + begin, 0,
                         (unsigned long)(end - begin) * sizeof(NUMBER));
    if (columns == 1) {
        vector_result(work);
        return;
    }
    for (ct_int i = 0; i < work->major; ++i) {
        ct_int e, last;
        if (!find_run(work, i, &e, &last))
            return;
        const NUMBER *restrict other = work->dense + i * columns;
        for (; e < last; ++e) {
            const ct_int j = work->positions[e];
            if (!is_inside(work, j))
                return;
            NUMBER *restrict row = work->result + j * columns;
            const NUMBER element = work->elements[e];
#pragma omp simd
            for (ct_int c = begin; c < end; ++c)
                row[c] += MULTIPLY(element, other[c]);
        }
    }
}
#else
static void body(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    job *work = pointers[0];
    const ct_int columns = work->columns;
    for (ct_int i = begin; i < end; ++i) {
        ct_int e, last;
        if (!find_run(work, i, &e, &last))
            return;
        const NUMBER *restrict row = work->dense + i * columns;
        for (; e < last; ++e) {
            const ct_int j = work->positions[e];
            if (!is_inside(work, j))
                return;
            const NUMBER *restrict other = work->right + j * columns;
            SUM sums[4] = {0};
            ct_int c = 0;
            for (; c + 4 <= columns; c += 4)
                for (int u = 0; u < 4; ++u)
                    sums[u] += MULTIPLY(row[c + u], other[c + u]);
            for (; c < columns; ++c)
                sums[0] += MULTIPLY(row[c], other[c]);
            work->result[e] = (NUMBER)((sums[0] + sums[1]) + (sums[2] + sums[3]));
        }
    }
}
#endif

int ENTRY(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    static const ct_int none[1] = {0};
    job work = {sizes[0], sizes[1], sizes[2], sizes[3], 0, 0, 0, 0, 0, 0, {0}, 0};
#if defined(SAMPLE)
    work.positions = pointers[0];
    work.starts = pointers[1];
    work.dense = pointers[2];
    work.right = pointers[3];
    work.result = pointers[4];
    __builtin_memset(work.result, 0, (unsigned long)work.count * sizeof(NUMBER)); /* what is in no run */
#else
    work.elements = pointers[0];
    work.positions = pointers[1];
    work.starts = pointers[2];
    work.dense = pointers[3];
    work.result = pointers[4];
#endif
    void *body_pointers[] = {&work};
#if defined(SCATTER)
    const ct_int extent = work.columns, grain = work.count > 2000 ? 16 : work.columns;
#else
    const ct_int extent = work.major;
    const ct_int each = 1 + work.count * work.columns / (work.major + 1), grain = 1 + 20000 / each;
#endif
    if (extent > grain && grain > 0)
        context->parallel(context, body, body_pointers, none, extent, grain);
    else
        body(body_pointers, none, 0, extent);
    if (!work.failed)
        return CT_OK;
    for (int fact = 0; fact < 3; ++fact)
        context->error[fact + 1] = work.error[fact];
    return CT_OUT_OF_RANGE;
}
