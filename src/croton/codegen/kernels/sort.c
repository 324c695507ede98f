/* Sorts rows; with ORDER defined, finds the order that sorts them, equal elements staying in order.
 *
 * With DESCENDING, the order from the largest to the smallest, NaN first.
 * sizes: outer, n, inner. pointers: the elements (outer, n, inner); the sorted elements or the positions.
 * Short rows go through a sorting network, many at a time, one in each lane of a vector; so do the parts of
 * longer rows, which are merged then; long rows are distributed by one byte after the other (radix sort).
 */
#define SHORT_ROW 256
#define MEDIUM_ROW 4096
#define LANES 16

#ifdef DESCENDING
#define RANK_OF(bits) ((key)~rank_of(bits))
#else
#define RANK_OF(bits) rank_of(bits)
#endif

#if !defined(ORDER)
typedef key entry;
#define LESS(a, b) ((a) < (b))
#define BYTES (WIDTH / 8)
#define SHIFT 0

INLINE entry make_entry(key bits, ct_int position)
{
    (void)position;
    return key_of(bits);
}

/* An entry that comes after all others. */
INLINE entry last_entry(ct_int position)
{
    (void)position;
    return LARGEST_KEY;
}
#elif WIDTH <= 32
/* The key above, the position below: entries are never equal, so any sorting keeps equal keys in order. */
typedef ct_int entry;
#define LESS(a, b) ((a) < (b))
#define BYTES (WIDTH / 8)
#define SHIFT 32

INLINE entry make_entry(key bits, ct_int position)
{
    return (ct_int)((ct_unsigned)(ct_int)RANK_OF(bits) << 32 | (ct_unsigned)position);
}

INLINE entry last_entry(ct_int position)
{
    return (ct_int)((ct_unsigned)(ct_int)LARGEST_KEY << 32 | (ct_unsigned)position);
}
#else
typedef struct {
    ct_int key, position;
} entry;
#define SEPARATE
#define LESS(a, b) ((a).key < (b).key)
#define BYTES 8
#define SHIFT 0

INLINE entry make_entry(key bits, ct_int position)
{
    return (entry){RANK_OF(bits), position};
}

INLINE entry last_entry(ct_int position)
{
    return (entry){LARGEST_KEY, position};
}
#endif

INLINE ct_unsigned digits_of(entry e)
{
#ifdef SEPARATE
    return (ct_unsigned)e.key;
#else
    return (ct_unsigned)e >> SHIFT;
#endif
}

INLINE unsigned digit(entry e, int byte)
{
    const unsigned found = (unsigned)(digits_of(e) >> (8 * byte)) & 255;
    return byte == BYTES - 1 ? found ^ 128 : found; /* negative keys first */
}

static void read_row(const job *work, ct_int row, entry *entries)
{
    const element *source = work->source + row_start(work, row, work->n);
    const ct_int n = work->n, stride = work->inner;
    if (stride == 1) {
#pragma omp simd
        for (ct_int j = 0; j < n; ++j)
            entries[j] = make_entry(source[j], j);
        return;
    }
    for (ct_int j = 0; j < n; ++j)
        entries[j] = make_entry(source[j * stride], j);
}

INLINE void put(const job *work, ct_int place, entry e)
{
#if !defined(ORDER)
    ((element *)work->targets[0])[place] = element_of(e);
#elif defined(SEPARATE)
    ((ct_int *)work->targets[0])[place] = e.position;
#else
    ((ct_int *)work->targets[0])[place] = e & 0xffffffff;
#endif
}

static void write_row(const job *work, ct_int row, const entry *entries)
{
    const ct_int start = row_start(work, row, work->n), n = work->n, stride = work->inner;
    for (ct_int j = 0; j < n; ++j)
        put(work, start + j * stride, entries[j]);
}

/* Rows in the lanes of vectors: lane l of line j is element j of row l. */
#ifdef SEPARATE
typedef struct {
    ct_int keys[LANES], positions[LANES];
} line;

INLINE void exchange(line *low, line *high)
{
#pragma omp simd
    for (int l = 0; l < LANES; ++l) {
        const ct_int a = low->keys[l], b = high->keys[l], p = low->positions[l], q = high->positions[l];
        const int keep = a < b || (a == b && p < q);
        low->keys[l] = keep ? a : b;
        high->keys[l] = keep ? b : a;
        low->positions[l] = keep ? p : q;
        high->positions[l] = keep ? q : p;
    }
}

INLINE void set_lane(line *at, int l, entry e)
{
    at->keys[l] = e.key;
    at->positions[l] = e.position;
}

INLINE entry lane(const line *at, int l)
{
    return (entry){at->keys[l], at->positions[l]};
}
#else
typedef struct {
    entry entries[LANES];
} line;

INLINE void exchange(line *low, line *high)
{
#pragma omp simd
    for (int l = 0; l < LANES; ++l) {
        const entry a = low->entries[l], b = high->entries[l];
        low->entries[l] = a < b ? a : b;
        high->entries[l] = a < b ? b : a;
    }
}

INLINE void set_lane(line *at, int l, entry e)
{
    at->entries[l] = e;
}

INLINE entry lane(const line *at, int l)
{
    return at->entries[l];
}
#endif

/* Batcher's odd-even merge sort, for any number of lines. */
static void sort_lines(line *lines, ct_int n)
{
    for (ct_int p = 1; p < n; p += p)
        for (ct_int k = p; k >= 1; k /= 2)
            for (ct_int j = k % p; j + k < n; j += 2 * k)
                for (ct_int i = j; i < j + k && i + k < n; ++i)
                    if ((i ^ (i + k)) < 2 * p) /* both in one block of 2 p lines */
                        exchange(lines + i, lines + i + k);
}

static void short_rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const job *work = pointers[0];
    line lines[SHORT_ROW];
    const ct_int n = work->n, stride = work->inner;
    for (ct_int block = begin; block < end; ++block) {
        const ct_int first = block * LANES;
        const int count = work->rows - first < LANES ? (int)(work->rows - first) : LANES;
        __builtin_memset(lines, 0, sizeof(line) * (unsigned long)n);
        for (int l = 0; l < count; ++l) {
            const element *source = work->source + row_start(work, first + l, n);
            for (ct_int j = 0; j < n; ++j)
                set_lane(lines + j, l, make_entry(source[j * stride], j));
        }
        sort_lines(lines, n);
        for (int l = 0; l < count; ++l) {
            const ct_int start = row_start(work, first + l, n);
            for (ct_int j = 0; j < n; ++j)
                put(work, start + j * stride, lane(lines + j, l));
        }
    }
}

/* Two neighbouring runs of `run` entries become one, from both ends at once; no branch depends on the keys. */
INLINE void merge(const entry *entries, entry *out, ct_int run)
{
    const entry *left = entries, *right = entries + run;
    const entry *left_last = right - 1, *right_last = right + run - 1;
    entry *front = out, *back = out + 2 * run - 1;
    for (ct_int i = 0; i < run; ++i) {
        const int from_right = LESS(*right, *left), from_left = LESS(*right_last, *left_last);
        const entry *smaller = from_right ? right : left, *larger = from_left ? left_last : right_last;
        *front++ = *smaller;
        *back-- = *larger;
        right += from_right;
        left += 1 - from_right;
        left_last -= from_left;
        right_last -= 1 - from_left;
    }
}

/* Sorts LANES parts of the row at once and merges them. Both buffers have room for whole lines.
 * Returns which of them holds the result. */
static entry *sort_by_merging(entry *entries, entry *other, ct_int n)
{
    const ct_int height = (n + LANES - 1) / LANES;
    line lines[MEDIUM_ROW / LANES];
    for (ct_int j = n; j < height * LANES; ++j)
        entries[j] = last_entry(j);
    for (int l = 0; l < LANES; ++l)
        for (ct_int i = 0; i < height; ++i)
            set_lane(lines + i, l, entries[l * height + i]);
    sort_lines(lines, height);
    for (int l = 0; l < LANES; ++l)
        for (ct_int i = 0; i < height; ++i)
            entries[l * height + i] = lane(lines + i, l);
    for (ct_int run = height; run < height * LANES; run *= 2) {
        for (ct_int first = 0; first < height * LANES; first += 2 * run)
            merge(entries + first, other + first, run);
        entry *const sorted = other;
        other = entries;
        entries = sorted;
    }
    return entries;
}

static entry *sort_by_bytes(entry *entries, entry *other, ct_int n)
{
    unsigned counts[BYTES][256];
    __builtin_memset(counts, 0, sizeof(counts));
    int sorted = 1;
    for (ct_int j = 0; j < n; ++j) {
        sorted &= j == 0 || !LESS(entries[j], entries[j - 1]);
        for (int byte = 0; byte < BYTES; ++byte)
            ++counts[byte][digit(entries[j], byte)];
    }
    for (int byte = 0; byte < BYTES && !sorted; ++byte) {
        unsigned *const starts = counts[byte];
        if (starts[digit(entries[0], byte)] == (unsigned)n)
            continue; /* all alike in this byte */
        unsigned total = 0;
        for (int value = 0; value < 256; ++value) {
            const unsigned count = starts[value];
            starts[value] = total;
            total += count;
        }
        for (ct_int j = 0; j < n; ++j)
            other[starts[digit(entries[j], byte)]++] = entries[j];
        entry *const moved = other;
        other = entries;
        entries = moved;
    }
    return entries;
}

static void long_rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    job *work = pointers[0];
    const ct_int n = work->n;
    const ct_int room = n + LANES;
    entry *memory = work->context->scratch(work->context, 2 * room * (ct_int)sizeof(entry));
    if (!memory) {
        __atomic_store_n(&work->failed, 1, __ATOMIC_RELAXED);
        return;
    }
    for (ct_int row = begin; row < end; ++row) {
        read_row(work, row, memory);
        if (n <= MEDIUM_ROW)
            write_row(work, row, sort_by_merging(memory, memory + room, n));
        else
            write_row(work, row, sort_by_bytes(memory, memory + room, n));
    }
}

int ENTRY(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    const ct_int n = sizes[1], inner = sizes[2], rows = sizes[0] * inner;
    job work = {context, pointers[0], {pointers[1], 0}, n, inner, rows, n, 0};
    if (n == 0 || rows == 0)
        return CT_OK;
    if (n > 0xffffffffLL) /* positions are counted in 32 bits */
        return CT_OUT_OF_MEMORY;
    if (n <= SHORT_ROW && rows >= LANES / 2)
        return run_rows(&work, short_rows, (rows + LANES - 1) / LANES, 2 * n * LANES / 4);
    return run_rows(&work, long_rows, rows, n);
}
