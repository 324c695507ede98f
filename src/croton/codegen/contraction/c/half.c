/* The product for 16-bit floats: widened to float, multiplied there, rounded once at the end.
 *
 * ELEMENT is the storage, unsigned short holding the bits. The text for float comes before; the
 * caller defines HALF_IS_BFLOAT16 as 0 or 1.
 */
static inline float as_float(unsigned bits)
{
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

static inline unsigned as_bits(float value)
{
    unsigned bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}

#if HALF_IS_BFLOAT16
static inline float widen(unsigned short half)
{
    return as_float((unsigned)half << 16);
}

/* To nearest, ties to even; a NaN stays a quiet one. */
static inline unsigned short narrow(float value)
{
    unsigned bits = as_bits(value);
    unsigned rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    unsigned quiet = (bits >> 16) | 0x40;
    return (unsigned short)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
}
#else
/* The exponent is moved by a multiplication, which also normalises subnormals. */
static inline float widen(unsigned short half)
{
    unsigned magnitude = (unsigned)(half & 0x7fff) << 13;
    float value = as_float(magnitude) * 0x1p112f;
    unsigned special = 0x7f800000 | magnitude;
    unsigned bits = (half & 0x7c00) == 0x7c00 ? special : as_bits(value);
    return as_float(bits | (unsigned)(half & 0x8000) << 16);
}

/* To nearest, ties to even, in both ranges: normal results round in the bits, subnormal ones by
 * adding a number whose last place is theirs. */
static inline unsigned short narrow(float value)
{
    unsigned bits = as_bits(value), sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7fffffff;
    unsigned normal = (magnitude - (112u << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    unsigned subnormal = as_bits(as_float(magnitude) + 0.5f) - 0x3f000000;
    unsigned result = magnitude < (113u << 23) ? subnormal : normal;
    result = magnitude >= 0x477ff000 ? 0x7c00 : result;
    result = magnitude > 0x7f800000 ? 0x7e00 : result;
    return (unsigned short)(sign | result);
}
#endif

typedef struct {
    const product *x;
    float *a, *b, *c;
} widened;

static void widen_matrix(const ELEMENT *from, ct_int rows, ct_int columns, ct_int row, ct_int column,
                         float *out)
{
    for (ct_int i = 0; i < rows; i++) {
        if (column == 1) {
#pragma omp simd
            for (ct_int j = 0; j < columns; j++)
                out[i * columns + j] = widen(from[i * row + j]);
        } else {
            for (ct_int j = 0; j < columns; j++)
                out[i * columns + j] = widen(from[i * row + j * column]);
        }
    }
}

static void widen_left(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const widened *t = (const widened *)pointers[0];
    const product *x = t->x;
    widen_matrix((const ELEMENT *)x->a + begin * x->a_row, end - begin, x->k, x->a_row, x->a_column,
                 t->a + begin * x->k);
}

static void widen_right(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const widened *t = (const widened *)pointers[0];
    const product *x = t->x;
    widen_matrix((const ELEMENT *)x->b + begin * x->b_row, end - begin, x->n, x->b_row, x->b_column,
                 t->b + begin * x->n);
}

/* The epilogue of the product in float: rows are rounded into C, then handed on. */
static void narrow_rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const widened *t = (const widened *)pointers[0];
    const product *x = t->x;
    for (ct_int i = begin; i < end; i++) {
        const float *from = t->c + i * x->n;
        ELEMENT *to = (ELEMENT *)x->c + i * x->c_row;
#pragma omp simd
        for (ct_int j = 0; j < x->n; j++)
            to[j] = narrow(from[j]);
    }
    finish(x, begin, end);
}

static int multiply_half(const product *x)
{
    if (multiply_empty(x, sizeof(ELEMENT)))
        return CT_OK;
    widened t = {.x = x};
    void *const pointers[1] = {&t};
    product inner = {.ctx = x->ctx,
                     .m = x->m,
                     .n = x->n,
                     .k = x->k,
                     .a_row = x->k,
                     .a_column = 1,
                     .b_row = x->n,
                     .b_column = 1,
                     .c_row = x->n,
                     .epilogue = narrow_rows,
                     .pointers = pointers,
                     .threaded = x->threaded};
    ct_int a_bytes = round_up(x->m * x->k * 4, 64), b_bytes = round_up(x->k * x->n * 4, 64);
    ct_int c_bytes = round_up(x->m * x->n * 4, 64);
    ct_int inner_bytes = workspace_bytes(&inner);
    char *memory = (char *)workspace(x, a_bytes + b_bytes + c_bytes + inner_bytes);
    if (!memory)
        return CT_OUT_OF_MEMORY;
    inner.a = t.a = (float *)memory;
    inner.b = t.b = (float *)(memory + a_bytes);
    inner.c = t.c = (float *)(memory + a_bytes + b_bytes);
    inner.workspace = memory + a_bytes + b_bytes + c_bytes;
    run(x, widen_left, pointers, x->m, larger(1, 65536 / x->k));
    run(x, widen_right, pointers, x->k, larger(1, 65536 / x->n));
    return multiply_real(&inner);
}
