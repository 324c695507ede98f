/* Inverse trigonometric functions. */

/*@ ct_atan_small_f64: ct_fma */
/* (atan(t)/t - 1)/t^2 in z = t^2, |t| <= tan(pi/8); minimax. */
CT_INLINE double ct_atan_small_f64(double z)
{
    double w = z * z;
    double p01 = ct_fma(z, 0x1.9999999996328p-3, -0x1.5555555555543p-2);
    double p23 = ct_fma(z, 0x1.c71c70f90c264p-4, -0x1.24924922e5afep-3);
    double p45 = ct_fma(z, 0x1.3b113735d05b5p-4, -0x1.745cfabecdbc3p-4);
    double p67 = ct_fma(z, 0x1.df1f8205deed2p-5, -0x1.10ecef3cdfe93p-4);
    double p89 = ct_fma(z, 0x1.3875067824c9dp-5, -0x1.9d163d0a09404p-5);
    double high = ct_fma(w, -0x1.26b056284e8e6p-6, p89);
    return ct_fma(w, ct_fma(w, ct_fma(w, ct_fma(w, high, p67), p45), p23), p01);
}

/*@ ct_atan_f64: ct_bits ct_fma ct_atan_small_f64 */
/* atan, double: |x| up to tan(pi/8) as it is, up to 1/tan(pi/8) as pi/4 + atan((x-1)/(x+1)), beyond as
 * pi/2 - atan(1/x); the three share one division; at most 1.05 ulp. */
CT_INLINE double ct_atan_f64(double x)
{
    double a = __builtin_fabs(x);
    int middle = a > 0x1.a827999fcef32p-2, large = a > 0x1.3504f333f9de6p+1;
    double top = large ? -1.0 : (middle ? a - 1.0 : a);
    double bottom = large ? a : (middle ? a + 1.0 : 1.0);
    double high = large ? 0x1.921fb54442d18p+0 : (middle ? 0x1.921fb54442d18p-1 : 0.0);
    double low = large ? 0x1.1a62633145c07p-54 : (middle ? 0x1.1a62633145c07p-55 : 0.0);
    double t = top / bottom, z = t * t;
    double y = high + (t + ct_fma(t * z, ct_atan_small_f64(z), low));
    return __builtin_copysign(y, x);
}

/*@ ct_atan2_f64: ct_bits ct_fma ct_atan_small_f64 */
/* atan2(y, x), double, with C99's special cases. The smaller of |x|, |y| is divided by the
 * larger; at most 1.90 ulp. */
CT_INLINE double ct_atan2_f64(double y, double x)
{
    double ax = __builtin_fabs(x), ay = __builtin_fabs(y);
    int swap = ay > ax;
    double small = swap ? ax : ay, large = swap ? ay : ax;
    double shrink = large > 0x1p1000 ? 0x1p-4 : 1.0; /* the sum below must not overflow */
    int both_infinite = small == CT_INF_F64;
    double n = both_infinite ? 1.0 : small * shrink, d = both_infinite ? 1.0 : large * shrink;
    d = large == 0.0 ? 1.0 : d;
    int middle = n > 0x1.a827999fcef32p-2 * d;
    double t = (middle ? n - d : n) / (middle ? n + d : d), z = t * t;
    /* atan(n/d) = base + t + ..., base 0 or pi/4; then reflected in pi/4 and in pi/2: the angle is
     * quarter * pi/4 + sign * atan(t) */
    double quarter = middle ? 1.0 : 0.0, sign = 1.0;
    quarter = swap ? 2.0 - quarter : quarter;
    sign = swap ? -sign : sign;
    int left = (int)(ct_bits_f64(x) >> 63);
    quarter = left ? 4.0 - quarter : quarter;
    sign = left ? -sign : sign;
    double high = quarter * 0x1.921fb54442d18p-1, low = quarter * 0x1.1a62633145c07p-55;
    /* three quarters of pi round: 3 * (pi/4) is not exact */
    low += ct_fma(quarter, 0x1.921fb54442d18p-1, -high);
    double body = high + (sign * t + ct_fma(sign * t * z, ct_atan_small_f64(z), low));
    body = __builtin_copysign(body, y);
    return (x != x) | (y != y) ? CT_NAN_F64 : body;
}

/*@ ct_asin_small_f64: ct_fma */
/* (asin(t)/t - 1)/t^2 in z = t^2 <= 1/4; minimax. */
CT_INLINE double ct_asin_small_f64(double z)
{
    double w = z * z;
    double p01 = ct_fma(z, 0x1.333333332ed04p-4, 0x1.5555555555570p-3);
    double p23 = ct_fma(z, 0x1.f1c71ab884136p-6, 0x1.6db6db71a12c8p-5);
    double p45 = ct_fma(z, 0x1.1c4a258afeab1p-6, 0x1.6e8bdb811cd7cp-6);
    double p67 = ct_fma(z, 0x1.75a63bbaf565dp-7, 0x1.ca1b1db52cde8p-7);
    double p89 = ct_fma(z, 0x1.eef574774d459p-9, 0x1.6095ff9462bb5p-7);
    double pab = ct_fma(z, -0x1.54af8e9e7b79ep-6, 0x1.6116f012c7fa5p-6);
    double high = ct_fma(w, ct_fma(w, 0x1.0a50b4f1d4982p-5, pab), p89);
    return ct_fma(w, ct_fma(w, ct_fma(w, ct_fma(w, high, p67), p45), p23), p01);
}

/*@ ct_asin_f64: ct_fma ct_asin_small_f64 */
/* asin, double: above 1/2, pi/2 - 2 asin(sqrt((1 - |x|)/2)); at most 1.55 ulp. */
CT_INLINE double ct_asin_f64(double x)
{
    double a = __builtin_fabs(x);
    int large = a > 0.5;
    double z = large ? 0.5 * (1.0 - a) : a * a, t = large ? __builtin_sqrt(z) : a;
    double tail = t * z * ct_asin_small_f64(z);
    double far = 0x1.921fb54442d18p+0 - (2.0 * t + (2.0 * tail - 0x1.1a62633145c07p-54));
    return __builtin_copysign(large ? far : t + tail, x);
}

/*@ ct_acos_f64: ct_fma ct_asin_small_f64 */
/* acos, double; at most 1.15 ulp. */
CT_INLINE double ct_acos_f64(double x)
{
    double a = __builtin_fabs(x);
    int large = a > 0.5;
    double z = large ? 0.5 * (1.0 - a) : x * x, t = large ? __builtin_sqrt(z) : x;
    double tail = t * z * ct_asin_small_f64(z);
    double middle = 0x1.921fb54442d18p+0 - (t + (tail - 0x1.1a62633145c07p-54));
    double twice = 2.0 * (t + tail);
    double left = 0x1.921fb54442d18p+1 - (2.0 * t + (2.0 * tail - 0x1.1a62633145c07p-53));
    return large ? (x < 0.0 ? left : twice) : middle;
}

/*@ ct_asin_f32: ct_asin_f64 */
/* asin, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_asin_f32(float x)
{
    return (float)ct_asin_f64(x);
}

/*@ ct_acos_f32: ct_acos_f64 */
/* acos, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_acos_f32(float x)
{
    return (float)ct_acos_f64(x);
}

/*@ ct_atan_f32: ct_atan_f64 */
/* atan, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_atan_f32(float x)
{
    return (float)ct_atan_f64(x);
}

/*@ ct_atan2_f32: ct_atan2_f64 */
/* atan2(y, x), single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_atan2_f32(float y, float x)
{
    return (float)ct_atan2_f64(y, x);
}
