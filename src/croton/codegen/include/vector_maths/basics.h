/* What every family leans on: type punning, fused multiply-add, exact products and sums.
 *
 * Format of these files: a line "/\*@ name: dependency dependency *\/" (without the backslashes) opens a
 * piece, which ends where the next one opens; vector_maths.py cuts pieces out by name. Pieces are plain
 * C11 for GCC and clang, include nothing and call no library function, so that a loop over them
 * vectorises and generated code can be exported as it is.
 *
 * Rules all pieces keep: no branches where a vector form makes sense (selects only), no conversion
 * between 64-bit integers and doubles (AVX2 has none; adding 1.5*2^52 puts the integer into the low
 * bits instead), no signed overflow, no shift out of range, no float-to-int cast of an unchecked value.
 * Maxima of errors, in units in the last place (ulp), are measured by tests/codegen/test_vector_maths.py
 * with FMA; without FMA they grow by up to 0.5 ulp.
 */

/*@ ct_inline: */
#define CT_INLINE static inline __attribute__((always_inline, unused))

/*@ ct_function: */
/* For functions that branch, and so gain nothing from being part of a loop: compiled once per file. */
#define CT_FUNCTION static __attribute__((unused))

/*@ ct_bits: ct_inline */
/* Bit patterns of floating-point values; unions, since GCC 12 turns them into free register casts. */
typedef __UINT32_TYPE__ ct_u32;
typedef __INT32_TYPE__ ct_i32;
typedef __UINT64_TYPE__ ct_u64;
typedef __INT64_TYPE__ ct_i64;
CT_INLINE ct_u32 ct_bits_f32(float x)
{
    union {
        float f;
        ct_u32 u;
    } c = {x};
    return c.u;
}
CT_INLINE ct_u64 ct_bits_f64(double x)
{
    union {
        double f;
        ct_u64 u;
    } c = {x};
    return c.u;
}
CT_INLINE float ct_from_bits_f32(ct_u32 u)
{
    union {
        ct_u32 u;
        float f;
    } c = {u};
    return c.f;
}
CT_INLINE double ct_from_bits_f64(ct_u64 u)
{
    union {
        ct_u64 u;
        double f;
    } c = {u};
    return c.f;
}
#define CT_INF_F32 __builtin_inff()
#define CT_INF_F64 __builtin_inf()
#define CT_NAN_F32 __builtin_nanf("")
#define CT_NAN_F64 __builtin_nan("")

/*@ ct_fma: ct_inline */
/* a*b+c: fused where the processor does it, else two roundings (never the library's slow fma). */
#if defined(__FMA__) || defined(__aarch64__) || defined(__ARM_FEATURE_FMA)
#define CT_HAS_FMA 1
#define ct_fma(a, b, c) __builtin_fma((a), (b), (c))
#define ct_fmaf(a, b, c) __builtin_fmaf((a), (b), (c))
#else
#define CT_HAS_FMA 0
#define ct_fma(a, b, c) ((a) * (b) + (c))
#define ct_fmaf(a, b, c) ((a) * (b) + (c))
#endif

/*@ ct_two_product_f64: ct_inline ct_fma */
/* Rounding error of p = a*b, exactly (Dekker 1971 without FMA; then |a|, |b| below 2^996). */
CT_INLINE double ct_product_error_f64(double a, double b, double p)
{
#if CT_HAS_FMA
    return __builtin_fma(a, b, -p);
#else
    double ta = a * 134217729.0, tb = b * 134217729.0;
    double ah = ta - (ta - a), bh = tb - (tb - b);
    double al = a - ah, bl = b - bh;
    return ((ah * bh - p) + ah * bl + al * bh) + al * bl;
#endif
}

/*@ ct_two_product_f32: ct_inline ct_fma */
CT_INLINE float ct_product_error_f32(float a, float b, float p)
{
#if CT_HAS_FMA
    return __builtin_fmaf(a, b, -p);
#else
    return (float)((double)a * (double)b - (double)p);
#endif
}

/*@ ct_two_sum_f64: ct_inline */
/* Rounding error of s = a+b, exactly, in any order of size (Knuth). */
CT_INLINE double ct_sum_error_f64(double a, double b, double s)
{
    double z = s - a;
    return (a - (s - z)) + (b - z);
}

/*@ ct_two_sum_f32: ct_inline */
CT_INLINE float ct_sum_error_f32(float a, float b, float s)
{
    float z = s - a;
    return (a - (s - z)) + (b - z);
}

/*@ ct_divide_by_f64: ct_inline ct_fma */
/* x / c for a constant c, where high + low is 1/c and high is rounded toward zero, so that both have one sign
 * and infinities and zeros stay what they are. The sum is rounded once: this is the quotient to within 0.5 ulp
 * for all but very few x (Brisebarre, Muller and Raina 2004). */
CT_INLINE double ct_divide_by_f64(double x, double c, double high, double low)
{
    (void)c, (void)high, (void)low;
#if CT_HAS_FMA
    return __builtin_fma(x, high, x * low);
#else
    return x / c;
#endif
}

/*@ ct_divide_by_f32: ct_inline ct_fma */
CT_INLINE float ct_divide_by_f32(float x, float c, float high, float low)
{
    (void)c, (void)high, (void)low;
#if CT_HAS_FMA
    return __builtin_fmaf(x, high, x * low);
#else
    return x / c;
#endif
}
