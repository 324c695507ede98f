/* Powers and roots. */

/*@ ct_log_double_f64: ct_bits ct_fma ct_two_product_f64 ct_two_sum_f64 */
/* log(x) for x >= 0 as high + low, good to about 2^-65 relative; pow needs that, since it multiplies by up
 * to 709. log m = 2s + s^3 (2/3 + s^2 P(s^2)), s = (m-1)/(m+1), the first two terms in double-double. */
typedef struct ct_double_f64 {
    double high, low;
} ct_double_f64;
CT_INLINE ct_double_f64 ct_log_double_f64(double x)
{
    ct_double_f64 out;
    int tiny = x < 0x1p-1022;
    double scaled = tiny ? x * 0x1p54 : x;
    ct_u64 u = ct_bits_f64(scaled) + (0x3ff0000000000000u - 0x3fe6a09e00000000u);
    double k = ct_from_bits_f64((u >> 52) | 0x4330000000000000u) - (tiny ? 0x1p52 + 1077.0 : 0x1p52 + 1023.0);
    double m = ct_from_bits_f64((u & 0x000fffffffffffffu) + 0x3fe6a09e00000000u);
    double f = m - 1.0, sum = m + 1.0, sum_low = ct_sum_error_f64(m, 1.0, sum);
    double inverse = 1.0 / sum, s = f * inverse;
    double product = s * sum, rest = (f - product) - ct_product_error_f64(s, sum, product);
    double s_low = (rest - s * sum_low) * inverse;
    double z = s * s, z_low = ct_product_error_f64(s, s, z) + 2.0 * s * s_low;
    double w = z * z;
    double odd =
        ct_fma(w, ct_fma(w, ct_fma(w, 0x1.088ad9f561a7ep-3, 0x1.3b18c529f2db8p-3), 0x1.c71c71d8323f6p-3),
               0x1.999999999999fp-2);
    double even = ct_fma(w, ct_fma(w, 0x1.1017269d81443p-3, 0x1.745d09c381dc6p-3), 0x1.249249248e3ccp-2);
    double p = z * ct_fma(z, even, odd);
    /* t = 2/3 + p */
    double t = 0x1.5555555555555p-1 + p, t_low = (0x1.5555555555555p-1 - t) + p + 0x1.5555555555555p-55;
    /* cube = s * z * t */
    double sz = s * z, sz_low = ct_product_error_f64(s, z, sz) + ct_fma(s, z_low, s_low * z);
    double cube = sz * t, cube_low = ct_product_error_f64(sz, t, cube) + ct_fma(sz, t_low, sz_low * t);
    /* k ln 2 + 2 s + cube */
    double a = k * 0x1.62e42fefa3800p-1, a_low = k * 0x1.ef35793c76730p-45;
    double b = 2.0 * s, ab = a + b, ab_low = ct_sum_error_f64(a, b, ab);
    double total = ab + cube, total_low = ct_sum_error_f64(ab, cube, total);
    double low = total_low + (ab_low + (ct_fma(2.0, s_low, cube_low) + a_low));
    out.high = total + low;
    out.low = (total - out.high) + low;
    return out;
}

/*@ ct_pow_specials_f64: ct_bits */
/* C99's special cases of pow(x, y), given the magnitude |x|^y. */
CT_INLINE int ct_is_whole_f64(double a)
{ /* a >= 0 */
    return (a >= 0x1p52) | ((a + 0x1p52) - 0x1p52 == a);
}
CT_INLINE double ct_pow_specials_f64(double x, double y, double magnitude)
{
    double ay = __builtin_fabs(y);
    int whole = ct_is_whole_f64(ay), odd = whole & !ct_is_whole_f64(0.5 * ay);
    int negative = (int)(ct_bits_f64(x) >> 63);
    double r = negative & odd ? -magnitude : magnitude;
    r = (x < 0.0) & !whole & (x > -CT_INF_F64) ? CT_NAN_F64 : r;
    r = (x != x) | (y != y) ? CT_NAN_F64 : r;
    r = (x == -1.0) & (ay == CT_INF_F64) ? 1.0 : r;
    return (x == 1.0) | (y == 0.0) ? 1.0 : r;
}

/*@ ct_pow_f64: ct_exp_polynomial_f64 ct_log_double_f64 ct_pow_specials_f64 ct_times_power_f64 */
/* pow(x, y), double; at most 1.10 ulp. */
CT_INLINE double ct_pow_f64(double x, double y)
{
    double ax = __builtin_fabs(x);
    ct_double_f64 l = ct_log_double_f64(ax);
    double high = y * l.high;
    double low = ct_product_error_f64(y, l.high, high) + y * l.low;
    /* out of range of exp, or beyond what products can be split at: the sign of the exponent is all */
    int extreme = !(__builtin_fabs(high) < 800.0) | !(__builtin_fabs(y) < 0x1p900);
    double end = (y < 0.0) ^ (ax < 1.0) ? -800.0 : 800.0;
    end = high == 0.0 ? 0.0 : end;
    high = extreme ? end : high;
    high = (ax == 0.0) | (ax == CT_INF_F64) ? ((y < 0.0) ^ (ax == 0.0) ? -800.0 : 800.0) : high;
    low = __builtin_fabs(high) < 800.0 ? low : 0.0;
    double shifted = ct_fma(high, 0x1.71547652b82fep+0, 0x1.8p52 + 2046.0);
    double k = shifted - (0x1.8p52 + 2046.0);
    double r = ct_fma(k, -0x1.62e42feep-1, high);
    r = ct_fma(k, -0x1.a39ef35793c76p-33, r) + low;
    double r2 = r * r;
    double magnitude = ct_times_power_f64(1.0 + ct_fma(r2, ct_exp_polynomial_f64(r, r2), r), shifted);
    return ct_pow_specials_f64(x, y, magnitude);
}

/*@ ct_pow_f32: ct_log_f64 ct_exp_f64 ct_pow_specials_f64 */
/* pow(x, y), single, worked in double, whose log's error is multiplied by 104 or less; at most 0.51 ulp. */
CT_INLINE float ct_pow_f32(float x, float y)
{
    double l = ct_log_f64(__builtin_fabs((double)x));
    return (float)ct_pow_specials_f64(x, y, ct_exp_f64((double)y * l));
}

/*@ ct_cbrt_f64: ct_bits ct_fma */
/* Cube root, double: a third of the exponent through the bit pattern, a minimax correction to 23 bits (the
 * scheme and coefficients of FreeBSD's s_cbrt.c, after Kahan), one Newton step with an exact square;
 * at most 0.70 ulp. */
CT_INLINE double ct_cbrt_f64(double x)
{
    double a = __builtin_fabs(x);
    int tiny = a < 0x1p-1022;
    double scaled = tiny ? a * 0x1p54 : a;
    ct_u64 third = ((ct_bits_f64(scaled) >> 32) * 0xaaaaaaabu >> 33) + 715094163u;
    double t = ct_from_bits_f64(third << 32);
    double r = (t * t) * (t / scaled);
    t = t * ((1.87595182427177009643 + r * (-1.88497979543377169875 + r * 1.621429720105354466140)) +
             (r * r * r) * (-0.758397934778766047437 + r * 0.145996192886612446982));
    t = ct_from_bits_f64((ct_bits_f64(t) + 0x80000000u) & 0xffffffffc0000000u);
    double q = scaled / (t * t);
    double y = ct_fma(t, (q - t) / (t + t + q), t);
    y = __builtin_copysign(tiny ? y * 0x1p-18 : y, x);
    return (a == 0.0) | !(a < CT_INF_F64) ? x : y;
}

/*@ ct_cbrt_f32: ct_cbrt_f64 */
/* Cube root, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_cbrt_f32(float x)
{
    return (float)ct_cbrt_f64(x);
}

/*@ ct_hypot_f64: ct_bits ct_fma ct_two_product_f64 */
/* sqrt(x^2 + y^2), double, without undue overflow; the root is corrected by its residual;
 * at most 0.90 ulp. */
CT_INLINE double ct_hypot_f64(double x, double y)
{
    double ax = __builtin_fabs(x), ay = __builtin_fabs(y);
    double large = ax > ay ? ax : ay, small = ax > ay ? ay : ax;
    double scale = large > 0x1p500 ? 0x1p-600 : (large < 0x1p-450 ? 0x1p600 : 1.0);
    double back = large > 0x1p500 ? 0x1p600 : (large < 0x1p-450 ? 0x1p-600 : 1.0);
    double a = large * scale, b = small * scale;
    double aa = a * a, bb = b * b, h = __builtin_sqrt(aa + bb), hh = h * h;
    double residual = (aa - hh) + bb;
    residual +=
        ct_product_error_f64(a, a, aa) - ct_product_error_f64(h, h, hh) + ct_product_error_f64(b, b, bb);
    double r = (h + (h > 0.0 ? residual / (2.0 * h) : 0.0)) * back;
    r = (x != x) | (y != y) ? CT_NAN_F64 : r;
    return (ax == CT_INF_F64) | (ay == CT_INF_F64) ? CT_INF_F64 : r;
}

/*@ ct_hypot_f32: ct_bits ct_fma */
/* sqrt(x^2 + y^2), single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_hypot_f32(float x, float y)
{
    double r = __builtin_sqrt((double)x * x + (double)y * y);
    int infinite = (__builtin_fabsf(x) == CT_INF_F32) | (__builtin_fabsf(y) == CT_INF_F32);
    return infinite ? CT_INF_F32 : (float)r;
}
