/* Exponentials and their relatives.
 *
 * exp(x) = 2^k exp(r), k = round(x / ln 2), |r| <= ln(2)/2, exp(r) = 1 + r + r^2 P(r) with a minimax P.
 * 2^k is applied as two factors, each a normal number, so subnormal results are rounded once.
 * Out-of-range arguments are overridden at the end: clamping them first would lengthen the chain of
 * dependent operations, and GCC would thread the clamp's constant through everything that follows.
 */

/*@ ct_exp_polynomial_f64: ct_fma */
/* P(r) given r^2. */
CT_INLINE double ct_exp_polynomial_f64(double r, double r2)
{
    double even = ct_fma(r2, 0x1.28ad9247964cep-22, 0x1.a01999ecd0da9p-16);
    even = ct_fma(r2, even, 0x1.6c16c1843499ep-10);
    even = ct_fma(r2, even, 0x1.5555555550853p-5);
    even = ct_fma(r2, even, 0x1.000000000000ap-1);
    double odd = ct_fma(r2, 0x1.ad7dfc34f5ce4p-26, 0x1.71df265525cf1p-19);
    odd = ct_fma(r2, odd, 0x1.a01a0129df481p-13);
    odd = ct_fma(r2, odd, 0x1.1111111127d3ap-7);
    odd = ct_fma(r2, odd, 0x1.55555555554f9p-3);
    return ct_fma(r, odd, even);
}

/*@ ct_exp_polynomial_f32: ct_fma */
/* P(r) given r^2. */
CT_INLINE float ct_exp_polynomial_f32(float r, float r2)
{
    float p01 = ct_fmaf(r, 0x1.555492p-3f, 0x1.fffffcp-2f);
    float p23 = ct_fmaf(r, 0x1.123a1ap-7f, 0x1.5558f4p-5f);
    return ct_fmaf(r2, ct_fmaf(r2, 0x1.6a2348p-10f, p23), p01);
}

/*@ ct_times_power_f64: ct_bits */
/* y * 2^k, where k + 2046 is in the low bits of a large number. */
CT_INLINE double ct_times_power_f64(double y, double shifted)
{
    ct_u64 bits = ct_bits_f64(shifted), half = bits >> 1;
    return y * ct_from_bits_f64(half << 52) * ct_from_bits_f64((bits - half) << 52);
}

/*@ ct_times_power_f32: ct_bits */
/* y * 2^k, where k + 254 is in the low bits of a large number. */
CT_INLINE float ct_times_power_f32(float y, float shifted)
{
    ct_u32 bits = ct_bits_f32(shifted), half = bits >> 1;
    return y * ct_from_bits_f32(half << 23) * ct_from_bits_f32((bits - half) << 23);
}

/*@ ct_exp_unchecked_f64: ct_exp_polynomial_f64 ct_fma ct_times_power_f64 */
/* exp for |x| <= 1400; anything may come out beyond. */
CT_INLINE double ct_exp_unchecked_f64(double x)
{
    double shifted = ct_fma(x, 0x1.71547652b82fep+0, 0x1.8p52 + 2046.0);
    double k = shifted - (0x1.8p52 + 2046.0);
    double r = ct_fma(k, -0x1.62e42feep-1, x);
    r = ct_fma(k, -0x1.a39ef35793c76p-33, r);
    double r2 = r * r;
    return ct_times_power_f64(1.0 + ct_fma(r2, ct_exp_polynomial_f64(r, r2), r), shifted);
}

/*@ ct_exp_f64: ct_exp_unchecked_f64 */
/* exp, double; at most 0.95 ulp. */
CT_INLINE double ct_exp_f64(double x)
{
    double y = ct_exp_unchecked_f64(x);
    y = x > 709.79 ? CT_INF_F64 : y;
    return x < -745.14 ? 0.0 : y;
}

/*@ ct_exp_unchecked_f32: ct_exp_polynomial_f32 ct_fma ct_times_power_f32 */
/* exp for |x| <= 170; anything may come out beyond. */
CT_INLINE float ct_exp_unchecked_f32(float x)
{
    float shifted = ct_fmaf(x, 0x1.715476p+0f, 0x1.8p23f + 254.0f);
    float k = shifted - (0x1.8p23f + 254.0f);
    float r = ct_fmaf(k, -0x1.62e4p-1f, x);
    r = ct_fmaf(k, -0x1.7f7d1cp-20f, r);
    float r2 = r * r;
    return ct_times_power_f32(1.0f + ct_fmaf(r2, ct_exp_polynomial_f32(r, r2), r), shifted);
}

/*@ ct_exp_f32: ct_exp_unchecked_f32 */
/* exp, single; at most 1.00 ulp. */
CT_INLINE float ct_exp_f32(float x)
{
    float y = ct_exp_unchecked_f32(x);
    y = x > 88.73f ? CT_INF_F32 : y;
    return x < -103.98f ? 0.0f : y;
}

/*@ ct_exp2_f64: ct_fma ct_times_power_f64 */
/* 2^x, double; at most 1.00 ulp. */
CT_INLINE double ct_exp2_f64(double x)
{
    double shifted = x + (0x1.8p52 + 2046.0);
    double r = x - (shifted - (0x1.8p52 + 2046.0));
    double r2 = r * r;
    double p01 = ct_fma(r, 0x1.ebfbdff82c5a4p-3, 0x1.62e42fefa39efp-1);
    double p23 = ct_fma(r, 0x1.3b2ab6fba010ep-7, 0x1.c6b08d7049fe7p-5);
    double p45 = ct_fma(r, 0x1.4309130edbf77p-13, 0x1.5d87fe78cd8bfp-10);
    double p67 = ct_fma(r, 0x1.62bfc7939cc44p-20, 0x1.ffcbfba8e41fcp-17);
    double p89 = ct_fma(r, 0x1.e61b62e4109ecp-28, 0x1.b5267e27919aap-24);
    double p = ct_fma(
        r2, ct_fma(r2, ct_fma(r2, ct_fma(r2, ct_fma(r2, 0x1.e799d8727d886p-32, p89), p67), p45), p23), p01);
    double y = ct_times_power_f64(ct_fma(r, p, 1.0), shifted);
    y = x >= 1024.0 ? CT_INF_F64 : y;
    return x < -1075.0 ? 0.0 : y;
}

/*@ ct_exp2_f32: ct_fma ct_times_power_f32 */
/* 2^x, single; at most 1.15 ulp. */
CT_INLINE float ct_exp2_f32(float x)
{
    float shifted = x + (0x1.8p23f + 254.0f);
    float r = x - (shifted - (0x1.8p23f + 254.0f));
    float r2 = r * r;
    float p01 = ct_fmaf(r, 0x1.ebfbdcp-3f, 0x1.62e430p-1f);
    float p23 = ct_fmaf(r, 0x1.3b2d4cp-7f, 0x1.c6aee8p-5f);
    float p45 = ct_fmaf(r, 0x1.41fbf2p-13f, 0x1.5f3e7ap-10f);
    float p = ct_fmaf(r2, ct_fmaf(r2, p45, p23), p01);
    float y = ct_times_power_f32(ct_fmaf(r, p, 1.0f), shifted);
    y = x >= 128.0f ? CT_INF_F32 : y;
    return x < -150.0f ? 0.0f : y;
}

/*@ ct_expm1_unchecked_f64: ct_bits ct_exp_polynomial_f64 ct_fma */
/* exp(x) - 1 for -40 <= x <= 709.79, anything beyond: 2^k expm1(r) + (2^k - 1), the sum of its large parts
 * exact, and with scale = 2^(k-1) up to the end, as 2^1024 is no number. Loses subnormals. */
CT_INLINE double ct_expm1_unchecked_f64(double c)
{
    double shifted = ct_fma(c, 0x1.71547652b82fep+0, 0x1.8p52 + 1022.0);
    double k = shifted - (0x1.8p52 + 1022.0);
    double high = ct_fma(k, -0x1.62e42feep-1, c), low = k * 0x1.a39ef35793c76p-33;
    double r = high - low, r2 = r * r;
    double tail = ct_fma(r2, ct_exp_polynomial_f64(r, r2), -low);
    double scale = ct_from_bits_f64(ct_bits_f64(shifted) << 52);
    double a = scale - 0.5, b = scale * high, sum = a + b;
    return 2.0 * (sum + ct_fma(scale, tail, b - (sum - a)));
}

/*@ ct_expm1_f64: ct_expm1_unchecked_f64 */
/* exp(x) - 1, double; at most 0.90 ulp. */
CT_INLINE double ct_expm1_f64(double x)
{
    double y = ct_expm1_unchecked_f64(x);
    y = x > 709.79 ? CT_INF_F64 : y;
    y = x < -40.0 ? -1.0 : y;
    return __builtin_fabs(x) < 0x1p-54 ? x : y;
}

/*@ ct_tanh_f64: ct_expm1_unchecked_f64 */
/* tanh, double, with u = expm1(2|x|): u / (u + 2), from 0.55 on as 1 - 2 / (u + 2), which rounds better;
 * at most 1.95 ulp. */
CT_INLINE double ct_tanh_f64(double x)
{
    double a = __builtin_fabs(x);
    double u = ct_expm1_unchecked_f64(2.0 * a);
    double d = u + 2.0, ratio = (a < 0.55 ? u : 2.0) / d;
    double lost = u - (d - 2.0); /* by d; its effect on the ratio is lost/d, with 1/d in (1/4, 1/2) */
    double y = a < 0.55 ? ct_fma(ratio * lost, -0.4, ratio) : 1.0 - ratio;
    y = a > 20.0 ? 1.0 : y;
    return a < 0x1p-28 ? x : __builtin_copysign(y, x);
}

/*@ ct_expm1_unchecked_f32: ct_bits ct_fma */
/* exp(x) - 1 for -20 <= x <= 88.73, anything beyond. Loses subnormals. */
CT_INLINE float ct_expm1_unchecked_f32(float c)
{
    float shifted = ct_fmaf(c, 0x1.715476p+0f, 0x1.8p23f + 126.0f);
    float k = shifted - (0x1.8p23f + 126.0f);
    float high = ct_fmaf(k, -0x1.62e4p-1f, c), low = k * 0x1.7f7d1cp-20f;
    float r = high - low, r2 = r * r;
    float p01 = ct_fmaf(r, 0x1.555554p-3f, 0x1.0p-1f);
    float p23 = ct_fmaf(r, 0x1.111272p-7f, 0x1.55548ep-5f);
    float p45 = ct_fmaf(r, 0x1.9f0744p-13f, 0x1.6d8d46p-10f);
    float p = ct_fmaf(r2, ct_fmaf(r2, p45, p23), p01);
    float tail = ct_fmaf(r2, p, -low);
    float scale = ct_from_bits_f32(ct_bits_f32(shifted) << 23);
    float a = scale - 0.5f, b = scale * high, sum = a + b;
    return 2.0f * (sum + ct_fmaf(scale, tail, b - (sum - a)));
}

/*@ ct_expm1_f32: ct_expm1_unchecked_f32 */
/* exp(x) - 1, single; at most 1.05 ulp. */
CT_INLINE float ct_expm1_f32(float x)
{
    float y = ct_expm1_unchecked_f32(x);
    y = x > 88.73f ? CT_INF_F32 : y;
    y = x < -20.0f ? -1.0f : y;
    return __builtin_fabsf(x) < 0x1p-25f ? x : y;
}

/*@ ct_tanh_f32: ct_expm1_unchecked_f32 */
/* tanh, single, with u = expm1(2|x|): u / (u + 2), from 0.55 on as 1 - 2 / (u + 2), which rounds better;
 * at most 2.05 ulp. */
CT_INLINE float ct_tanh_f32(float x)
{
    float a = __builtin_fabsf(x);
    float u = ct_expm1_unchecked_f32(2.0f * a);
    float d = u + 2.0f, ratio = (a < 0.55f ? u : 2.0f) / d;
    float lost = u - (d - 2.0f); /* by d; its effect on the ratio is lost/d, with 1/d in (1/4, 1/2) */
    float y = a < 0.55f ? ct_fmaf(ratio * lost, -0.4f, ratio) : 1.0f - ratio;
    y = a > 10.0f ? 1.0f : y;
    return a < 0x1p-13f ? x : __builtin_copysignf(y, x);
}

/*@ ct_sigmoid_f64: ct_exp_unchecked_f64 */
/* 1 / (1 + exp(-x)), double; exp(-|x|) cannot overflow, so both tails keep full precision;
 * at most 1.95 ulp. */
CT_INLINE double ct_sigmoid_f64(double x)
{
    double e = ct_exp_unchecked_f64(-__builtin_fabs(x));
    double d = 1.0 + e, y = (x < 0.0 ? e : 1.0) / d;
    double lost = e - (d - 1.0); /* by d; 1/d is in (1/2, 1) */
    y = ct_fma(y * lost, -0.75, y);
    y = x > 40.0 ? 1.0 : y;
    return x < -745.14 ? 0.0 : y;
}

/*@ ct_sigmoid_f32: ct_exp_unchecked_f32 */
/* 1 / (1 + exp(-x)), single; at most 2.15 ulp. */
CT_INLINE float ct_sigmoid_f32(float x)
{
    float e = ct_exp_unchecked_f32(-__builtin_fabsf(x));
    float d = 1.0f + e, y = (x < 0.0f ? e : 1.0f) / d;
    float lost = e - (d - 1.0f); /* by d; 1/d is in (1/2, 1) */
    y = ct_fmaf(y * lost, -0.75f, y);
    y = x > 20.0f ? 1.0f : y;
    return x < -103.98f ? 0.0f : y;
}

/*@ ct_logistic_density_f64: ct_exp_unchecked_f64 */
/* exp(-x) / (1 + exp(-x))^2, double; at most 2.55 ulp. */
CT_INLINE double ct_logistic_density_f64(double x)
{
    double a = __builtin_fabs(x), e = ct_exp_unchecked_f64(-a);
    double d = 1.0 + e, y = e / (d * d);
    double lost = e - (d - 1.0); /* by d, which counts twice; 1/d is in (1/2, 1) */
    y = ct_fma(y * lost, -1.5, y);
    return a > 745.14 ? 0.0 : y;
}

/*@ ct_logistic_density_f32: ct_exp_unchecked_f32 */
/* exp(-x) / (1 + exp(-x))^2, single; at most 3.00 ulp. */
CT_INLINE float ct_logistic_density_f32(float x)
{
    float a = __builtin_fabsf(x), e = ct_exp_unchecked_f32(-a);
    float d = 1.0f + e, y = e / (d * d);
    float lost = e - (d - 1.0f); /* by d, which counts twice; 1/d is in (1/2, 1) */
    y = ct_fmaf(y * lost, -1.5f, y);
    return a > 103.98f ? 0.0f : y;
}
