/* Runs one kernel on arrays that are just large enough, filled with any bits, for sizes around its limits.
 *
 * Before this text: the contract, the kernel, ENTRY and one of the names of families below.
 */
void *aligned_alloc(unsigned long, unsigned long);
void *malloc(unsigned long);
void free(void *);

static void *blocks[1 << 16];
static int used;

static void *kept(void *block)
{
    blocks[used++] = block;
    return block;
}

static void *allocate(ct_context *context, ct_int bytes)
{
    (void)context;
    return kept(aligned_alloc(64, (unsigned long)((bytes + 63) / 64 * 64)));
}

static void parallel(ct_context *context, ct_range_body body, void *const *pointers, const ct_int *integers,
                     ct_int extent, ct_int grain)
{
    (void)context;
    for (ct_int begin = 0; begin < extent; begin += grain)
        body(pointers, integers, begin, begin + grain < extent ? begin + grain : extent);
}

static ct_context context = {.parallel = parallel, .allocate = allocate, .scratch = allocate};
static unsigned random_state = 1;

static unsigned next_number(void)
{
    return random_state = random_state * 1664525u + 1013904223u;
}

/* An array of so many elements of a size, with any bits, or with numbers below `limit` of type int. */
static void *any_array(ct_int count, ct_int size, int limit)
{
    unsigned char *bytes = kept(malloc((unsigned long)(count * size)));
    for (ct_int i = 0; i < count * size && !limit; ++i)
        bytes[i] = (unsigned char)(next_number() >> 24);
    for (ct_int i = 0; i < count && limit; ++i)
        ((int *)bytes)[i] = (int)(next_number() >> 8) % limit;
    return bytes;
}

static void run_once(void *const *pointers, const ct_int *sizes)
{
    ENTRY(&context, pointers, sizes);
    for (; used > 0; --used)
        free(blocks[used - 1]);
}

static void try_sort(ct_int outer, ct_int n, ct_int inner)
{
    const ct_int kept = n < 5 ? n : 5, sizes[] = {outer, n, inner, kept}, count = outer * n * inner;
    void *pointers[] = {any_array(count, SIZE, 0), any_array(count, 8, 0)};
    run_once(pointers, sizes);
}

static void try_search(ct_int n, ct_int values)
{
    const ct_int sizes[] = {n, values};
    void *pointers[] = {any_array(n, SIZE, 0), any_array(values, SIZE, 0), any_array(values, 8, 0)};
    run_once(pointers, sizes);
}

static void try_rows(ct_int height, ct_int width)
{
    const ct_int sizes[] = {height, width};
    void *pointers[] = {any_array(height * width, SIZE, 0), any_array(height, 8, 0)};
    run_once(pointers, sizes);
}

static void try_count(ct_int n, int bins)
{
    const ct_int sizes[] = {n, bins};
    void *pointers[] = {any_array(n, 4, bins + (n == 3)), any_array(bins, 8, 0)};
    run_once(pointers, sizes);
}

static void try_fourier(ct_int outer, ct_int n, ct_int inner)
{
    for (int kind = 0; kind < 3; ++kind) {
        const ct_int sizes[] = {outer, n, inner, kind, kind == 2, n % 3}, half = 2 * (n / 2 + 1);
        const ct_int from = kind == 0 ? 2 * n : kind == 1 ? n : half;
        const ct_int to = kind == 0 ? 2 * n : kind == 1 ? half : n;
        void *pointers[] = {any_array(outer * from * inner, SIZE, 0), any_array(outer * to * inner, SIZE, 0)};
        run_once(pointers, sizes);
    }
}

/* Starts of runs that are right, or any numbers. */
static void try_sparse(ct_int major, int minor, ct_int columns, int broken)
{
    const ct_int elements = 3 * major, sizes[] = {major, minor, elements, columns};
    int *starts = any_array(major + 1, 4, broken ? (int)(2 * elements) : 1);
    for (ct_int i = 0; i <= major && !broken; ++i)
        starts[i] = (int)(3 * i);
    int *places = any_array(elements, 4, minor + broken);
    void *elements_or_left = any_array(elements, SIZE, 0);
    void *dense = any_array((major > minor ? major : minor) * columns, SIZE, 0);
    void *right = any_array(minor * columns, SIZE, 0);
    void *result = any_array((major > minor ? major : minor) * columns + elements, SIZE, 0);
    void *products[] = {elements_or_left, places, starts, dense, result};
    void *samples[] = {places, starts, dense, right, result};
    run_once(SAMPLES ? samples : products, sizes);
}

int main(void)
{
    static const ct_int lengths[] = {0,  1,   2,   3,   5,   16,  31,   32,   37,   61,   62,   64,
                                     96, 100, 255, 256, 257, 300, 1009, 2048, 4095, 4096, 4097, 5000};
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); ++i) {
        const ct_int n = lengths[i];
        for (ct_int inner = 1; inner < 4; inner += 2) {
            FAMILY == 0 ? try_sort(1, n, inner), try_sort(19, n, inner) : (void)0;
            FAMILY == 1 ? try_search(n, 7 * inner) : (void)0;
            FAMILY == 2 ? try_rows(n, inner) : (void)0;
            FAMILY == 3 ? try_count(n, 3), try_count(10 * n, (int)n + 1) : (void)0;
            FAMILY == 4 ? try_fourier(1, n, inner), try_fourier(9, n, inner) : (void)0;
            FAMILY == 5                  ? try_sparse(n, 7, inner, 0), try_sparse(n, 7, inner, 1),
                try_sparse(n, 40, 33, 0) : (void)0;
        }
    }
    return 0;
}
