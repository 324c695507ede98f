/* Logarithms.
 *
 * x = 2^k m with m in [sqrt(1/2), sqrt(2)), f = m - 1, s = f / (2 + f):
 * log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))), R minimax (the scheme of fdlibm's e_log.c, Sun 1993).
 */

/*@ ct_log_f64: ct_bits ct_fma */
/* log, double; at most 0.75 ulp. */
CT_INLINE double ct_log_f64(double x)
{
    int tiny = x < 0x1p-1022;
    double scaled = tiny ? x * 0x1p54 : x;
    ct_u64 u = ct_bits_f64(scaled) + (0x3ff0000000000000u - 0x3fe6a09e00000000u);
    double k = ct_from_bits_f64((u >> 52) | 0x4330000000000000u) - (tiny ? 0x1p52 + 1077.0 : 0x1p52 + 1023.0);
    double f = ct_from_bits_f64((u & 0x000fffffffffffffu) + 0x3fe6a09e00000000u) - 1.0;
    double s = f / (2.0 + f), z = s * s, w = z * z, half = 0.5 * f * f;
    double odd =
        ct_fma(w, ct_fma(w, ct_fma(w, 0x1.2b6d5be3f1ba8p-3, 0x1.7462c2b5b42c2p-3), 0x1.2492492e1bc26p-2),
               0x1.5555555555558p-1);
    double even = ct_fma(w, ct_fma(w, 0x1.39fc9e3f86e99p-3, 0x1.c71c62b20544bp-3), 0x1.9999999995149p-2);
    double p = z * ct_fma(z, even, odd);
    double y = ct_fma(k, 0x1.62e42feep-1, f - (half - ct_fma(s, half + p, k * 0x1.a39ef35793c76p-33)));
    y = x < CT_INF_F64 ? y : x;
    y = x > 0.0 ? y : (x == 0.0 ? -CT_INF_F64 : CT_NAN_F64);
    return y;
}

/*@ ct_log_f32: ct_bits ct_fma */
/* log, single; at most 0.85 ulp. */
CT_INLINE float ct_log_f32(float x)
{
    int tiny = x < 0x1p-126f;
    float scaled = tiny ? x * 0x1p25f : x;
    ct_u32 u = ct_bits_f32(scaled) + (0x3f800000u - 0x3f3504f3u);
    float k = (float)(ct_i32)(u >> 23) - (tiny ? 152.0f : 127.0f);
    float f = ct_from_bits_f32((u & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
    float s = f / (2.0f + f), z = s * s, half = 0.5f * f * f;
    float p = z * ct_fmaf(z, ct_fmaf(z, ct_fmaf(z, 0x1.dde458p-3f, 0x1.245bd6p-2f), 0x1.9999ecp-2f),
                          0x1.555556p-1f);
    float y = ct_fmaf(k, 0x1.62e3p-1f, f - (half - ct_fmaf(s, half + p, k * 0x1.2fefa2p-17f)));
    y = x < CT_INF_F32 ? y : x;
    y = x > 0.0f ? y : (x == 0.0f ? -CT_INF_F32 : CT_NAN_F32);
    return y;
}

/*@ ct_log1p_f64: ct_bits ct_fma */
/* log(1 + x), double: log of u = fl(1+x) with the lost part c = (1+x) - u put back as c/u;
 * at most 0.80 ulp. */
CT_INLINE double ct_log1p_f64(double x)
{
    double one = 1.0 + x;
    double lost = x > 1.0 ? 1.0 - (one - x) : x - (one - 1.0);
    ct_u64 u = ct_bits_f64(one) + (0x3ff0000000000000u - 0x3fe6a09e00000000u);
    ct_u64 exponent = u >> 52;
    double k = ct_from_bits_f64(exponent | 0x4330000000000000u) - (0x1p52 + 1023.0);
    /* 1+x = 2^k (1+f) with f = m-1 + lost/2^k kept in one number: m-1 and lost do not overlap badly,
     * since lost is below half an ulp of m. For k = 0, f is x itself. */
    double scale = ct_from_bits_f64((0x7ffu - (exponent & 0x7ffu)) << 52); /* 2^(1-k) */
    double low = 0.5 * lost * scale;
    double m1 = ct_from_bits_f64((u & 0x000fffffffffffffu) + 0x3fe6a09e00000000u) - 1.0;
    double f = m1 + low, rest = low - (f - m1);
    double s = f / (2.0 + f), z = s * s, w = z * z, half = 0.5 * f * f;
    double odd =
        ct_fma(w, ct_fma(w, ct_fma(w, 0x1.2b6d5be3f1ba8p-3, 0x1.7462c2b5b42c2p-3), 0x1.2492492e1bc26p-2),
               0x1.5555555555558p-1);
    double even = ct_fma(w, ct_fma(w, 0x1.39fc9e3f86e99p-3, 0x1.c71c62b20544bp-3), 0x1.9999999995149p-2);
    double p = z * ct_fma(z, even, odd);
    rest = ct_fma(k, 0x1.a39ef35793c76p-33, rest);
    double y = ct_fma(k, 0x1.62e42feep-1, f - (half - ct_fma(s, half + p, rest)));
    y = x < CT_INF_F64 ? y : x;
    y = x > -1.0 ? y : (x == -1.0 ? -CT_INF_F64 : CT_NAN_F64);
    return __builtin_fabs(x) < 0x1p-54 ? x : y;
}

/*@ ct_log1p_f32: ct_bits ct_fma */
/* log(1 + x), single; at most 0.90 ulp. */
CT_INLINE float ct_log1p_f32(float x)
{
    float one = 1.0f + x;
    float lost = x > 1.0f ? 1.0f - (one - x) : x - (one - 1.0f);
    ct_u32 u = ct_bits_f32(one) + (0x3f800000u - 0x3f3504f3u);
    ct_u32 exponent = (u >> 23) & 0xffu;
    float k = (float)(ct_i32)exponent - 127.0f;
    float low = 0.5f * lost * ct_from_bits_f32((0xffu - exponent) << 23);
    float m1 = ct_from_bits_f32((u & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
    float f = m1 + low, rest = low - (f - m1);
    float s = f / (2.0f + f), z = s * s, half = 0.5f * f * f;
    float p = z * ct_fmaf(z, ct_fmaf(z, ct_fmaf(z, 0x1.dde458p-3f, 0x1.245bd6p-2f), 0x1.9999ecp-2f),
                          0x1.555556p-1f);
    rest = ct_fmaf(k, 0x1.2fefa2p-17f, rest);
    float y = ct_fmaf(k, 0x1.62e3p-1f, f - (half - ct_fmaf(s, half + p, rest)));
    y = x < CT_INF_F32 ? y : x;
    y = x > -1.0f ? y : (x == -1.0f ? -CT_INF_F32 : CT_NAN_F32);
    return __builtin_fabsf(x) < 0x1p-25f ? x : y;
}

/*@ ct_log_split_f64: ct_bits ct_fma */
/* x = 2^k (1 + f) for positive, finite x, and log(1 + f) = high + low with high of 21 bits or fewer, so
 * that products of high with a constant of 32 bits are exact (the scheme of FreeBSD's k_log.h). */
typedef struct ct_log_split_f64 {
    double k, high, low;
} ct_log_split_f64;
CT_INLINE ct_log_split_f64 ct_split_log_f64(double x)
{
    ct_log_split_f64 out;
    int tiny = x < 0x1p-1022;
    double scaled = tiny ? x * 0x1p54 : x;
    ct_u64 u = ct_bits_f64(scaled) + (0x3ff0000000000000u - 0x3fe6a09e00000000u);
    out.k = ct_from_bits_f64((u >> 52) | 0x4330000000000000u) - (tiny ? 0x1p52 + 1077.0 : 0x1p52 + 1023.0);
    double f = ct_from_bits_f64((u & 0x000fffffffffffffu) + 0x3fe6a09e00000000u) - 1.0;
    double s = f / (2.0 + f), z = s * s, w = z * z, half = 0.5 * f * f;
    double odd =
        ct_fma(w, ct_fma(w, ct_fma(w, 0x1.2b6d5be3f1ba8p-3, 0x1.7462c2b5b42c2p-3), 0x1.2492492e1bc26p-2),
               0x1.5555555555558p-1);
    double even = ct_fma(w, ct_fma(w, 0x1.39fc9e3f86e99p-3, 0x1.c71c62b20544bp-3), 0x1.9999999995149p-2);
    double p = z * ct_fma(z, even, odd);
    out.high = ct_from_bits_f64(ct_bits_f64(f - half) & 0xffffffff00000000u);
    out.low = ((f - out.high) - half) + s * (half + p);
    return out;
}
CT_INLINE double ct_log_specials_f64(double x, double y)
{
    y = x < CT_INF_F64 ? y : x;
    return x > 0.0 ? y : (x == 0.0 ? -CT_INF_F64 : CT_NAN_F64);
}

/*@ ct_log2_f64: ct_log_split_f64 */
/* log2, double; exact for powers of two; at most 0.65 ulp. */
CT_INLINE double ct_log2_f64(double x)
{
    ct_log_split_f64 l = ct_split_log_f64(x);
    double high = l.high * 0x1.71547652p+0;
    double low = ct_fma(l.low + l.high, 0x1.705fc2eefa200p-33, l.low * 0x1.71547652p+0);
    double sum = l.k + high;
    return ct_log_specials_f64(x, sum + (low + ((l.k - sum) + high)));
}

/*@ ct_log10_f64: ct_log_split_f64 */
/* log10, double; at most 0.70 ulp. */
CT_INLINE double ct_log10_f64(double x)
{
    ct_log_split_f64 l = ct_split_log_f64(x);
    double high = l.high * 0x1.bcb7b152p-2;
    double low = ct_fma(l.low + l.high, 0x1.b9438ca9aadd5p-36, l.low * 0x1.bcb7b152p-2);
    double k = l.k * 0x1.34413509f6p-2, sum = k + high;
    return ct_log_specials_f64(x, sum + (ct_fma(l.k, 0x1.9fef311f12b36p-42, low) + ((k - sum) + high)));
}

/*@ ct_log2_f32: ct_log2_f64 */
/* log2, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_log2_f32(float x)
{
    return (float)ct_log2_f64(x);
}

/*@ ct_log10_f32: ct_log10_f64 */
/* log10, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_log10_f32(float x)
{
    return (float)ct_log10_f64(x);
}

/*@ ct_softplus_f64: ct_exp_f64 ct_log1p_f64 */
/* log(1 + exp(x)), double, as max(x, 0) + log1p(exp(-|x|)): never overflows, keeps the left tail;
 * at most 1.50 ulp. */
CT_INLINE double ct_softplus_f64(double x)
{
    return (x < 0.0 ? 0.0 : x) + ct_log1p_f64(ct_exp_f64(-__builtin_fabs(x)));
}

/*@ ct_softplus_f32: ct_exp_f32 ct_log1p_f32 */
/* log(1 + exp(x)), single; at most 1.70 ulp. */
CT_INLINE float ct_softplus_f32(float x)
{
    return (x < 0.0f ? 0.0f : x) + ct_log1p_f32(ct_exp_f32(-__builtin_fabsf(x)));
}

/*@ ct_log_sigmoid_f64: ct_softplus_f64 */
/* log(1 / (1 + exp(-x))) = -softplus(-x), double; at most 1.50 ulp. */
CT_INLINE double ct_log_sigmoid_f64(double x)
{
    return -ct_softplus_f64(-x);
}

/*@ ct_log_sigmoid_f32: ct_softplus_f32 */
/* log(1 / (1 + exp(-x))), single; at most 1.65 ulp. */
CT_INLINE float ct_log_sigmoid_f32(float x)
{
    return -ct_softplus_f32(-x);
}

/*@ ct_logaddexp_f64: ct_exp_f64 ct_log1p_f64 */
/* log(exp(x) + exp(y)), double: within 2 ulp of the larger argument (the sum may cancel below it). */
CT_INLINE double ct_logaddexp_f64(double x, double y)
{
    double larger = x > y ? x : y, tail = ct_log1p_f64(ct_exp_f64(-__builtin_fabs(x - y)));
    double sum = larger + (x == y ? 0x1.62e42fefa39efp-1 : tail);
    return x != x ? x
                  : sum; /* x == y also stands for two equal infinities; NaN in y arrives through larger */
}

/*@ ct_logaddexp_f32: ct_exp_f32 ct_log1p_f32 */
/* log(exp(x) + exp(y)), single. */
CT_INLINE float ct_logaddexp_f32(float x, float y)
{
    float larger = x > y ? x : y, tail = ct_log1p_f32(ct_exp_f32(-__builtin_fabsf(x - y)));
    float sum = larger + (x == y ? 0x1.62e430p-1f : tail);
    return x != x ? x : sum;
}

/*@ ct_logaddexp2_f64: ct_exp2_f64 ct_log1p_f64 */
/* log2(2^x + 2^y), double. */
CT_INLINE double ct_logaddexp2_f64(double x, double y)
{
    double larger = x > y ? x : y, tail = ct_log1p_f64(ct_exp2_f64(-__builtin_fabs(x - y)));
    double sum = larger + (x == y ? 1.0 : tail * 0x1.71547652b82fep+0);
    return x != x ? x : sum;
}

/*@ ct_logaddexp2_f32: ct_exp2_f32 ct_log1p_f32 */
/* log2(2^x + 2^y), single. */
CT_INLINE float ct_logaddexp2_f32(float x, float y)
{
    float larger = x > y ? x : y, tail = ct_log1p_f32(ct_exp2_f32(-__builtin_fabsf(x - y)));
    float sum = larger + (x == y ? 1.0f : tail * 0x1.715476p+0f);
    return x != x ? x : sum;
}
