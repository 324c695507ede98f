/* Exponentials and their relatives.
 *
 * exp(x) = 2^k exp(r), k = round(x / ln 2), |r| <= ln(2)/2, exp(r) = 1 + r + r^2 P(r) with a minimax P.
 * 2^k is applied as two factors, each a normal number, so subnormal results are rounded once.
 * Arguments are clamped through |x|: two chained comparisons of x would be jump-threaded by GCC into masks.
 */

/*@ ct_exp_f64: ct_bits ct_fma */
/* exp, double; at most 0.80 ulp. */
CT_INLINE double ct_exp_f64(double x) {
    double c = __builtin_fabs(x);
    c = __builtin_copysign(c > 760.0 ? 760.0 : c, x);
    double shifted = ct_fma(c, 0x1.71547652b82fep+0, 0x1.8p52 + 2046.0);
    double k = shifted - (0x1.8p52 + 2046.0);
    double r = ct_fma(k, -0x1.62e42feep-1, c);
    r = ct_fma(k, -0x1.a39ef35793c76p-33, r);
    double r2 = r * r;
    double p01 = ct_fma(r, 0x1.55555555554f9p-3, 0x1.000000000000ap-1);
    double p23 = ct_fma(r, 0x1.1111111127d3ap-7, 0x1.5555555550853p-5);
    double p45 = ct_fma(r, 0x1.a01a0129df481p-13, 0x1.6c16c1843499ep-10);
    double p67 = ct_fma(r, 0x1.71df265525cf1p-19, 0x1.a01999ecd0da9p-16);
    double p89 = ct_fma(r, 0x1.ad7dfc34f5ce4p-26, 0x1.28ad9247964cep-22);
    double p = ct_fma(r2, ct_fma(r2, ct_fma(r2, ct_fma(r2, p89, p67), p45), p23), p01);
    double y = 1.0 + ct_fma(r2, p, r);
    ct_u64 bits = ct_bits_f64(shifted), half = bits >> 1;
    return y * ct_from_bits_f64(half << 52) * ct_from_bits_f64((bits - half) << 52);
}

/*@ ct_exp_f32: ct_bits ct_fma */
/* exp, single; at most 0.90 ulp. */
CT_INLINE float ct_exp_f32(float x) {
    float c = __builtin_fabsf(x);
    c = __builtin_copysignf(c > 120.0f ? 120.0f : c, x);
    float shifted = ct_fmaf(c, 0x1.715476p+0f, 0x1.8p23f + 254.0f);
    float k = shifted - (0x1.8p23f + 254.0f);
    float r = ct_fmaf(k, -0x1.62e4p-1f, c);
    r = ct_fmaf(k, -0x1.7f7d1cp-20f, r);
    float r2 = r * r;
    float p01 = ct_fmaf(r, 0x1.555492p-3f, 0x1.fffffcp-2f);
    float p23 = ct_fmaf(r, 0x1.123a1ap-7f, 0x1.5558f4p-5f);
    float p = ct_fmaf(r2, ct_fmaf(r2, 0x1.6a2348p-10f, p23), p01);
    float y = 1.0f + ct_fmaf(r2, p, r);
    ct_u32 bits = ct_bits_f32(shifted), half = bits >> 1;
    return y * ct_from_bits_f32(half << 23) * ct_from_bits_f32((bits - half) << 23);
}

/*@ ct_exp2_f64: ct_bits ct_fma */
/* 2^x, double. */
CT_INLINE double ct_exp2_f64(double x) {
    double c = __builtin_fabs(x);
    c = __builtin_copysign(c > 1100.0 ? 1100.0 : c, x);
    double shifted = c + (0x1.8p52 + 2046.0);
    double r = c - (shifted - (0x1.8p52 + 2046.0));
    double r2 = r * r;
    double p01 = ct_fma(r, 0x1.ebfbdff82c5a4p-3, 0x1.62e42fefa39efp-1);
    double p23 = ct_fma(r, 0x1.3b2ab6fba010ep-7, 0x1.c6b08d7049fe7p-5);
    double p45 = ct_fma(r, 0x1.4309130edbf77p-13, 0x1.5d87fe78cd8bfp-10);
    double p67 = ct_fma(r, 0x1.62bfc7939cc44p-20, 0x1.ffcbfba8e41fcp-17);
    double p89 = ct_fma(r, 0x1.e61b62e4109ecp-28, 0x1.b5267e27919aap-24);
    double p = ct_fma(r2, ct_fma(r2, ct_fma(r2, ct_fma(r2, ct_fma(r2, 0x1.e799d8727d886p-32, p89), p67), p45), p23), p01);
    double y = ct_fma(r, p, 1.0);
    ct_u64 bits = ct_bits_f64(shifted), half = bits >> 1;
    return y * ct_from_bits_f64(half << 52) * ct_from_bits_f64((bits - half) << 52);
}

/*@ ct_exp2_f32: ct_bits ct_fma */
/* 2^x, single. */
CT_INLINE float ct_exp2_f32(float x) {
    float c = __builtin_fabsf(x);
    c = __builtin_copysignf(c > 160.0f ? 160.0f : c, x);
    float shifted = c + (0x1.8p23f + 254.0f);
    float r = c - (shifted - (0x1.8p23f + 254.0f));
    float r2 = r * r;
    float p01 = ct_fmaf(r, 0x1.ebfbdcp-3f, 0x1.62e430p-1f);
    float p23 = ct_fmaf(r, 0x1.3b2d4cp-7f, 0x1.c6aee8p-5f);
    float p45 = ct_fmaf(r, 0x1.41fbf2p-13f, 0x1.5f3e7ap-10f);
    float p = ct_fmaf(r2, ct_fmaf(r2, p45, p23), p01);
    float y = ct_fmaf(r, p, 1.0f);
    ct_u32 bits = ct_bits_f32(shifted), half = bits >> 1;
    return y * ct_from_bits_f32(half << 23) * ct_from_bits_f32((bits - half) << 23);
}

/*@ ct_expm1_clamped_f64: ct_bits ct_fma */
/* exp(x) - 1 for -40 <= x <= 710 (infinite at 710): 2^k expm1(r) + (2^k - 1), the sum of its large parts
 * exact, and with scale = 2^(k-1) up to the end, as 2^1024 is no number. Loses subnormals. */
CT_INLINE double ct_expm1_clamped_f64(double c) {
    double shifted = ct_fma(c, 0x1.71547652b82fep+0, 0x1.8p52 + 1022.0);
    double k = shifted - (0x1.8p52 + 1022.0);
    double high = ct_fma(k, -0x1.62e42feep-1, c), low = k * 0x1.a39ef35793c76p-33;
    double r = high - low, r2 = r * r;
    double p01 = ct_fma(r, 0x1.55555555554f9p-3, 0x1.000000000000ap-1);
    double p23 = ct_fma(r, 0x1.1111111127d3ap-7, 0x1.5555555550853p-5);
    double p45 = ct_fma(r, 0x1.a01a0129df481p-13, 0x1.6c16c1843499ep-10);
    double p67 = ct_fma(r, 0x1.71df265525cf1p-19, 0x1.a01999ecd0da9p-16);
    double p89 = ct_fma(r, 0x1.ad7dfc34f5ce4p-26, 0x1.28ad9247964cep-22);
    double p = ct_fma(r2, ct_fma(r2, ct_fma(r2, ct_fma(r2, p89, p67), p45), p23), p01);
    double tail = ct_fma(r2, p, -low);
    double scale = ct_from_bits_f64(ct_bits_f64(shifted) << 52);
    double a = scale - 0.5, b = scale * high, sum = a + b;
    return 2.0 * (sum + ct_fma(scale, tail, b - (sum - a)));
}

/*@ ct_expm1_f64: ct_expm1_clamped_f64 */
/* exp(x) - 1, double; at most 1.00 ulp. */
CT_INLINE double ct_expm1_f64(double x) {
    double bound = x < 0.0 ? 40.0 : 710.0, c = __builtin_fabs(x);
    double y = ct_expm1_clamped_f64(__builtin_copysign(c > bound ? bound : c, x));
    return __builtin_fabs(x) < 0x1p-54 ? x : y;
}

/*@ ct_tanh_f64: ct_expm1_clamped_f64 */
/* tanh, double, with u = expm1(2|x|): u / (u + 2), from 0.55 on as 1 - 2 / (u + 2), which rounds better. */
CT_INLINE double ct_tanh_f64(double x) {
    double a = __builtin_fabs(x);
    double u = ct_expm1_clamped_f64(a > 20.0 ? 40.0 : 2.0 * a);
    double d = u + 2.0, ratio = (a < 0.55 ? u : 2.0) / d;
    double lost = u - (d - 2.0); /* by d; its effect on the ratio is lost/d, with 1/d in (1/4, 1/2) */
    double y = a < 0.55 ? ct_fma(ratio * lost, -0.4, ratio) : 1.0 - ratio;
    return a < 0x1p-28 ? x : __builtin_copysign(y, x);
}

/*@ ct_expm1_clamped_f32: ct_bits ct_fma */
/* exp(x) - 1 for -20 <= x <= 89 (infinite at 89). Loses subnormals. */
CT_INLINE float ct_expm1_clamped_f32(float c) {
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

/*@ ct_expm1_f32: ct_expm1_clamped_f32 */
/* exp(x) - 1, single; at most 1.00 ulp. */
CT_INLINE float ct_expm1_f32(float x) {
    float bound = x < 0.0f ? 20.0f : 89.0f, c = __builtin_fabsf(x);
    float y = ct_expm1_clamped_f32(__builtin_copysignf(c > bound ? bound : c, x));
    return __builtin_fabsf(x) < 0x1p-25f ? x : y;
}

/*@ ct_tanh_f32: ct_expm1_clamped_f32 */
/* tanh, single, with u = expm1(2|x|): u / (u + 2), from 0.55 on as 1 - 2 / (u + 2), which rounds better. */
CT_INLINE float ct_tanh_f32(float x) {
    float a = __builtin_fabsf(x);
    float u = ct_expm1_clamped_f32(a > 10.0f ? 20.0f : 2.0f * a);
    float d = u + 2.0f, ratio = (a < 0.55f ? u : 2.0f) / d;
    float lost = u - (d - 2.0f); /* by d; its effect on the ratio is lost/d, with 1/d in (1/4, 1/2) */
    float y = a < 0.55f ? ct_fmaf(ratio * lost, -0.4f, ratio) : 1.0f - ratio;
    return a < 0x1p-13f ? x : __builtin_copysignf(y, x);
}

/*@ ct_sigmoid_f64: ct_exp_f64 */
/* 1 / (1 + exp(-x)), double; exp(-|x|) cannot overflow, so both tails keep full precision. */
CT_INLINE double ct_sigmoid_f64(double x) {
    double e = ct_exp_f64(-__builtin_fabs(x));
    double d = 1.0 + e, y = (x < 0.0 ? e : 1.0) / d;
    double lost = e - (d - 1.0); /* by d; 1/d is in (1/2, 1) */
    return ct_fma(y * lost, -0.75, y);
}

/*@ ct_sigmoid_f32: ct_exp_f32 */
/* 1 / (1 + exp(-x)), single. */
CT_INLINE float ct_sigmoid_f32(float x) {
    float e = ct_exp_f32(-__builtin_fabsf(x));
    float d = 1.0f + e, y = (x < 0.0f ? e : 1.0f) / d;
    float lost = e - (d - 1.0f); /* by d; 1/d is in (1/2, 1) */
    return ct_fmaf(y * lost, -0.75f, y);
}
