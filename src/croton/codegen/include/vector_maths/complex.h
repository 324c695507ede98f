/* Complex functions, built from the real ones, with C99 Annex G's special values where they follow from
 * the formulas and for abs, multiplication, division, sqrt, exp, log and the hyperbolic functions in full.
 * c64 works in double, so that nothing overflows early and results round once more. They branch.
 */

/*@ ct_complex: ct_inline ct_function ct_bits */
typedef float _Complex ct_c64;
typedef double _Complex ct_c128;
CT_INLINE ct_c128 ct_make_c128(double real, double imaginary)
{
    ct_c128 z;
    __real__ z = real;
    __imag__ z = imaginary;
    return z;
}
CT_INLINE int ct_is_finite_f64(double x)
{
    return __builtin_fabs(x) < CT_INF_F64;
}
CT_INLINE int ct_is_infinite_f64(double x)
{
    return __builtin_fabs(x) == CT_INF_F64;
}
CT_INLINE ct_c128 ct_widen_c64(ct_c64 z)
{
    return ct_make_c128(__real__ z, __imag__ z);
}
CT_INLINE ct_c64 ct_narrow_c128(ct_c128 z)
{
    ct_c64 y;
    __real__ y = (float)__real__ z;
    __imag__ y = (float)__imag__ z;
    return y;
}

/* Real functions compiled once for all complex functions of a file. */

/*@ ct_circle_once_f64: ct_sin_once_f64 ct_cos_once_f64 ct_exp_once_f64 */
/* (what the exponential and hyperbolic functions share) */

/*@ ct_sin_once_f64: ct_function ct_sin_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_sin_once_f64(double x)
{
    return ct_sin_f64(x);
}

/*@ ct_cos_once_f64: ct_function ct_cos_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_cos_once_f64(double x)
{
    return ct_cos_f64(x);
}

/*@ ct_tan_once_f64: ct_function ct_tan_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_tan_once_f64(double x)
{
    return ct_tan_f64(x);
}

/*@ ct_exp_once_f64: ct_function ct_exp_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_exp_once_f64(double x)
{
    return ct_exp_f64(x);
}

/*@ ct_expm1_once_f64: ct_function ct_expm1_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_expm1_once_f64(double x)
{
    return ct_expm1_f64(x);
}

/*@ ct_log_once_f64: ct_function ct_log_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_log_once_f64(double x)
{
    return ct_log_f64(x);
}

/*@ ct_log1p_once_f64: ct_function ct_log1p_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_log1p_once_f64(double x)
{
    return ct_log1p_f64(x);
}

/*@ ct_sinh_once_f64: ct_function ct_sinh_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_sinh_once_f64(double x)
{
    return ct_sinh_f64(x);
}

/*@ ct_cosh_once_f64: ct_function ct_cosh_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_cosh_once_f64(double x)
{
    return ct_cosh_f64(x);
}

/*@ ct_asinh_once_f64: ct_function ct_asinh_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_asinh_once_f64(double x)
{
    return ct_asinh_f64(x);
}

/*@ ct_atan2_once_f64: ct_function ct_atan2_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_atan2_once_f64(double x, double y)
{
    return ct_atan2_f64(x, y);
}

/*@ ct_hypot_once_f64: ct_function ct_hypot_f64 */
CT_FUNCTION __attribute__((noinline)) double ct_hypot_once_f64(double x, double y)
{
    return ct_hypot_f64(x, y);
}

/*@ ct_abs_c128: ct_complex ct_hypot_f64 */
CT_INLINE double ct_abs_c128(ct_c128 z)
{
    return ct_hypot_f64(__real__ z, __imag__ z);
}

/*@ ct_abs_c64: ct_complex ct_hypot_f32 */
CT_INLINE float ct_abs_c64(ct_c64 z)
{
    return ct_hypot_f32(__real__ z, __imag__ z);
}

/*@ ct_angle_c128: ct_complex ct_atan2_f64 */
CT_INLINE double ct_angle_c128(ct_c128 z)
{
    return ct_atan2_f64(__imag__ z, __real__ z);
}

/*@ ct_angle_c64: ct_complex ct_atan2_f32 */
CT_INLINE float ct_angle_c64(ct_c64 z)
{
    return ct_atan2_f32(__imag__ z, __real__ z);
}

/*@ ct_multiply_c128: ct_complex */
/* The textbook product, as NumPy (Annex G would recover infinities from NaN here; NumPy does not). */
CT_INLINE ct_c128 ct_multiply_c128(ct_c128 x, ct_c128 y)
{
    double a = __real__ x, b = __imag__ x, c = __real__ y, d = __imag__ y;
    return ct_make_c128(a * c - b * d, a * d + b * c);
}

/*@ ct_multiply_c64: ct_complex */
CT_INLINE ct_c64 ct_multiply_c64(ct_c64 x, ct_c64 y)
{
    float a = __real__ x, b = __imag__ x, c = __real__ y, d = __imag__ y;
    ct_c64 z;
    __real__ z = a * c - b * d;
    __imag__ z = a * d + b * c;
    return z;
}

/*@ ct_divide_c128: ct_complex */
/* Smith's division (1962), as NumPy: scaled by the larger part of the divisor. */
CT_FUNCTION ct_c128 ct_divide_c128(ct_c128 x, ct_c128 y)
{
    double a = __real__ x, b = __imag__ x, c = __real__ y, d = __imag__ y;
    double ac = __builtin_fabs(c), ad = __builtin_fabs(d);
    if (ac >= ad) {
        if (ac == 0.0)
            return ct_make_c128(a / ac, b / ad);
        double ratio = d / c, scale = 1.0 / (c + d * ratio);
        return ct_make_c128((a + b * ratio) * scale, (b - a * ratio) * scale);
    }
    double ratio = c / d, scale = 1.0 / (c * ratio + d);
    return ct_make_c128((a * ratio + b) * scale, (b * ratio - a) * scale);
}

/*@ ct_divide_c64: ct_divide_c128 */
CT_INLINE ct_c64 ct_divide_c64(ct_c64 x, ct_c64 y)
{
    return ct_narrow_c128(ct_divide_c128(ct_widen_c64(x), ct_widen_c64(y)));
}

/*@ ct_reciprocal_c128: ct_divide_c128 */
CT_INLINE ct_c128 ct_reciprocal_c128(ct_c128 z)
{
    double c = __real__ z, d = __imag__ z;
    if (__builtin_fabs(c) >= __builtin_fabs(d)) {
        double ratio = d / c, scale = c + d * ratio;
        return ct_make_c128(1.0 / scale, -ratio / scale);
    }
    double ratio = c / d, scale = c * ratio + d;
    return ct_make_c128(ratio / scale, -1.0 / scale);
}

/*@ ct_sqrt_c128: ct_complex ct_hypot_once_f64 */
/* Principal square root (Kahan 1987), scaled against overflow and underflow. */
CT_FUNCTION ct_c128 ct_sqrt_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z, ax = __builtin_fabs(x), ay = __builtin_fabs(y);
    if (ay == CT_INF_F64)
        return ct_make_c128(CT_INF_F64, y);
    if (x != x)
        return ct_make_c128(x, x);
    if (ax == CT_INF_F64) {
        double other = y != y ? y : 0.0;
        return x > 0.0 ? ct_make_c128(x, __builtin_copysign(other, y))
                       : ct_make_c128(y != y ? y : 0.0, __builtin_copysign(CT_INF_F64, y));
    }
    if (ax == 0.0 && ay == 0.0)
        return ct_make_c128(0.0, y);
    double larger = ax > ay ? ax : ay, scale = 1.0, back = 1.0;
    if (larger > 0x1p1000) {
        scale = 0x1p-54;
        back = 0x1p27;
    }
    if (larger < 0x1p-900) {
        scale = 0x1p120;
        back = 0x1p-60;
    }
    x *= scale;
    y *= scale;
    double root = __builtin_sqrt(0.5 * (__builtin_fabs(x) + ct_hypot_once_f64(x, y)));
    double other = __builtin_fabs(y) / (2.0 * root);
    if (x >= 0.0)
        return ct_make_c128(root * back, __builtin_copysign(other * back, y));
    return ct_make_c128(other * back, __builtin_copysign(root * back, y));
}

/*@ ct_exp_c128: ct_complex ct_exp_once_f64 ct_sin_once_f64 ct_cos_once_f64 */
CT_FUNCTION ct_c128 ct_exp_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z;
    if (y == 0.0)
        return ct_make_c128(ct_exp_once_f64(x), y);
    if (!ct_is_finite_f64(y)) {
        if (x == -CT_INF_F64)
            return ct_make_c128(0.0, __builtin_copysign(0.0, y));
        if (x == CT_INF_F64)
            return ct_make_c128(x, CT_NAN_F64);
        return ct_make_c128(CT_NAN_F64, CT_NAN_F64);
    }
    /* exp(x) may overflow where its product with a sine does not: two factors */
    double half = x > 700.0 && x < 1500.0 ? 0.5 * x : x, e = ct_exp_once_f64(half), c = ct_cos_once_f64(y),
           s = ct_sin_once_f64(y);
    return half == x ? ct_make_c128(e * c, e * s) : ct_make_c128(e * c * e, e * s * e);
}

/*@ ct_log_abs_f64: ct_function ct_two_product_f64 ct_log_once_f64 ct_log1p_once_f64 ct_hypot_once_f64 */
/* log |x + iy|; near the unit circle from (|z|^2 - 1) without cancellation. */
CT_FUNCTION double ct_log_abs_f64(double x, double y)
{
    double a = __builtin_fabs(x), b = __builtin_fabs(y), large = a > b ? a : b, small = a > b ? b : a;
    if (large > 0.5 && large < 2.0) {
        double square = small * small, error = ct_product_error_f64(small, small, square);
        double p = (large - 1.0) * (large + 1.0), p_error = ct_product_error_f64(large - 1.0, large + 1.0, p);
        double sum = p + square;
        /* large + 1 rounds by at most one bit, which matters next to |z| = 1 only through (large - 1) */
        double lost = (large - 1.0) * (1.0 - ((large + 1.0) - large));
        double rest =
            (__builtin_fabs(p) > square ? (p - sum) + square : (square - sum) + p) + (error + p_error + lost);
        if (sum > -0.5)
            return 0.5 * ct_log1p_once_f64(sum + rest);
    }
    if (large > 0x1p1000 && large < CT_INF_F64)
        return ct_log_once_f64(ct_hypot_once_f64(x * 0x1p-2, y * 0x1p-2)) + 0x1.62e42fefa39efp+0;
    if (large < 0x1p-900)
        return ct_log_once_f64(ct_hypot_once_f64(x * 0x1p200, y * 0x1p200)) - 0x1.15427bf85e6b3p+7;
    return ct_log_once_f64(ct_hypot_once_f64(x, y));
}

/*@ ct_log_c128: ct_complex ct_log_abs_f64 ct_atan2_once_f64 */
CT_FUNCTION ct_c128 ct_log_c128(ct_c128 z)
{
    return ct_make_c128(ct_log_abs_f64(__real__ z, __imag__ z), ct_atan2_once_f64(__imag__ z, __real__ z));
}

/*@ ct_log2_c128: ct_log_c128 */
CT_FUNCTION ct_c128 ct_log2_c128(ct_c128 z)
{
    ct_c128 l = ct_log_c128(z);
    return ct_make_c128(__real__ l * 0x1.71547652b82fep+0, __imag__ l * 0x1.71547652b82fep+0);
}

/*@ ct_log10_c128: ct_log_c128 */
CT_FUNCTION ct_c128 ct_log10_c128(ct_c128 z)
{
    ct_c128 l = ct_log_c128(z);
    return ct_make_c128(__real__ l * 0x1.bcb7b1526e50ep-2, __imag__ l * 0x1.bcb7b1526e50ep-2);
}

/*@ ct_log1p_c128: ct_complex ct_log_abs_f64 ct_log1p_once_f64 ct_atan2_once_f64 */
CT_FUNCTION ct_c128 ct_log1p_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z, u = x * (2.0 + x) + y * y;
    double real = __builtin_fabs(x) < 0.5 && __builtin_fabs(y) < 0.5 ? 0.5 * ct_log1p_once_f64(u)
                                                                     : ct_log_abs_f64(1.0 + x, y);
    return ct_make_c128(real, ct_atan2_once_f64(y, 1.0 + x));
}

/*@ ct_expm1_c128: ct_complex ct_exp_c128 ct_expm1_once_f64 ct_sin_once_f64 ct_cos_once_f64 */
CT_FUNCTION ct_c128 ct_expm1_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z;
    if (!ct_is_finite_f64(x) || !ct_is_finite_f64(y) || x > 700.0) {
        ct_c128 e = ct_exp_c128(z);
        return ct_make_c128(__real__ e - 1.0, __imag__ e);
    }
    double s = ct_sin_once_f64(0.5 * y), m = ct_expm1_once_f64(x);
    return ct_make_c128(m * ct_cos_once_f64(y) - 2.0 * s * s, (m + 1.0) * ct_sin_once_f64(y));
}

/*@ ct_sinh_c128: ct_complex ct_circle_once_f64 ct_sinh_once_f64 ct_cosh_once_f64 */
CT_FUNCTION ct_c128 ct_sinh_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z;
    if (y == 0.0)
        return ct_make_c128(ct_sinh_once_f64(x), y);
    if (!ct_is_finite_f64(y)) {
        if (x == 0.0)
            return ct_make_c128(x, CT_NAN_F64);
        if (ct_is_infinite_f64(x))
            return ct_make_c128(x, CT_NAN_F64);
        return ct_make_c128(CT_NAN_F64, CT_NAN_F64);
    }
    double c = ct_cos_once_f64(y), s = ct_sin_once_f64(y), a = __builtin_fabs(x);
    if (a > 700.0 && a < 1500.0) {
        double e = ct_exp_once_f64(0.5 * a), h = 0.5 * e;
        return ct_make_c128(__builtin_copysign(e, x) * c * h, e * s * h);
    }
    if (x == 0.0)
        return ct_make_c128(__builtin_copysign(0.0, x * c), s);
    return ct_make_c128(ct_sinh_once_f64(x) * c, ct_cosh_once_f64(x) * s);
}

/*@ ct_cosh_c128: ct_complex ct_circle_once_f64 ct_sinh_once_f64 ct_cosh_once_f64 */
CT_FUNCTION ct_c128 ct_cosh_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z;
    if (y == 0.0)
        return ct_make_c128(ct_cosh_once_f64(x), x != x ? y : __builtin_copysign(0.0, x) * y);
    if (!ct_is_finite_f64(y)) {
        if (x == 0.0)
            return ct_make_c128(CT_NAN_F64, 0.0);
        if (ct_is_infinite_f64(x))
            return ct_make_c128(CT_INF_F64, CT_NAN_F64);
        return ct_make_c128(CT_NAN_F64, CT_NAN_F64);
    }
    double c = ct_cos_once_f64(y), s = ct_sin_once_f64(y), a = __builtin_fabs(x);
    if (a > 700.0 && a < 1500.0) {
        double e = ct_exp_once_f64(0.5 * a), h = 0.5 * e;
        return ct_make_c128(e * c * h, __builtin_copysign(e, x) * s * h);
    }
    if (x == 0.0)
        return ct_make_c128(c, x * s);
    return ct_make_c128(ct_cosh_once_f64(x) * c, ct_sinh_once_f64(x) * s);
}

/*@ ct_tanh_c128: ct_complex ct_circle_once_f64 ct_sinh_once_f64 ct_tan_once_f64 */
/* Kahan 1987: with t = tan y, b = 1 + t^2, s = sinh x, r = sqrt(1 + s^2): (b r s + i t)/(1 + b s^2). */
CT_FUNCTION ct_c128 ct_tanh_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z;
    if (x != x)
        return ct_make_c128(x, y == 0.0 ? y : CT_NAN_F64);
    if (ct_is_infinite_f64(x))
        return ct_make_c128(__builtin_copysign(1.0, x),
                            ct_is_finite_f64(y)
                                ? __builtin_copysign(0.0, y == 0.0 ? y : ct_sin_once_f64(2.0 * y))
                                : __builtin_copysign(0.0, y));
    if (!ct_is_finite_f64(y))
        return ct_make_c128(x == 0.0 ? x : CT_NAN_F64, CT_NAN_F64);
    if (__builtin_fabs(x) > 22.0) {
        double e = ct_exp_once_f64(-__builtin_fabs(x));
        return ct_make_c128(__builtin_copysign(1.0, x),
                            4.0 * ct_sin_once_f64(y) * ct_cos_once_f64(y) * e * e);
    }
    double t = ct_tan_once_f64(y), b = 1.0 + t * t, s = ct_sinh_once_f64(x), r = __builtin_sqrt(1.0 + s * s),
           d = 1.0 + b * s * s;
    return ct_is_infinite_f64(t) ? ct_make_c128(r / s, 1.0 / t) : ct_make_c128(b * r * s / d, t / d);
}

/*@ ct_rotations_c128: ct_complex */
/* i z and -i z without arithmetic: sin z = -i sinh(i z), and so on. */
CT_INLINE ct_c128 ct_times_i_c128(ct_c128 z)
{
    return ct_make_c128(-__imag__ z, __real__ z);
}
CT_INLINE ct_c128 ct_over_i_c128(ct_c128 z)
{
    return ct_make_c128(__imag__ z, -__real__ z);
}

/*@ ct_sin_c128: ct_sinh_c128 ct_rotations_c128 */
CT_FUNCTION ct_c128 ct_sin_c128(ct_c128 z)
{
    return ct_over_i_c128(ct_sinh_c128(ct_times_i_c128(z)));
}

/*@ ct_cos_c128: ct_cosh_c128 ct_rotations_c128 */
CT_FUNCTION ct_c128 ct_cos_c128(ct_c128 z)
{
    return ct_cosh_c128(ct_times_i_c128(z));
}

/*@ ct_tan_c128: ct_tanh_c128 ct_rotations_c128 */
CT_FUNCTION ct_c128 ct_tan_c128(ct_c128 z)
{
    return ct_over_i_c128(ct_tanh_c128(ct_times_i_c128(z)));
}

/*@ ct_roots_beside_c128: ct_sqrt_c128 ct_atan2_once_f64 ct_asinh_once_f64 ct_log_abs_f64 */
/* sqrt(1 - z) and sqrt(1 + z), from which Kahan (1987) forms asin and acos without cancellation. */
typedef struct ct_roots_c128 {
    ct_c128 minus, plus;
} ct_roots_c128;
CT_FUNCTION ct_roots_c128 ct_roots_beside_one_c128(ct_c128 z)
{
    ct_roots_c128 out;
    out.minus = ct_sqrt_c128(ct_make_c128(1.0 - __real__ z, -__imag__ z));
    out.plus = ct_sqrt_c128(ct_make_c128(1.0 + __real__ z, __imag__ z));
    return out;
}
CT_INLINE int ct_is_large_c128(ct_c128 z)
{
    return __builtin_fabs(__real__ z) > 0x1p500 || __builtin_fabs(__imag__ z) > 0x1p500;
}

/*@ ct_asin_c128: ct_roots_beside_c128 */
CT_FUNCTION ct_c128 ct_asin_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z;
    if (ct_is_large_c128(z))
        return ct_make_c128(ct_atan2_once_f64(x, __builtin_fabs(y)),
                            __builtin_copysign(ct_log_abs_f64(x, y) + 0x1.62e42fefa39efp-1, y));
    ct_roots_c128 r = ct_roots_beside_one_c128(z);
    double a = __real__ r.minus, b = __imag__ r.minus, c = __real__ r.plus, d = __imag__ r.plus;
    double real = ct_atan2_once_f64(x, a * c - b * d), imaginary = ct_asinh_once_f64(a * d - b * c);
    return ct_make_c128(x == 0.0 ? x : real, y == 0.0 ? __builtin_copysign(imaginary, y) : imaginary);
}

/*@ ct_acos_c128: ct_roots_beside_c128 */
CT_FUNCTION ct_c128 ct_acos_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z;
    if (ct_is_large_c128(z))
        return ct_make_c128(ct_atan2_once_f64(__builtin_fabs(y), x),
                            -__builtin_copysign(ct_log_abs_f64(x, y) + 0x1.62e42fefa39efp-1, y));
    ct_roots_c128 r = ct_roots_beside_one_c128(z);
    double a = __real__ r.minus, b = __imag__ r.minus, c = __real__ r.plus, d = __imag__ r.plus;
    double imaginary = ct_asinh_once_f64(c * b - d * a);
    return ct_make_c128(2.0 * ct_atan2_once_f64(a, c),
                        y == 0.0 ? -__builtin_copysign(imaginary, y) : imaginary);
}

/*@ ct_asinh_c128: ct_asin_c128 ct_rotations_c128 */
CT_FUNCTION ct_c128 ct_asinh_c128(ct_c128 z)
{
    return ct_over_i_c128(ct_asin_c128(ct_times_i_c128(z)));
}

/*@ ct_acosh_c128: ct_acos_c128 ct_rotations_c128 */
CT_FUNCTION ct_c128 ct_acosh_c128(ct_c128 z)
{
    ct_c128 a = ct_acos_c128(z);
    double real = __builtin_fabs(__imag__ a);
    return ct_make_c128(real, __builtin_copysign(__real__ a, __imag__ z));
}

/*@ ct_atanh_c128: ct_complex ct_log1p_once_f64 ct_log_abs_f64 ct_atan2_once_f64 ct_hypot_once_f64 */
/* (log1p(4x/((1-x)^2 + y^2))/4, atan2(2y, (1-x)(1+x) - y^2)/2), and 1/z far out. */
CT_FUNCTION ct_c128 ct_atanh_c128(ct_c128 z)
{
    double x = __real__ z, y = __imag__ z, a = __builtin_fabs(x), ay = __builtin_fabs(y);
    if (a > 0x1p500 || ay > 0x1p500) {
        double large = a > ay ? a : ay, u = x / large, v = y / large, n = u * u + v * v;
        double real = ct_is_finite_f64(a) && ct_is_finite_f64(ay)
                          ? u / n / large
                          : (ct_is_infinite_f64(x) || ct_is_infinite_f64(y) ? 0.0 : CT_NAN_F64);
        double imaginary = y != y ? y : __builtin_copysign(0x1.921fb54442d18p+0, y);
        return ct_make_c128(__builtin_copysign(real, x), imaginary);
    }
    double real, gap = 1.0 - a;
    if (ay < 0x1p-500 && gap == 0.0)
        real = ay == 0.0 ? CT_INF_F64 : 0x1.62e42fefa39efp-2 - 0.5 * ct_log_abs_f64(ay, 0.0);
    else
        real = 0.25 * ct_log1p_once_f64(4.0 * a / (gap * gap + y * y));
    double imaginary = 0.5 * ct_atan2_once_f64(2.0 * y, gap * (1.0 + a) - y * y);
    return ct_make_c128(__builtin_copysign(real, x), imaginary);
}

/*@ ct_atan_c128: ct_atanh_c128 ct_rotations_c128 */
CT_FUNCTION ct_c128 ct_atan_c128(ct_c128 z)
{
    return ct_over_i_c128(ct_atanh_c128(ct_times_i_c128(z)));
}

/*@ ct_pow_c128: ct_complex ct_log_c128 ct_exp_c128 ct_multiply_c128 ct_reciprocal_c128 */
/* exp(y log x); small whole powers by multiplication, which is more accurate; 0^0 = 1, as NumPy. */
CT_FUNCTION ct_c128 ct_pow_c128(ct_c128 x, ct_c128 y)
{
    double p = __real__ y;
    if (__real__ y == 0.0 && __imag__ y == 0.0)
        return ct_make_c128(1.0, 0.0);
    if (__real__ x == 0.0 && __imag__ x == 0.0) {
        if (p > 0.0)
            return ct_make_c128(0.0, 0.0);
        return ct_make_c128(CT_NAN_F64, CT_NAN_F64);
    }
    if (__imag__ y == 0.0 && p > -100.0 && p < 100.0 && __builtin_trunc(p) == p) {
        int n = (int)p, count = n < 0 ? -n : n;
        ct_c128 result = ct_make_c128(1.0, 0.0), square = x;
        for (int left = count; left; left >>= 1) {
            if (left & 1)
                result = left == count ? square : ct_multiply_c128(result, square);
            if (left > 1)
                square = ct_multiply_c128(square, square);
        }
        return n < 0 ? ct_reciprocal_c128(result) : result;
    }
    return ct_exp_c128(ct_multiply_c128(y, ct_log_c128(x)));
}

/*@ ct_pow_c64: ct_pow_c128 */
CT_INLINE ct_c64 ct_pow_c64(ct_c64 x, ct_c64 y)
{
    return ct_narrow_c128(ct_pow_c128(ct_widen_c64(x), ct_widen_c64(y)));
}

/*@ ct_reciprocal_c64: ct_reciprocal_c128 */
CT_INLINE ct_c64 ct_reciprocal_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_reciprocal_c128(ct_widen_c64(z)));
}

/*@ ct_sqrt_c64: ct_sqrt_c128 */
CT_INLINE ct_c64 ct_sqrt_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_sqrt_c128(ct_widen_c64(z)));
}

/*@ ct_exp_c64: ct_exp_c128 */
CT_INLINE ct_c64 ct_exp_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_exp_c128(ct_widen_c64(z)));
}

/*@ ct_log_c64: ct_log_c128 */
CT_INLINE ct_c64 ct_log_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_log_c128(ct_widen_c64(z)));
}

/*@ ct_log2_c64: ct_log2_c128 */
CT_INLINE ct_c64 ct_log2_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_log2_c128(ct_widen_c64(z)));
}

/*@ ct_log10_c64: ct_log10_c128 */
CT_INLINE ct_c64 ct_log10_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_log10_c128(ct_widen_c64(z)));
}

/*@ ct_log1p_c64: ct_log1p_c128 */
CT_INLINE ct_c64 ct_log1p_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_log1p_c128(ct_widen_c64(z)));
}

/*@ ct_expm1_c64: ct_expm1_c128 */
CT_INLINE ct_c64 ct_expm1_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_expm1_c128(ct_widen_c64(z)));
}

/*@ ct_sinh_c64: ct_sinh_c128 */
CT_INLINE ct_c64 ct_sinh_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_sinh_c128(ct_widen_c64(z)));
}

/*@ ct_cosh_c64: ct_cosh_c128 */
CT_INLINE ct_c64 ct_cosh_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_cosh_c128(ct_widen_c64(z)));
}

/*@ ct_tanh_c64: ct_tanh_c128 */
CT_INLINE ct_c64 ct_tanh_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_tanh_c128(ct_widen_c64(z)));
}

/*@ ct_sin_c64: ct_sin_c128 */
CT_INLINE ct_c64 ct_sin_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_sin_c128(ct_widen_c64(z)));
}

/*@ ct_cos_c64: ct_cos_c128 */
CT_INLINE ct_c64 ct_cos_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_cos_c128(ct_widen_c64(z)));
}

/*@ ct_tan_c64: ct_tan_c128 */
CT_INLINE ct_c64 ct_tan_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_tan_c128(ct_widen_c64(z)));
}

/*@ ct_asin_c64: ct_asin_c128 */
CT_INLINE ct_c64 ct_asin_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_asin_c128(ct_widen_c64(z)));
}

/*@ ct_acos_c64: ct_acos_c128 */
CT_INLINE ct_c64 ct_acos_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_acos_c128(ct_widen_c64(z)));
}

/*@ ct_asinh_c64: ct_asinh_c128 */
CT_INLINE ct_c64 ct_asinh_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_asinh_c128(ct_widen_c64(z)));
}

/*@ ct_acosh_c64: ct_acosh_c128 */
CT_INLINE ct_c64 ct_acosh_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_acosh_c128(ct_widen_c64(z)));
}

/*@ ct_atanh_c64: ct_atanh_c128 */
CT_INLINE ct_c64 ct_atanh_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_atanh_c128(ct_widen_c64(z)));
}

/*@ ct_atan_c64: ct_atan_c128 */
CT_INLINE ct_c64 ct_atan_c64(ct_c64 z)
{
    return ct_narrow_c128(ct_atan_c128(ct_widen_c64(z)));
}
