/* Elements as integers that are ordered as the elements are, NaN last whatever its sign.
 *
 * Before this text: WIDTH, the bits of an element, and for floating numbers INFINITY_BITS, for unsigned
 * ones UNSIGNED.
 */
#define INLINE static inline __attribute__((always_inline))

#if WIDTH == 8
typedef signed char key;
#elif WIDTH == 16
typedef short key;
#elif WIDTH == 32
typedef int key;
#else
typedef ct_int key;
#endif
typedef key element __attribute__((may_alias)); /* an element of the array, seen as its bits */

#define LARGEST_KEY ((key)(~(ct_unsigned)0 >> (65 - WIDTH)))

/* A key that the element can be made of again. */
INLINE key key_of(key bits)
{
#ifdef INFINITY_BITS
    const key magnitude = bits & LARGEST_KEY;
    return magnitude > INFINITY_BITS ? magnitude : bits ^ ((bits >> (WIDTH - 1)) & LARGEST_KEY);
#elif defined(UNSIGNED)
    return bits ^ (key)~LARGEST_KEY;
#else
    return bits;
#endif
}

INLINE key element_of(key k)
{
#ifdef INFINITY_BITS
    return k ^ ((k >> (WIDTH - 1)) & LARGEST_KEY);
#elif defined(UNSIGNED)
    return k ^ (key)~LARGEST_KEY;
#else
    return k;
#endif
}

/* A key that is equal for equal elements: both zeros, and all NaNs, are one. */
INLINE key rank_of(key bits)
{
#ifdef INFINITY_BITS
    const key magnitude = bits & LARGEST_KEY;
    return magnitude > INFINITY_BITS ? LARGEST_KEY : bits < 0 ? (key)-magnitude : magnitude;
#else
    return key_of(bits);
#endif
}

/* Rows that lie along the middle axis of (outer, n, inner). */
typedef struct {
    ct_context *context;
    const element *source;
    void *targets[2];
    ct_int n, inner, rows, kept;
    int failed;
} job;

INLINE ct_int row_start(const job *work, ct_int row, ct_int n)
{
    return row / work->inner * n * work->inner + row % work->inner;
}

/* Rows per piece: some 20 microseconds of work. */
static inline int run_rows(job *work, ct_range_body body, ct_int extent, ct_int elements_each)
{
    static const ct_int none[1] = {0};
    void *pointers[] = {work};
    ct_int grain = 2000 / (elements_each > 0 ? elements_each : 1);
    grain = grain > 0 ? grain : 1;
    if (extent > grain)
        work->context->parallel(work->context, body, pointers, none, extent, grain);
    else if (extent > 0)
        body(pointers, none, 0, extent);
    return work->failed ? CT_OUT_OF_MEMORY : CT_OK;
}
